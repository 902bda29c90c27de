"""Work on many rows a block at a time, so that what lies between input and output never grows with the rows."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from trainer.data.columns import Features, Floats

_BLOCK = 8192
"""Rows; the widest in use, Logan's products in double precision, take 40 MB."""

Filled = TypeVar("Filled", bound=NDArray[Any])


def fill(out: Filled, of: Callable[[Features], NDArray[Any]], features: Features) -> Filled:
    """`out` with `of` every block of rows written into it, in `out`'s own precision."""
    for start in range(0, len(features), _BLOCK):
        out[start : start + _BLOCK] = of(features[start : start + _BLOCK])
    return out


def moments(of: Callable[[Features], NDArray[Any]], features: Features) -> tuple[Floats, Floats]:
    """(mean, standard deviation) of each column of `of` the rows; a constant one has 1 for its deviation."""
    total, squares = 0.0, 0.0
    for start in range(0, len(features), _BLOCK):
        block = of(features[start : start + _BLOCK]).astype(np.float64)
        total, squares = total + block.sum(axis=0), squares + (block * block).sum(axis=0)
    mean = np.asarray(total / len(features))
    spread = np.sqrt(np.maximum(squares / len(features) - mean * mean, 0))
    return mean, np.where(spread > 1e-5 * (1 + np.abs(mean)), spread, 1.0)
