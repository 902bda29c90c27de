"""How sure a classifier may be, found on photos that it did not learn from.

Logits are divided by one temperature, which changes no answer (Guo et al., On Calibration of Modern Neural Networks,
ICML 2017). The threshold is the least confidence that may count as an answer.
"""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

COLDEST, HOTTEST = 0.5, 20.0
"""Where a few photos are all read rightly, no temperature would be too cold."""
LEAST, MOST = 0.4, 0.9
"""A threshold below would answer what is hardly likelier than the rest, one above hardly anything."""
WANTED = 0.98
"""The share of answers that shall be right."""
BINS = 10


class Bin(Struct, frozen=True):
    """Answers of like confidence: the mean confidence, the share that was right, how many."""

    expected: float
    came_true: float
    count: int


def temperature(logits: Floats, labels: Ints) -> float:
    """What the logits [n, classes] must be divided by to tell the labels [n] best; 1 where there is nothing to see."""
    if not len(labels):
        return 1.0

    def loss(log_temperature: float) -> float:
        return log_loss(softmax(logits / np.exp(log_temperature)), labels)

    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def threshold(confidence: Floats, right: NDArray[np.bool_], wanted: float = WANTED) -> float:
    """The lowest confidence from which answers are right as often as wanted, between `LEAST` and `MOST`."""
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(share >= wanted)
    if not len(good):
        return MOST if len(order) else LEAST
    return float(np.clip(confidence[order][good[-1]], LEAST, MOST))


def softmax(logits: Floats) -> NDArray[np.float64]:
    """[n, classes], each row a distribution."""
    powers = np.exp(np.asarray(logits, np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def log_loss(probabilities: Floats, labels: Ints) -> float:
    """Nats, on average."""
    told = np.take_along_axis(probabilities, labels[:, None], axis=1)
    return float(-np.log(np.maximum(told, 1e-12)).mean())


def bins(confidence: Floats, right: NDArray[np.bool_]) -> list[Bin]:
    """Answers in the order of their confidence, in bins of equal width; empty ones are left out."""
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        Bin(float(confidence[inside].mean()), float(right[inside].mean()), int(inside.sum()))
        for place in range(BINS)
        if (inside := places == place).any()
    ]


def error(found: list[Bin]) -> float:
    """The expected calibration error: how far confidence and what came true are apart, over all answers."""
    total = sum(one.count for one in found)
    return sum(one.count * abs(one.expected - one.came_true) for one in found) / max(1, total)
