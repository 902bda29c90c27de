"""The player: throws the best answer to what it expects while such answers pay, and evenly while they do not."""

import numpy as np

from trainer.data.columns import Floats
from trainer.roshambo.mixers import softmax
from trainer.roshambo.predictor import Predictor

_WARMTH = 0.02
"""Payoffs this near each other are as good as equal: chance decides, and the opponent has less to read."""
_KEPT = np.array([0.98, 1.0])
"""What the two records of the answers keep at each throw: the last fifty throws, and the whole match."""
_PAYING = np.array([1.0, 0.5])
"""Standard deviations above nothing at which answers pay, by either record. The late one must say more: it is asked
anew so often that chance alone would lift it."""
_CREDIT = np.array([0.0, 10.0])
"""Points with which the records begin, and so about what an opponent who sees through every answer can win."""
_EVEN = 2 / 3
"""The variance of one throw's points where both throw evenly."""


class Player:
    """Plays one match: `throw`, then `learn` both throws, in turn. The same seed and opponent give the same match.

    The records are of the answers it would have thrown, whether it did or threw evenly: it comes back to them when
    they would have won. Where there is nothing to learn, as in random throws, it plays evenly and loses by luck alone.
    """

    def __init__(self, seed: int) -> None:
        self._predictor = Predictor()
        self._random = np.random.default_rng(seed)
        self._records, self._variances = _CREDIT, np.zeros(2)

    def throw(self) -> int:
        self._answer = self._draw(softmax(payoffs(self._predictor.expected) / _WARMTH))
        pays = (self._records > _PAYING * np.sqrt(self._variances)).any()
        return self._answer if pays else int(self._random.integers(3))

    def learn(self, mine: int, theirs: int) -> None:
        self._records = _KEPT * self._records + points(self._answer, theirs)
        self._variances = _KEPT**2 * self._variances + _EVEN
        self._predictor.learn(mine, theirs)

    def _draw(self, chances: Floats) -> int:
        return int(np.searchsorted(np.cumsum(chances)[:2], self._random.random(), side="right"))


def payoffs(expected: Floats) -> Floats:
    """The points that each throw can expect: the chance of what it beats less that of what beats it."""
    return np.asarray(np.roll(expected, 1) - np.roll(expected, -1))


def points(mine: int, theirs: int) -> int:
    """Of one throw: 1, 0 or -1."""
    return (mine - theirs + 1) % 3 - 1
