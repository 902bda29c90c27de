"""MediaPipe's palm detector: where in an image there may be hands, however small or turned.

Network, anchors and decoding as in MediaPipe 0.10.21, modules/palm_detection (Apache 2.0); Zhang et al., MediaPipe
Hands: On-device Real-time Hand Tracking, 2020.
"""

from pathlib import Path

import numpy as np
from msgspec import Struct
from PIL import Image as Pictures

from models.hands.lite import Floats, Network
from models.hands.regions import Points, Region, upright

_CELLS = ((24, 2), (12, 6))
"""(cells on a side, anchors of each) of the two grids that the network answers for."""
_ANCHORS = sum(side * side * each for side, each in _CELLS)
_SAME = 0.3
"""Boxes that overlap by more than this are one palm."""
_WRIST, _MIDDLE = 0, 2
"""Of a palm's seven points: where the hand begins, and where the middle finger does."""
_REACH, _RISE = 2.6, -0.5
"""A hand is so many times as large as its palm, and its centre so far towards the fingers."""


class Palm(Struct, frozen=True):
    """A palm that may be there, and the region that its whole hand should fill."""

    score: float
    region: Region


class Palms:
    """For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._network = Network(path, [(1, _ANCHORS, 18), (1, _ANCHORS, 1)])
        self._anchors = _anchors()

    def find(self, picture: Pictures.Image, least: float, margin: float = 0.0) -> list[Palm]:
        """Palms with at least this score, the likeliest first.

        The image is seen with a black border of `margin` of its longer side all around.
        """
        side = max(picture.size) * (1 + 2 * margin)
        whole = Region(picture.width / 2, picture.height / 2, side)
        raw, logits = self._network.run(whole.crop(picture, self._network.size))
        scores = np.asarray(1 / (1 + np.exp(-np.clip(logits[0, :, 0], -100, 100))), np.float32)
        found = np.flatnonzero(scores >= least)
        boxes = self._decoded(raw[0, found], found)
        return [Palm(score, _region(box, whole)) for score, box in zip(*_distinct(scores[found], boxes), strict=True)]

    def _decoded(self, raw: Floats, which: np.ndarray) -> Floats:
        """Boxes and points [n, 9, 2] in shares of the input: centre, extent, then the seven points."""
        pairs = raw.reshape(-1, 9, 2) / self._network.size
        pairs[:, 0] += self._anchors[which]
        pairs[:, 2:] += self._anchors[which, None]
        return np.asarray(pairs, np.float32)


def _anchors() -> Floats:
    """Centres [n, 2] of the anchors, in shares of the input."""
    grids = []
    for side, each in _CELLS:
        centres = (np.arange(side) + 0.5) / side
        grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
        grids.append(np.repeat(grid, each, axis=0))
    return np.concatenate(grids).astype(np.float32)


def _distinct(scores: Floats, boxes: Floats) -> tuple[list[float], list[Floats]]:
    """One box for each palm: those that overlap are averaged by their scores (weighted non-maximum suppression)."""
    order = np.argsort(-scores, kind="stable")
    kept_scores, kept = [], []
    while len(order):
        first = boxes[order[0]]
        same = _overlap(first, boxes[order]) > _SAME
        same[0] = True
        group = order[same]
        weights = scores[group] / scores[group].sum()
        kept_scores.append(float(scores[order[0]]))
        kept.append(np.tensordot(weights, boxes[group], axes=1))
        order = order[~same]
    return kept_scores, kept


def _overlap(one: Floats, many: Floats) -> Floats:
    """Intersection over union."""
    low = np.maximum(one[0] - one[1] / 2, many[:, 0] - many[:, 1] / 2)
    high = np.minimum(one[0] + one[1] / 2, many[:, 0] + many[:, 1] / 2)
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    return np.asarray(shared / (np.prod(one[1]) + np.prod(many[:, 1], axis=1) - shared + 1e-9))


def _region(box: Floats, whole: Region) -> Region:
    points: Points = whole.out_of(box)
    size = float(np.abs(box[1]).max()) * whole.size
    angle = upright(points[2 + _MIDDLE] - points[2 + _WRIST])
    return Region(float(points[0, 0]), float(points[0, 1]), size, angle).moved(0, _RISE, _REACH)
