"""What is wrong with an image that shows no clear hand."""

import numpy as np
from msgspec import Struct

from game.gestures import Cause
from models.hands.regions import Image, Points

_SAMPLED = 4
_DARK, _BRIGHT = 38.0, 232.0
"""Grey values; nine tenths of an image below or above say that it is too dark or too bright."""
_SHARP = 3.2
"""Grey values that neighbours differ by, at least, in the sharpest twentieth of an image that is not blurred."""
_OUTSIDE = 4
"""Points beyond the edge, of 21, from which a hand is cut off."""


class Quality(Struct, frozen=True):
    """Grey values from 0 to 255."""

    dim: float
    """Nine tenths of the image are darker."""
    bright: float
    """Nine tenths of it are brighter."""
    detail: float

    def cause(self) -> Cause | None:
        """What makes the image hard to read, if anything does."""
        if self.dim < _DARK:
            return Cause.TOO_DARK
        if self.bright > _BRIGHT:
            return Cause.TOO_BRIGHT
        return Cause.BLURRED if self.detail < _SHARP else None


def quality(image: Image) -> Quality:
    """Light measured on every fourth pixel each way, detail along every second row."""
    grey = image.mean(axis=2, dtype=np.float32)
    sample = grey[::_SAMPLED, ::_SAMPLED]
    steps = np.abs(np.diff(grey[::2], axis=1)).ravel()
    return Quality(float(np.percentile(sample, 90)), float(np.percentile(sample, 10)), float(np.percentile(steps, 95)))


def cut_off(points: Points, width: int, height: int) -> bool:
    """Whether a hand with these points [21, 2], in pixels, reaches beyond the image."""
    beyond = (points < 0) | (points > np.array([width, height]))
    return int(beyond.any(axis=1).sum()) >= _OUTSIDE
