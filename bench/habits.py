"""How people throw and how long they think, put simply: enough that the load of a crowd looks like that of people.

Players who win tend to stay with their throw and those who lose to change it (Wang, Xu & Zhou, Scientific Reports 4,
5830, 2014); most have a favourite; and what followed a throw before follows it again. Each person mixes these ways in
shares of their own. Times to think are log-normal, as times of choices usually are; that people take a second or two
is an assumption, and set with the load.
"""

from math import exp
from random import Random

from game.moves import BEATEN_BY, INDEX, MOVES, Move, Outcome


class Habit:
    """One person's way to throw."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._favourite = random.choice(MOVES)
        shares = [random.expovariate(1) for _ in range(4)]
        self._shares = [share / sum(shares) for share in shares]
        self._after = [[0, 0, 0] for _ in MOVES]
        self._last: tuple[Move, Move, Outcome] | None = None

    def choose(self) -> Move:
        """The next throw."""
        (way,) = self._random.choices(
            (self._by_outcome, self._by_pattern, self._by_favour, self._by_chance), self._shares
        )
        return way()

    def learn(self, mine: Move, theirs: Move, outcome: Outcome) -> None:
        """Remember a round."""
        if self._last is not None:
            self._after[INDEX[self._last[0]]][INDEX[mine]] += 1
        self._last = mine, theirs, outcome

    def _by_outcome(self) -> Move:
        """After a win the same again, after a loss what would have won, after a draw what would have won too."""
        if self._last is None:
            return self._favourite
        mine, theirs, outcome = self._last
        return mine if outcome is Outcome.WIN else BEATEN_BY[theirs]

    def _by_pattern(self) -> Move:
        """What followed the own last throw most often."""
        if self._last is None:
            return self._favourite
        followed = self._after[INDEX[self._last[0]]]
        return MOVES[followed.index(max(followed))]

    def _by_favour(self) -> Move:
        return self._favourite

    def _by_chance(self) -> Move:
        return self._random.choice(MOVES)


def pace(random: Random, median_s: float, spread: float) -> float:
    """A log-normal time in seconds; `spread` is the standard deviation of its logarithm."""
    return median_s * exp(random.gauss(0, spread))
