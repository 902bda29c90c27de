"""The table that chooses `game.policy.LEAN`: what each setting wins from players it foresees, and can lose to others.

Two players throw the same mix for ever, and the bot's prediction is exactly that mix: what a perfect model would win.
In the worst cases the bot goes on believing a prediction while the player, who knows its mix in every round, throws
what is worst for it.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from game.equilibrium import value
from trainer.data.columns import Floats
from trainer.policy.opening import opened
from trainer.policy.race import Player, all_knowing, believing, best, race, throwing
from trainer.policy.rounds import by_move, by_ranks, solved

LEANS = (0.0, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0)
IID = by_move(0.45, 0.30, 0.25)
HIGH = by_ranks(low=0.25, mid=0.25, high=0.5)
PURE = [by_move(*chances) for chances in np.eye(3)]


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
    """One lean as `respond` is used, with gambits before it, and (without them) if the bot looked ahead.

    Looking ahead, it weighs scores between the equilibrium's value (at 0) and what they are worth against these two
    players (at 1), whom it then takes to go on as they do.
    """

    lean: float
    iid_45_30_25: float
    high_half: float
    worst_case: WorstCase
    with_gambits: Wins
    looking_ahead: Wins


class Best(Struct, frozen=True):
    """What nobody can exceed against these players, without gambits."""

    iid_45_30_25: float
    high_half: float


class Report(Struct, frozen=True):
    settings: list[Setting]
    best_response: Best
    equilibrium: float


def table(leans: Sequence[float] = LEANS) -> Report:
    """What each lean in [0, 1] wins and can lose."""
    iid, high = (race(best, throwing(mix)) for mix in (IID, HIGH))
    return Report(
        settings=[_setting(lean, (iid + high) / 2) for lean in leans],
        best_response=Best(_start(iid), _start(high)),
        equilibrium=value(0, 0),
    )


def _setting(lean: float, foreseen: Floats) -> Setting:
    races = _races(lean, solved())
    plain = _wins([_start(found) for found, _ in races])
    gambits = _wins([opened(found, player) for found, player in races])
    ahead = _wins([_start(found) for found, _ in _races(lean, (1 - lean) * solved() + lean * foreseen)])
    return Setting(lean, plain.iid_45_30_25, plain.high_half, plain.worst_case, gambits, ahead)


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
    """A table for people."""
    names = ("iid", "high half", "worst iid", "worst high", "worst pure")
    best, settings = report.best_response, report.settings
    return [
        f"{'lean':<20}" + "".join(f"{name:>12}" for name in names),
        *(_line("", one.lean, one) for one in settings),
        *(_line("gambits", one.lean, one.with_gambits) for one in settings),
        *(_line("looking ahead", one.lean, one.looking_ahead) for one in settings),
        f"{'best response':<20}{best.iid_45_30_25:>12.4f}{best.high_half:>12.4f}",
        f"{'equilibrium':<20}{report.equilibrium:>12.4f}",
    ]


def _line(how: str, lean: float, wins: Wins | Setting) -> str:
    worst = wins.worst_case
    shown = (wins.iid_45_30_25, wins.high_half, worst.iid, worst.high, worst.pure)
    return f"{lean:<6g}{how:<14}" + "".join(f"{one:>12.4f}" for one in shown)
