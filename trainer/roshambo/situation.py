"""What has happened in a match so far, as one row of small numbers that contexts pick from.

Throws are 0, 1, 2 for rock, paper, scissors. In the row a lag that is not there yet is 0, so throws count from 1.
"""

import numpy as np

from trainer.data.columns import Floats

LAGS = 16
MINE, THEIRS, DIFFERENCE, THEIR_STEP, MY_STEP = range(5)
"""What is kept of each earlier throw; the difference tells the outcome, a step is from a side's throw to its next."""
PERIODS = (2, 3, 4, 5, 6, 7, 8)
"""Where the match is in a cycle of so many throws: some players count."""
ALL_MINE, ALL_THEIRS, ALL_DIFFERENCES, LATE_MINE, LATE_THEIRS = range(5)
"""The orders that are kept: which of the three came up most and which least."""
_FADING = np.array([1.0, 1.0, 1.0, 0.9, 0.9])
"""The late orders look back about ten throws."""
_KINDS = 5
_FIRST_PERIOD = _KINDS * LAGS
_FIRST_ORDER = _FIRST_PERIOD + len(PERIODS)
WIDTH = _FIRST_ORDER + len(_FADING)
_BITS = np.array([1, 2, 4])


def at(kind: int, lag: int) -> int:
    """The column of what happened `lag` throws ago, 1 for the last."""
    return kind * LAGS + lag - 1


def within(period: int) -> int:
    """The column of where the match is in a cycle of so many throws."""
    return _FIRST_PERIOD + PERIODS.index(period)


def order(kind: int) -> int:
    """The column of one of the orders."""
    return _FIRST_ORDER + kind


class Situation:
    """The row before the next throw, shape (WIDTH,), with both sides' last throws (0 before the first)."""

    def __init__(self) -> None:
        self.row: Floats = np.zeros(WIDTH)
        self.last = (0, 0)
        self._throws = 0
        self._counts = np.zeros((len(_FADING), 3))

    def learn(self, mine: int, theirs: int) -> None:
        """Go on to the situation after these throws."""
        before_mine, before_theirs = self.last
        difference = (theirs - mine) % 3
        lags = self.row[:_FIRST_PERIOD].reshape(_KINDS, LAGS)
        lags[:, 1:] = lags[:, :-1].copy()
        lags[:, 0] = (
            mine + 1,
            theirs + 1,
            difference + 1,
            (theirs - before_theirs) % 3 + 1,
            (mine - before_mine) % 3 + 1,
        )
        self._throws += 1
        self.row[_FIRST_PERIOD:_FIRST_ORDER] = [self._throws % period for period in PERIODS]
        self._counts *= _FADING[:, None]
        self._counts[range(len(_FADING)), (mine, theirs, difference, mine, theirs)] += 1
        self.row[_FIRST_ORDER:] = _orders(self._counts)
        self.last = (mine, theirs)


def _orders(counts: Floats) -> Floats:
    """A number below 64 for how each row's three counts compare, ties told from either order."""
    following = counts[:, (1, 2, 0)]
    return np.asarray((counts > following) @ _BITS + 8 * ((counts < following) @ _BITS), np.float64)
