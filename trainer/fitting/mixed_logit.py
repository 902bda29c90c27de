"""Everybody's weights at once, each drawn towards the others as far as people are alike: empirical Bayes.

A throw is a multinomial logit of the cues. A person's weights are normal around the population's mean with its
covariance; both are found by expectation-maximisation, with each person's posterior taken as normal around its mode
(Laplace's approximation; Dempster, Laird & Rubin, 1977).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.data.columns import Floats, Ints

TURNS = 25
"""By then a person's weights move by less than the second decimal."""
_SPREAD = 0.3
"""Variance between people, for a start."""
_LEAST = 1e-4
"""Added to each variance between people, so that none becomes exactly nothing."""
_STEPS = 10
"""Of Newton's method, at most; from the last turn's weights two or three are enough."""
_LONGEST = 3.0
"""A step changes no weight by more."""
_SMALL = 1e-3


@dataclass(frozen=True, eq=False)
class Seen:
    """One player's rounds: `cues` [n, 3, k] before each, and the move `thrown` [n]."""

    cues: NDArray[np.floating[Any]]
    thrown: Ints

    def __len__(self) -> int:
        return len(self.thrown)

    def first(self, rounds: int) -> "Seen":
        return Seen(self.cues[:rounds], self.thrown[:rounds])


@dataclass(frozen=True, eq=False)
class Population:
    """`mean` [k] and covariance `between` [k, k] of weights; `people` [n, k]; `unsure` [k, k] is what is not known of a
    person from its rounds, as a covariance, on average."""

    mean: Floats
    between: Floats
    people: Floats
    unsure: Floats


def fit(seen: Sequence[Seen], turns: int = TURNS) -> Population:
    """The same rounds, the same population."""
    size = seen[0].cues.shape[2]
    mean, people = np.zeros(size), np.zeros((len(seen), size))
    between = unsure = np.eye(size) * _SPREAD
    for _ in range(turns):
        precision = np.asarray(np.linalg.inv(between), np.float64)
        posteriors = [_mode(one, mean, precision, start) for one, start in zip(seen, people, strict=True)]
        people = np.stack([mode for mode, _ in posteriors])
        unsure = np.mean([covariance for _, covariance in posteriors], axis=0)
        mean = people.mean(axis=0)
        apart = people - mean
        between = apart.T @ apart / len(seen) + unsure + _LEAST * np.eye(size)
    return Population(mean, between, people, unsure)


def odds(cues: NDArray[np.floating[Any]], weights: Floats) -> Floats:
    """P(move) [n, 3] of one person, or [n, 3, people] where `weights` are [cues, people]."""
    said = cues @ weights
    raised = np.exp(said - said.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _mode(seen: Seen, mean: Floats, precision: Floats, start: Floats) -> tuple[Floats, Floats]:
    """The likeliest weights and the covariance around them."""
    weights, rows = start, np.arange(len(seen))
    for _ in range(_STEPS):
        chances = odds(seen.cues, weights)
        expected = np.einsum("nm,nmk->nk", chances, seen.cues)
        slope = (seen.cues[rows, seen.thrown] - expected).sum(axis=0) - precision @ (weights - mean)
        weighed = (seen.cues * np.sqrt(chances)[:, :, None]).reshape(-1, len(mean))
        curvature = weighed.T @ weighed - expected.T @ expected + precision
        step = np.linalg.solve(curvature, slope)
        weights = weights + step * min(1.0, _LONGEST / max(np.abs(step).max(), _SMALL))
        if np.abs(step).max() < _SMALL:
            break
    return weights, np.linalg.inv(curvature)
