"""What a sparring partner sees of a match, and what its rules ask about it."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from msgspec import Struct

from game.moves import BEATEN_BY, MOVES, Move, Outcome, outcome
from game.points import Rank, Values, by_rank, rank_of
from game.records import Scores


class Position(Struct, frozen=True):
    """A round that waits for a throw: its values, and the scores before it."""

    values: Values
    scores: Scores

    @property
    def low(self) -> Move:
        return by_rank(self.values)[Rank.LOW]

    @property
    def middle(self) -> Move:
        return by_rank(self.values)[Rank.MID]

    @property
    def highest(self) -> Move:
        return by_rank(self.values)[Rank.HIGH]

    @property
    def lead(self) -> int:
        """Tenths by which the player is ahead; negative when behind."""
        return self.scores.player - self.scores.bot


class Past(Struct, frozen=True):
    """A round that was played: the values then in force, and both throws."""

    values: Values
    mine: Move
    theirs: Move

    @property
    def outcome(self) -> Outcome:
        return outcome(self.mine, self.theirs)


History = Sequence[Past]
"""The match's earlier rounds, oldest first."""
Bot = Callable[[Position, History, Random], Move]
"""What to throw; all chance comes from the last argument."""


def ended(history: History, how: Outcome, last: int) -> int:
    """How many of the last so many rounds ended that way."""
    return sum(past.outcome is how for past in history[-last:])


def lost_in_a_row(history: History, rounds: int) -> bool:
    """Whether the last so many rounds, and no fewer, were lost."""
    return ended(history, Outcome.LOSE, rounds) == rounds


def thrown(history: History) -> list[Move]:
    """The machine's throws, latest first: of equally common ones `Counter.most_common` tells the latest."""
    return [past.theirs for past in reversed(history)]


def commonest(history: History) -> Move:
    """The machine's most common throw; there is at least one."""
    return Counter(thrown(history)).most_common(1)[0][0]


def rarest(history: History) -> Move:
    """The machine's rarest throw; of equally rare ones that which it has not thrown for longest."""
    latest = thrown(history)
    return min(MOVES, key=lambda move: (latest.count(move), -latest.index(move) if move in latest else 0))


def commonest_rank(history: History) -> Rank:
    """The rank that the machine's throws held most often in their rounds; there is at least one."""
    ranks = [rank_of(past.theirs, past.values) for past in reversed(history)]
    return Counter(ranks).most_common(1)[0][0]


def against(move: Move) -> Move:
    """What beats it."""
    return BEATEN_BY[move]
