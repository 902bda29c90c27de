"""The 21 points of a hand as the classifier reads them: alike for near and far, left and right, turned or not."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

COUNT = 21
SIZE = 3 * COUNT
_INDEX, _MIDDLE, _RING, _LITTLE = 5, 9, 13, 17
_KNUCKLES = [_INDEX, _MIDDLE, _RING, _LITTLE]


def normalised(world: NDArray[np.floating]) -> Floats:
    """Points [..., 21, 3] as features [..., 63] in the hand's own frame.

    The wrist is the origin, +y leads to the knuckles, +x from the little finger's to the index finger's, and the mean
    distance of the knuckles is 1. So left and right hands differ in the sign of z alone.
    """
    points = np.asarray(world, np.float64)
    points = points - points[..., :1, :]
    knuckles = points[..., _KNUCKLES, :]
    size = np.linalg.norm(knuckles, axis=-1).mean(axis=-1)[..., None, None]
    up = _unit(knuckles.mean(axis=-2))
    side = points[..., _INDEX, :] - points[..., _LITTLE, :]
    side = _unit(side - (side * up).sum(axis=-1, keepdims=True) * up)
    frame = np.stack([side, up, np.cross(side, up)], axis=-1)
    own = points @ frame / np.maximum(size, 1e-6)
    return np.asarray(own.reshape(*own.shape[:-2], SIZE), np.float32)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))
