"""What is known of a player: a bounded summary of every round they have played, kept across matches."""

from msgspec import Struct

from game.moves import INDEX, MOVES, OUTCOMES, Move, Outcome
from game.past import lengthened
from game.points import Rank, Values, rank_of
from game.trust import Trust

LAGS = 3
"""How many rounds back are remembered one by one."""

RANKS = (Rank.HIGH, Rank.LOW, Rank.MID)
"""The order in which throws by rank are counted."""


class Lag(Struct, frozen=True, array_like=True):
    """One remembered round: indices into `MOVES` and `OUTCOMES`, and the values then in force in tenths."""

    player: int
    bot: int
    outcome: int
    values: tuple[int, int, int]


class Knowledge(Struct, frozen=True, array_like=True):
    """Counts over the whole history, its last `LAGS` rounds, most recent first, and how far predictions are trusted.

    `past` has more of the latest rounds, for models that follow a player (`game.past`).
    """

    rounds: int = 0
    moves: tuple[int, int, int] = (0, 0, 0)
    ranks: tuple[int, int, int] = (0, 0, 0)
    lags: tuple[Lag, ...] = ()
    trust: Trust = Trust()
    past: bytes = b""


NOTHING = Knowledge()


def _counted(counts: tuple[int, int, int], at: int) -> tuple[int, int, int]:
    first, second, third = counts
    return first + (at == 0), second + (at == 1), third + (at == 2)


def learn(known: Knowledge, player: Move, bot: Move, outcome: Outcome, values: Values) -> Knowledge:
    """What is known once this round has been played too; what it says of the models is `game.trust`'s."""
    rank = RANKS.index(rank_of(player, values))
    first, second, third = MOVES
    lag = Lag(INDEX[player], INDEX[bot], OUTCOMES.index(outcome), (values[first], values[second], values[third]))
    moves, ranks = _counted(known.moves, INDEX[player]), _counted(known.ranks, rank)
    past = lengthened(known.past, player, bot, values)
    return Knowledge(known.rounds + 1, moves, ranks, (lag, *known.lags[: LAGS - 1]), known.trust, past)
