"""MediaPipe's hand landmarks: the 21 points of the hand under a region.

Network as in MediaPipe 0.10.21, modules/hand_landmark (Apache 2.0).
"""

from pathlib import Path

import numpy as np
from msgspec import Struct
from PIL import Image as Pictures

from models.hands.lite import Floats, Network
from models.hands.regions import Points, Region, upright

COUNT = 21
_KNUCKLES = [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18]
"""What of a hand stays where it is while fingers move."""
_WRIST, _INDEX, _MIDDLE, _RING = 0, 5, 9, 13


class Marks(Struct, frozen=True):
    """A hand: its points in pixels of the image, and in metres of the world about its middle."""

    points: Points
    world: Floats
    """[21, 3], turned as the region was."""
    presence: float
    """Probability that there is a hand at all."""
    right: float
    """Probability that it is a right one, as seen in a mirror."""
    region: Region

    def next_region(self) -> Region:
        """Where to look for it in the next frame."""
        return hand_region(self.points)


class Landmarks:
    """For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._network = Network(path, [(1, 63), (1, 1), (1, 1), (1, 63)])

    def read(self, picture: Pictures.Image, region: Region) -> Marks:
        """The points of the hand that should be under the region."""
        points, presence, right, world = self._network.run(region.crop(picture, self._network.size))
        flat: Points = points.reshape(COUNT, 3)[:, :2] / np.float32(self._network.size)
        return Marks(region.out_of(flat), world.reshape(COUNT, 3), float(presence[0, 0]), float(right[0, 0]), region)


def hand_region(points: Points) -> Region:
    """The region of a hand that has its points [21, 2] about there."""
    fingers = (points[_INDEX] + points[_RING]) / 4 + points[_MIDDLE] / 2
    return around(points[_KNUCKLES], upright(fingers - points[_WRIST])).moved(0, -0.1, 2.0)


def around(points: Points, angle: float) -> Region:
    """The smallest square of this angle about the points."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    turned = points @ turn.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    x, y = ((low + high) / 2) @ turn
    return Region(float(x), float(y), float((high - low).max()), angle)
