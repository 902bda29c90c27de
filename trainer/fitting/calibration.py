"""One temperature for a model's logits, found on players the model did not learn from (Guo et al., 2017)."""

import numpy as np
from numpy.typing import NDArray

from trainer.data.columns import Floats, Ints
from trainer.fitting.measures import log_losses

_CANDIDATES = np.geomspace(0.6, 1.8, 121)


def softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def temperature(logits: Floats, target: Ints, weight: NDArray[np.float32]) -> float:
    """What to divide the logits by for the least weighted log-loss; 1 where there is nothing to judge by."""
    if not len(target):
        return 1.0

    def loss(heat: float) -> float:
        return float(np.average(log_losses(softmax(logits / heat), target), weights=weight))

    return float(min(_CANDIDATES, key=loss))
