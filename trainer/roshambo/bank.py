"""The bank of experts: each says how likely the opponent's next throws are, from what it has counted in one context.

An expert points at the throw that came most often in its context, of the opponent or of ourselves: what we would do
if we went on as before is what an opponent who studies us expects. How the opponent then throws relative to that
point is counted too, by how sure the point is. So one expert holds every level of "I think that you think" (Egnor's
rotations in Iocaine Powder, 1999): what they are about to throw, what beats that, and what beats what beats that.
"""

import numpy as np

from trainer.data.columns import Floats, Ints
from trainer.roshambo.contexts import CELLS, CONTEXTS, FRAMES, Frame, cells
from trainer.roshambo.situation import Situation

_MEMORIES = np.array([0.6, 0.98])
"""What a count in a cell keeps at each visit: one expert follows the last few throws there, one takes them all."""
_SIDES = 2
_THEIRS, _OURS = range(_SIDES)
_SHAPE = (len(CONTEXTS), _SIDES, len(_MEMORIES))
EXPERTS = int(np.prod(_SHAPE))
_GRADES = 8
"""How sure a point may be."""
_DOUBT = 0.5
"""Counts of nothing in particular, added to a cell when its point is graded."""
_KEPT = 0.99
"""What the counts relative to a point keep: about the last hundred throws under that grade."""
_PRIOR = 2.0
"""Counts with which those begin: evenly, and for a point at their throws as many more as it is sure, up to twice."""


class Bank:
    """Online: `said` is of the next throw, and holds nothing but the throws learned so far.

    `said` has one row for each of the EXPERTS, the probabilities of rock, paper and scissors.
    """

    said: Floats

    def __init__(self) -> None:
        self._situation = Situation()
        self._counts = np.zeros((len(CONTEXTS), CELLS, _SIDES, len(_MEMORIES), 3))
        self._relative = _first_relative()
        self._contexts, self._experts = np.arange(len(CONTEXTS)), np.arange(EXPERTS)
        self._say()

    def learn(self, mine: int, theirs: int) -> None:
        """Count these throws, then say what is likely next."""
        counts = self._relative[self._experts, self._grades] * _KEPT
        counts[self._experts, (theirs - self._points) % 3] += 1
        self._relative[self._experts, self._grades] = counts
        self._here *= _MEMORIES[:, None]
        for side, throw in ((_THEIRS, theirs), (_OURS, mine)):
            self._here[self._contexts, side, :, (throw - self._origins[:, side]) % 3] += 1
        self._counts[self._contexts, self._cells] = self._here
        self._situation.learn(mine, theirs)
        self._say()

    def _say(self) -> None:
        self._cells = cells(self._situation.row)
        self._origins = _origins(*self._situation.last)
        self._here = self._counts[self._contexts, self._cells]
        self._points = ((self._here.argmax(axis=-1) + self._origins[:, :, None]) % 3).reshape(EXPERTS)
        self._grades = _grades(self._here).reshape(EXPERTS)
        counts = self._relative[self._experts, self._grades]
        relative = counts / counts.sum(axis=1, keepdims=True)
        self.said = relative[self._experts[:, None], (np.arange(3) - self._points[:, None]) % 3]


def _first_relative() -> Floats:
    """Counts relative to a point, shape (experts, grades, 3), before anything was thrown."""
    relative = np.full((*_SHAPE, _GRADES, 3), _PRIOR / 3)
    relative[:, _THEIRS, :, :, 0] += 2 * _PRIOR * np.arange(_GRADES) / _GRADES
    return relative.reshape(EXPERTS, _GRADES, 3)


def _origins(mine: int, theirs: int) -> Ints:
    """What each context's throws are relative to, shape (contexts, sides)."""
    origins = np.zeros((len(CONTEXTS), _SIDES), np.int64)
    origins[FRAMES == Frame.SAME] = (theirs, mine)
    origins[FRAMES == Frame.OTHER] = (mine, theirs)
    return origins


def _grades(counts: Floats) -> Ints:
    """How sure points are: by the square of the most frequent throw's lead over an even share, doubt counted in."""
    whole = counts.sum(axis=-1)
    lead = np.maximum(1.5 * counts.max(axis=-1) - 0.5 * whole, 0) / (whole + _DOUBT)
    return np.asarray((lead * lead * _GRADES).astype(np.int64))
