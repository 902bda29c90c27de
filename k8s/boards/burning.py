"""Alerts on objectives: the budget burns too fast, over a long window and over a short one, so that they end soon.

Windows and factors are those of Google's Site Reliability Workbook, ch. 5. Where little is played a single bad event
would be a high share, so the long window must hold `LEAST` bad ones.
"""

from typing import NamedTuple

from k8s.boards.alert import PAGE, TICKET, Alert
from k8s.boards.objectives import COUNTED, RESUMES, ROUNDS, SPEED, Objective

LEAST = 3


class Pace(NamedTuple):
    """A burn rate that is too fast, seen over both windows."""

    factor: float
    long: str
    short: str
    severity: str
    spent: str


PACES = (
    Pace(14.4, "1h", "5m", PAGE, "2 % of the month's budget in an hour"),
    Pace(6, "6h", "30m", PAGE, "5 % of the month's budget in six hours"),
    Pace(3, "1d", "2h", TICKET, "10 % of the month's budget in a day"),
    Pace(1, "3d", "6h", TICKET, "10 % of the month's budget in three days"),
)

_NAMES = {ROUNDS: "RoundErrors", SPEED: "RoundsSlow", RESUMES: "ResumesFail"}
_MENDING = {
    ROUNDS: "See which reason rises in rps_round_failures_total and what the server's log says beside it; "
    "log-unavailable is the disk or the database.",
    SPEED: "Compare p99 of rounds, of log commits and of the loop's lag on the dashboard of the game: the one that "
    "rises with the rounds is the cause.",
    RESUMES: "Players cannot get back into their matches. The server's log says why; corrupt-record and "
    "log-unavailable are the usual reasons.",
}


def alerts() -> list[Alert]:
    """Four for each objective: two paces that somebody must look at now, and two that can wait for the morning."""
    return [_alert(one, pace) for one in COUNTED for pace in PACES]


def _alert(one: Objective, pace: Pace) -> Alert:
    on = f'{{objective="{one.name}"}}'
    too_many = f"{pace.factor * one.budget:g}"
    return Alert(
        name=_NAMES[one],
        severity=pace.severity,
        expr=f"rps:objective_bad:ratio{pace.long}{on} > {too_many}\n"
        f"and rps:objective_bad:ratio{pace.short}{on} > {too_many}\n"
        f"and rps:objective_bad:ratio{pace.long}{on} * rps:objective_events:increase{pace.long}{on} >= {LEAST}",
        summary=f"{one.title}: the budget burns at more than {pace.factor:g} times the rate that lasts a month",
        description=f"{{{{ $value | humanizePercentage }}}} were bad in the last {pace.long}, and as many still are in "
        f"the last {pace.short}; {100 * one.budget:g} % may be. That is {pace.spent}. " + _MENDING[one],
        labels=(("window", pace.long),),
    )
