"""What players may rely on, as numbers: the objectives, and the series that tell how far they are kept.

An event is a round, or a return to a match. The budget is the share of events that may be bad in thirty days; a burn
rate of 1 uses it up in just that time (Google, The Site Reliability Workbook, ch. 5).
"""

from typing import NamedTuple

MONTH = "30d"
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", MONTH)
STALE_S = 24 * 3600
WORTH_A_CYCLE = 2000
"""Rounds not learned from that make a cycle due: RPS_RETRAIN_ROUNDS as it is by default."""


class Objective(NamedTuple):
    """`bad` and `all` count events in the last WINDOW; `target` is the least share of good ones."""

    name: str
    title: str
    target: float
    bad: str
    all: str

    @property
    def budget(self) -> float:
        return round(1 - self.target, 6)


class Recording(NamedTuple):
    """A series that Prometheus works out and keeps."""

    record: str
    expr: str
    labels: dict[str, str]


def _count(series: str) -> str:
    """What never happened has no series: that is none."""
    return f"(sum(increase({series}[WINDOW])) or vector(0))"


_FAILED, _PLAYED = _count("rps_round_failures_total"), _count("rps_rounds_total")
_TIMED = _count("rps_round_duration_seconds_count")
_IN_TIME = _count('rps_round_duration_seconds_bucket{le="0.1"}')
_LOST, _FOUND = _count('rps_resumes_total{result="failed"}'), _count('rps_resumes_total{result="resumed"}')

ROUNDS = Objective("rounds", "Rounds played without an error of the server", 0.999, _FAILED, f"{_FAILED} + {_PLAYED}")
SPEED = Objective("speed", "Rounds answered within 100 ms", 0.99, f"clamp_min({_TIMED} - {_IN_TIME}, 0)", _TIMED)
RESUMES = Objective("resumes", "Returns to a match that succeed", 0.995, _LOST, f"{_LOST} + {_FOUND}")
COUNTED = (ROUNDS, SPEED, RESUMES)

FRESH_TARGET = 0.99
FRESH = "Time in which no day of unlearned play has passed"
STALE = (
    f"(min(rps_trainer_trained_age_seconds) > bool {STALE_S})"
    f" * (max(rps_trainer_rounds_unlearned) >= bool {WORTH_A_CYCLE})"
)
"""1 while the last cycle ended more than a day ago though there is enough to learn from, else 0.

Absent where no trainer tells of itself or none has ever finished a cycle: then it counts for nothing.
"""

BUDGETS = {**{one.name: one.budget for one in COUNTED}, "freshness": round(1 - FRESH_TARGET, 6)}


def recordings() -> list[Recording]:
    """Events, bad shares and budgets of every objective, the shares and events over every window."""
    found = [Recording("rps:models_stale", STALE, {})]
    for name, budget in BUDGETS.items():
        found.append(Recording("rps:objective_budget:ratio", f"vector({budget:g})", {"objective": name}))
    for window in WINDOWS:
        for one in COUNTED:
            found += _of(one, window) if window != MONTH else _month(one)
        share = f"avg_over_time(rps:models_stale[{window}])"
        found.append(Recording(f"rps:objective_bad:ratio{window}", share, {"objective": "freshness"}))
    return found


def _month(one: Objective) -> list[Recording]:
    """From what was recorded each hour: all samples of a month are too many for one query. Within the first hour after
    the rules were loaded it is what the last hour says.
    """
    on = f'{{objective="{one.name}"}}'
    ratio, events = f"rps:objective_bad:ratio1h{on}", f"rps:objective_events:increase1h{on}"
    all_ = f"sum_over_time({events}[{MONTH}:1h])"
    bad = f"sum_over_time(({ratio} * {events})[{MONTH}:1h])"
    return [
        Recording(f"rps:objective_events:increase{MONTH}", f"{all_} or {events}", {"objective": one.name}),
        Recording(f"rps:objective_bad:ratio{MONTH}", f"{bad} / ({all_} > 0) or {ratio}", {"objective": one.name}),
    ]


def _of(one: Objective, window: str) -> list[Recording]:
    bad, all_ = one.bad.replace("WINDOW", window), one.all.replace("WINDOW", window)
    return [
        Recording(f"rps:objective_events:increase{window}", all_, {"objective": one.name}),
        # Nothing happened: nothing was bad.
        Recording(f"rps:objective_bad:ratio{window}", f"{bad} / ({all_} > 0) or vector(0)", {"objective": one.name}),
    ]
