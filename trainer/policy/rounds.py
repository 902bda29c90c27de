"""Every round that may be drawn, and where its throws lead from many scores at once.

Arrays put the bot's move and the player's first (in the order of `MOVES`), then the round, then the scores: (3, 3, 15,
n), or what is left of that. So a round unpacks as `game.equilibrium.Stakes` does, with columns in place of numbers.
"""

from collections.abc import Callable
from functools import cache

import numpy as np

from game.equilibrium import prospect, value
from game.moves import BEATS, MOVES, Move, outcome
from game.points import BASES, DRAW, HIGH_STEP, LOW, TARGET, Rank, Values, by_rank, gains
from trainer.data.columns import Floats, Ints


def _values(low: Move, base: int) -> Values:
    high = BEATS[low]
    return {low: LOW, high: base + HIGH_STEP, BEATS[high]: base}


ROUNDS = tuple(_values(low, base) for low in MOVES for base in BASES)
"""The values of the 15 rounds, equally likely."""
LARGEST = BASES[-1] + HIGH_STEP
"""The most that a side gains in a round."""
LEAST = min(LOW, 2 * DRAW)
"""What both gain together in a round, at least."""

_GAINS = np.array(
    [[[gains(player, bot, outcome(player, bot), values) for values in ROUNDS] for player in MOVES] for bot in MOVES]
)
_TO_PLAYER, _TO_BOT = _GAINS[..., 0, None], _GAINS[..., 1, None]
_RANKS = np.array([[[by_rank(values)[rank] is move for rank in Rank] for values in ROUNDS] for move in MOVES])


def by_move(rock: float, paper: float, scissors: float) -> Floats:
    """The same mix of moves in every round, shape (3, 15)."""
    return np.tile([[rock], [paper], [scissors]], len(ROUNDS))


def by_ranks(low: float, mid: float, high: float) -> Floats:
    """The same mix of ranks in every round, shape (3, 15)."""
    return np.asarray(_RANKS @ np.array([low, mid, high]))


def after(table: Floats, bot: Ints, player: Ints) -> Floats:
    """What the table says of the scores after each pair of throws, shape (3, 3, 15, n), from n pairs of scores."""
    return np.asarray(table[bot + _TO_BOT, player + _TO_PLAYER])


@cache
def solved() -> Floats:
    """The equilibrium's value at every pair of scores that a race can come to, finished or not."""
    return _everywhere(value)


@cache
def ahead() -> Floats:
    """What the same scores are worth where the player goes on being predictable, as the bot takes it at run time."""
    return _everywhere(prospect)


def _everywhere(worth: Callable[[int, int], float]) -> Floats:
    scores = range(TARGET + LARGEST)
    return np.array([[worth(bot, player) for player in scores] for bot in scores])
