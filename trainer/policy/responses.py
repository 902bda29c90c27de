"""The restricted Nash response of `game.policy` for many rounds at once."""

from collections.abc import Iterator
from itertools import combinations
from typing import cast

import numpy as np

from game.equilibrium import Row, Stakes, equilibrium
from game.policy import worth
from trainer.data.columns import Floats

_PAIRS = tuple(combinations(range(3), 2))


def responses(games: Floats, predictions: Floats, lean: float, hopes: Floats) -> Floats:
    """`respond` at any risk to each prediction, shape (3, ...), with these stakes, (3, 3, ...): the same mixes."""
    hoped = worth(cast(Stakes, hopes), cast(Row, predictions))  # arithmetic alone: columns may stand for numbers
    chosen = np.zeros(games.shape[1:])
    highest = np.full(games.shape[2:], -np.inf)
    for mix in _candidates(games):
        score = _score(games, hoped, lean, mix)
        chosen = np.where(score > highest, mix, chosen)
        highest = np.maximum(score, highest)
    return chosen


def _candidates(games: Floats) -> Iterator[Floats]:
    """Where the maximum may lie, in the order in which `respond` tries them: of equals it takes the first."""
    balanced, _, _ = equilibrium(cast(Stakes, games))
    yield np.array(balanced)
    for corner in range(3):
        mix = np.zeros(games.shape[1:])
        mix[corner] = 1.0
        yield mix
    for first, second in _PAIRS:
        for left, right in _PAIRS:
            yield _edge_tie(games, first, second, left, right)


def _edge_tie(games: Floats, first: int, second: int, left: int, right: int) -> Floats:
    """The mixes of two moves that make the player indifferent; a corner, which was tried before, where none does."""
    here = games[first, left] - games[first, right]
    there = games[second, left] - games[second, right]
    share = np.ones_like(here)
    np.divide(there, there - here, out=share, where=here * there < 0)
    mix = np.zeros(games.shape[1:])
    mix[first], mix[second] = share, 1 - share
    return mix


def _score(games: Floats, hoped: Row, lean: float, mix: Floats) -> Floats:
    x, y, z = mix
    u, v, w = hoped
    (a, b, c), (d, e, f), (g, h, i) = games
    worst = np.minimum(np.minimum(a * x + d * y + g * z, b * x + e * y + h * z), c * x + f * y + i * z)
    return np.asarray(lean * (u * x + v * y + w * z) + (1 - lean) * worst)
