"""Mixers: the experts' many opinions as one, weighed online by how right each has been.

Both mix a table (experts, 3) into rows of probabilities, and learn from what came. They are wrong in different
ways: fixed share turns within a few throws to the one expert that is right, the log-linear mix adds up many weak ones.
"""

from typing import Protocol

import numpy as np

from trainer.data.columns import Floats


class Mixer(Protocol):
    """`mix` what is said of the next throw, then `learn` what it was."""

    def mix(self, said: Floats) -> Floats: ...

    def learn(self, theirs: int) -> None: ...


class FixedShare:
    """The mean of what is said, by weights that follow the best expert as it changes (Herbster & Warmuth, 1998).

    Weights are multiplied by the probability that was given to what came, as in Bayes' rule; then each expert gets
    its part of the share, so that one that was wrong for long is heard again soon.
    """

    def __init__(self, experts: int, share: float) -> None:
        self._weights = np.full(experts, 1 / experts)
        self._share = share

    def mix(self, said: Floats) -> Floats:
        self._said = said
        return self._weights @ said

    def learn(self, theirs: int) -> None:
        weights = self._weights * self._said[:, theirs]
        self._weights = (1 - self._share) * weights / weights.sum() + self._share / len(weights)


class LogLinear:
    """Products of powers of what is said, one row for each rate; the powers go down the gradient of the log-loss.

    The mixing of context-mixing compressors (Mahoney, 2005), for three outcomes instead of two.
    """

    def __init__(self, experts: int, rates: tuple[float, ...], power: float) -> None:
        """`power` is the sum of each row's powers at first."""
        self._powers = np.full((len(rates), experts), power / experts)
        self._rates = np.array(rates)[:, None]

    def mix(self, said: Floats) -> Floats:
        logs = np.log(said)
        self._logs = logs - logs.mean(axis=1, keepdims=True)
        self._mixed = softmax(self._powers @ self._logs)
        return self._mixed

    def learn(self, theirs: int) -> None:
        missed = -self._mixed
        missed[:, theirs] += 1
        self._powers += self._rates * (missed @ self._logs.T)


def softmax(scores: Floats) -> Floats:
    """Probabilities by the last axis."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))
