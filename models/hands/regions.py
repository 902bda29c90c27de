"""Where in an image to look: a turned square, and the crop under it."""

from math import cos, pi, sin

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image as Pictures

Image = NDArray[np.uint8]
"""RGB, [h, w, 3]."""
Points = NDArray[np.float32]
"""[n, 2], pixels of the image, or of the crop where it is said."""


class Region(Struct, frozen=True):
    """A square of side `size` pixels about a centre, turned by `angle` (radians, clockwise as the image is seen)."""

    x: float
    y: float
    size: float
    angle: float = 0.0

    def crop(self, picture: Pictures.Image, side: int) -> Image:
        """What is under it, as [side, side, 3]; black beyond the image's edge."""
        scale = self.size / side
        right, down = cos(self.angle) * scale, sin(self.angle) * scale
        half = side / 2
        terms = (right, -down, self.x - half * right + half * down, down, right, self.y - half * down - half * right)
        if scale > 2:  # bilinear sampling alone would skip pixels
            factor = int(scale)
            picture = picture.reduce(factor)
            a, b, c, d, e, f = (term / factor for term in terms)
            terms = a, b, c, d, e, f
        return np.asarray(
            picture.transform((side, side), Pictures.Transform.AFFINE, terms, Pictures.Resampling.BILINEAR)
        )

    def out_of(self, points: Points) -> Points:
        """Points given in shares of the crop, as pixels of the image."""
        x, y = (points[:, 0] - 0.5) * self.size, (points[:, 1] - 0.5) * self.size
        right, down = cos(self.angle), sin(self.angle)
        return np.stack([self.x + x * right - y * down, self.y + x * down + y * right], axis=1).astype(np.float32)

    def moved(self, right: float, down: float, scale: float) -> "Region":
        """Shifted in its own frame by these shares of its size, then scaled."""
        x, y = right * self.size, down * self.size
        along, across = cos(self.angle), sin(self.angle)
        return Region(self.x + x * along - y * across, self.y + x * across + y * along, self.size * scale, self.angle)


def upright(direction: Points) -> float:
    """The angle by which a region is turned so that this direction (from wrist to fingers) points up in its crop."""
    angle = pi / 2 + float(np.arctan2(direction[1], direction[0]))
    return (angle + pi) % (2 * pi) - pi
