"""The experts at work: look up each one's counts in the context at hand, and count what was thrown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.experts.lags import Lags
from models.experts.layout import CELLS, EARLY, LAYOUT, Ints, contexts
from models.experts.specs import EXPERTS, PRIORS

Floats32 = NDArray[np.float32]

_SURE = 30.0
"""Told as the count of a voice that has no counts."""
_PRIORS = np.array(PRIORS)
_MOVES = np.arange(3)
_TURNED = (_MOVES - _MOVES[:, None]) % 3
"""By reference move: which of three counts told from it each move has."""


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """What each voice expects of the coming throw.

    `logs` float32 [g, VOICES, 3]: logarithms of probabilities in the order of `MOVES`, less their mean.
    `counts` float32 [g, VOICES]: how often its context was met, older times counting less.
    """

    logs: Floats32
    counts: Floats32


class Bank:
    """The counts of g games; each round is `ahead` and then `learn`."""

    def __init__(self, prior: Floats32, room: int) -> None:
        """`prior` [g, CELLS, 3] counts for each context what is thrown in it before anything is known of the player;
        it is kept, not copied. `room` in rounds.
        """
        games = len(prior)
        self._prior = prior
        self._counts = np.zeros((games, CELLS, 3), np.float16)  # half of what a match takes; sums to 2048 are exact
        self._lags = Lags(games, room)
        self._game = np.arange(games)[:, None]
        self._context = np.zeros((games, len(EXPERTS)), np.int64)
        self._frame = np.zeros((games, len(EXPERTS)), np.int64)

    @property
    def lags(self) -> Ints:
        """[g, LAGS] as of the coming round."""
        return self._lags.lags

    def ahead(self, low: Ints, base: Ints, lead: Ints) -> Views:
        """What to expect in a round with this low move, base (from 0) and lead of the player, each [g]."""
        self._lags.open(low, base, lead)
        self._context, self._frame = contexts(self._lags.lags)
        first, met = self._look(slice(None, EARLY))
        likeliest = first.argmax(axis=2)
        digits = (likeliest[:, LAYOUT.source] - self._frame[:, LAYOUT.expects]) % 3
        self._context += (digits @ LAYOUT.step).astype(np.int64)
        second, met_too = self._look(slice(EARLY, None))
        prior = self._told(self._prior[self._game, self._context[:, _PRIORS]], self._frame[:, _PRIORS])
        sure = np.full((len(first), len(PRIORS)), _SURE, np.float32)
        return Views(np.concatenate([first, second, prior], axis=1), np.concatenate([met, met_too, sure], axis=1))

    def _look(self, part: slice) -> tuple[Floats32, Floats32]:
        context = self._context[:, part]
        counts = self._counts[self._game, context].astype(np.float32)
        return self._told(counts + self._prior[self._game, context], self._frame[:, part]), counts.sum(axis=2)

    @staticmethod
    def _told(weights: Floats32, frame: Ints) -> Floats32:
        """Centred logarithms of these weights, told by moves and no longer from each expert's frame."""
        logs = np.log(weights)
        logs -= logs.sum(axis=2, keepdims=True) / 3
        return logs.take(_TURNED[frame] + 3 * np.arange(frame.size).reshape(*frame.shape, 1))

    def learn(self, player: Ints, opponent: Ints) -> tuple[Ints, Ints]:
        """Count what was thrown in the round that `ahead` was asked about, each [g].

        Returns each expert's context, a cell of the table, and which of its three counts rose, [g, k] each.
        """
        thrown = np.where(LAYOUT.ours, player[:, None], opponent[:, None])
        counts = self._counts[self._game, self._context] * LAYOUT.memory[:, None]
        told = (thrown - self._frame) % 3
        counts += told[:, :, None] == _MOVES
        self._counts[self._game, self._context] = counts
        self._lags.close(player, opponent)
        return self._context, told
