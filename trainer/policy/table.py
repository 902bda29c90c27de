"""What each setting of the policy's knob, how far it leans at most, wins from players it foresees and may lose.

By exact induction two players throw the same mix for ever, and the bot's prediction is exactly that mix: what a perfect
model would win once all trust is earned. In the worst cases of these figures the bot goes on believing a prediction
while the player, who knows its mix in every round, throws what is worst for it. What the live policy makes of both,
with a bank that restrains it and trust to be earned, is simulated (`trainer.policy.live`).
"""

from collections.abc import Sequence

from msgspec import Struct

from game.equilibrium import value
from game.trust import STAKE
from telemetry.progress import Tell, untold
from trainer.data.columns import Floats
from trainer.policy.foreseen import HIGH, IID, foreseen
from trainer.policy.live import CAREERS, MATCHES, PURE, Estimate, Live, live, worst_case
from trainer.policy.opening import opened
from trainer.policy.race import Player, all_knowing, believing, race, throwing
from trainer.policy.rounds import ahead, solved

LEANS = (0.0, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0)


class WorstCase(Struct, frozen=True):
    """Against a player who knows the bot's mix while it believes either mix, or each time the worst pure prediction."""

    iid: float
    high: float
    pure: float


class Wins(Struct, frozen=True):
    """The bot's win probability from 0-0, a tie as half."""

    iid_45_30_25: float
    high_half: float
    worst_case: WorstCase


class Setting(Struct, frozen=True):
    """One lean with all trust earned and nothing that restrains it; with gambits before it; and without looking ahead.

    `live_worst_case` is that of the policy as it is played: against somebody new, its bank restrains it.
    """

    lean: float
    iid_45_30_25: float
    high_half: float
    worst_case: WorstCase
    with_gambits: Wins
    without_looking_ahead: Wins
    live_worst_case: Estimate


class Best(Struct, frozen=True):
    """What nobody can exceed against these players, without gambits."""

    iid_45_30_25: float
    high_half: float


class Report(Struct, frozen=True):
    """At the top what the highest setting wins from the two players, and what each setting keeps against somebody new
    who is all-knowing; `guaranteed` is what theory says of that."""

    iid_45_30_25: float
    high_half: float
    worst_case: dict[str, float]
    guaranteed: float
    settings: list[Setting]
    best_response: Best
    equilibrium: float
    live: Live


def table(
    leans: Sequence[float] = LEANS, careers: int = CAREERS, matches: int = MATCHES, tell: Tell = untold
) -> Report:
    """What each lean in [0, 1], in rising order, wins and can lose."""
    iid, high = foreseen()
    settings = []
    for number, lean in enumerate(leans):
        tell(f"a lean of {lean:g}", number / (len(leans) + 1))
        settings.append(_setting(lean, careers))
    tell("simulated play", len(leans) / (len(leans) + 1))
    return Report(
        iid_45_30_25=settings[-1].iid_45_30_25,
        high_half=settings[-1].high_half,
        worst_case={f"{one.lean:g}": one.live_worst_case.wins for one in settings},
        guaranteed=value(0, 0) - STAKE,
        settings=settings,
        best_response=Best(_start(iid), _start(high)),
        equilibrium=value(0, 0),
        live=live(careers, matches),
    )


def _setting(lean: float, careers: int) -> Setting:
    races = _races(lean, ahead())
    plain = _wins([_start(found) for found, _ in races])
    gambits = _wins([opened(found, player) for found, player in races])
    short = _wins([_start(found) for found, _ in _races(lean, solved())])
    wins, worst = (plain.iid_45_30_25, plain.high_half), plain.worst_case
    return Setting(lean, *wins, worst, gambits, short, worst_case(lean, careers))


def _races(lean: float, values: Floats) -> list[tuple[Floats, Player]]:
    """What the bot wins at each score, and from whom, in the order of the figures of `Wins`."""
    iid, high, pure = (believing(predictions, lean, values) for predictions in ([IID], [HIGH], PURE))
    met = ((iid, throwing(IID)), (high, throwing(HIGH)), (iid, all_knowing), (high, all_knowing), (pure, all_knowing))
    return [(race(bot, player), player) for bot, player in met]


def _wins(found: Sequence[float]) -> Wins:
    iid, high, *worst = found
    return Wins(iid, high, WorstCase(*worst))


def _start(found: Floats) -> float:
    return float(found[0, 0])


def lines(report: Report) -> list[str]:
    """Tables for people."""
    names = ("iid", "high half", "worst iid", "worst high", "worst pure")
    best, settings = report.best_response, report.settings
    return [
        "All trust earned, exactly:",
        f"{'lean':<20}" + "".join(f"{name:>12}" for name in names),
        *(_line("", one.lean, one) for one in settings),
        *(_line("gambits", one.lean, one.with_gambits) for one in settings),
        *(_line("not ahead", one.lean, one.without_looking_ahead) for one in settings),
        f"{'best response':<20}{best.iid_45_30_25:>12.4f}{best.high_half:>12.4f}",
        f"{'equilibrium':<20}{report.equilibrium:>12.4f}",
        "",
        f"Somebody new who is all-knowing, at least {report.guaranteed:.4f}:",
        *(f"{one.lean:<20g}{_estimated(one.live_worst_case)}" for one in settings),
        "",
        f"{'Live, simulated:':<20}{'first match':>24}{'later matches':>24}",
        *(
            f"{name.replace('_', ' '):<20}{_estimated(career.first_match)}{_estimated(career.later_matches)}"
            for name in Live.__struct_fields__
            for career in [getattr(report.live, name)]
        ),
    ]


def _line(how: str, lean: float, wins: Wins | Setting) -> str:
    worst = wins.worst_case
    shown = (wins.iid_45_30_25, wins.high_half, worst.iid, worst.high, worst.pure)
    return f"{lean:<6g}{how:<14}" + "".join(f"{one:>12.4f}" for one in shown)


def _estimated(one: Estimate) -> str:
    low, high = one.interval
    return f"{f'{one.wins:.4f} ({low:.3f}-{high:.3f})':>24}"
