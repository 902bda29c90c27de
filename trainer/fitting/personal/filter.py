"""Personal weights followed round by round: an extended Kalman filter over a multinomial logit.

Before a player's first round his weights are normal around the population's mean. Each throw moves them as Bayes' rule
does with the log-likelihood taken as quadratic where it stands (West, Harrison & Migon, 1985), and between rounds they
drift a little. What is foretold allows for what is not known of them (MacKay, 1992).

All is told by how two moves differ from the third. What is remembered of a game are the mean and spread of its weights
less the population's, so that nothing remembered is nobody known; and the last round's cues, from which the filter
learns once the throw is known: as the own last throw among the next round's frames.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from models.experts.bank import Floats32
from models.experts.reading import Evidence
from trainer.data.columns import Floats
from trainer.fitting.calibration import softmax
from trainer.fitting.mixed_logit import Population
from trainer.fitting.personal.cues import RANKS, SIZE, VALUED, cues

PARTS = {"mean": (SIZE,), "spread": (SIZE, SIZE), "cues": (2, SIZE)}
"""What is remembered, in this order."""
REMEMBERED = sum(int(np.prod(shape)) for shape in PARTS.values())
"""Numbers for each game."""
LEAST = 1e-6
"""No probability counts as smaller."""
_MIND_VALUES, _MIND_RANKS = 0.003, 0.03
"""Variances: in the laboratory nobody saw a value, and a population from there would say that nobody minds them."""


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """`mean` [k] and covariance `spread` [k, k] of people's weights; each round adds `drift` times the spread."""

    mean: Floats
    spread: Floats
    drift: float

    @classmethod
    def of(cls, population: Population, drift: float) -> Self:
        """People like these, who differ in what they make of values at least as much as is taken for granted."""
        least = np.zeros(SIZE)
        least[VALUED], least[RANKS] = _MIND_VALUES, _MIND_RANKS
        spread = population.between + np.diag(np.maximum(least - np.diag(population.between), 0))
        return cls(population.mean, spread, drift)

    def answer(self, evidence: Evidence, memory: Floats32) -> tuple[Floats, Floats32]:
        """(logarithms of P(next move) [g, 3], unnormalised; what to remember) from `memory` [g, REMEMBERED]."""
        games = len(memory)
        ends = np.cumsum([int(np.prod(shape)) for shape in PARTS.values()])[:-1]
        parts = np.split(memory.astype(np.float64), ends, axis=1)
        mean, spread, before = (part.reshape(games, *shape) for part, shape in zip(parts, PARTS.values(), strict=True))
        mean, spread = self._learned(mean + self.mean, spread + self.spread, before, evidence.frames[:, 0])
        told = cues(evidence.logs, evidence.frames).astype(np.float64)
        now = told[:, :2] - told[:, 2:]
        kept = ((mean - self.mean), (spread - self.spread).reshape(games, -1), now.reshape(games, -1))
        return _foretold(mean, spread, now), np.concatenate(kept, axis=1, dtype=np.float32)

    def _learned(self, mean: Floats, spread: Floats, before: Floats, thrown: Floats32) -> tuple[Floats, Floats]:
        """Mean and spread once it is known what was thrown after these cues; the same where it is not."""
        known = thrown.sum(axis=1)[:, None, None]
        chances = np.maximum(softmax(_said(mean, before)), LEAST)
        missed = known * (thrown[:, :2] - chances[:, :2])[:, :, None]
        across = before @ spread
        noise = np.eye(2) / chances[:, :2, None] + (1 / chances[:, 2])[:, None, None]
        gained = np.linalg.inv(noise + across @ before.transpose(0, 2, 1))
        spread = spread - known * (across.transpose(0, 2, 1) @ gained @ across)
        mean = mean + (spread @ (before.transpose(0, 2, 1) @ missed))[:, :, 0]
        return mean, spread + known * self.drift * self.spread


def _said(mean: Floats, told: Floats) -> Floats:
    """[g, 3]; nothing for the third move."""
    return np.pad((told @ mean[:, :, None])[:, :, 0], ((0, 0), (0, 1)))


def _foretold(mean: Floats, spread: Floats, now: Floats) -> Floats:
    """What the weights say, less firmly the less is known of them."""
    said = _said(mean, now)
    chances = softmax(said)[:, :2]
    products = now @ spread @ now.transpose(0, 2, 1)
    across = (products @ chances[:, :, None])[:, :, 0]
    unsure = np.trace(products, axis1=1, axis2=2) / 3 + (across * (chances - 2 / 3)).sum(axis=1)
    return np.asarray(said / np.sqrt(1 + np.pi / 8 * unsure)[:, None])
