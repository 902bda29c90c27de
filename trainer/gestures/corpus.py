"""Lessons for the image classifier, made without end: drawn hands, hands cut out of photos, and rooms without any."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image as Pictures

from game.gestures import Label
from trainer.gestures.rooms import Random, before, cut_out, drawn_arm, drawn_hand, placed, room, seen, seen_with
from trainer.gestures.skeleton import Floats

KINDS = {"drawn": 0.6, "cut": 0.24, "empty": 0.1, "arm": 0.06}
"""How often each is made; where there are no photos, hands are drawn instead."""
DRAWN = {Label.ROCK: 0.28, Label.PAPER: 0.26, Label.SCISSORS: 0.3, Label.OTHER: 0.16}


class Photo(Struct, frozen=True):
    """A hand before green; `points` [21, 2] are pixels, if they are known."""

    picture: Pictures.Image
    label: Label
    points: Floats | None


class Lessons(Struct, frozen=True):
    """Images [n, side, side, 3]; places of the labels among the classes [n]; points [n, 21, 2] in shares of the image,
    NaN where they are not known.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    points: NDArray[np.float32]


def made(count: int, classes: Sequence[Label], photos: Sequence[Photo], side: int, rng: Random) -> Lessons:
    """So many lessons."""
    images = np.empty((count, side, side, 3), np.uint8)
    labels = np.empty(count, np.int64)
    points = np.full((count, 21, 2), np.nan, np.float32)
    for place in range(count):
        images[place], label, known = _lesson(photos, side, rng)
        labels[place] = classes.index(label)
        if known is not None:
            points[place] = known / side
    return Lessons(images, labels, points)


def _lesson(photos: Sequence[Photo], side: int, rng: Random) -> tuple[NDArray[np.uint8], Label, Floats | None]:
    kind = rng.choice(list(KINDS), p=list(KINDS.values()))
    background = room(side, rng)
    if kind == "empty":
        return seen(background, rng), Label.NONE, None
    if kind == "arm":
        return seen(before(drawn_arm(side, rng), background, rng), rng), Label.NONE, None
    if kind == "cut" and photos:
        photo = photos[int(rng.integers(len(photos)))]
        layer, points = placed(cut_out(photo.picture), side, rng, photo.points)
        label = photo.label
    else:
        label = list(DRAWN)[rng.choice(len(DRAWN), p=list(DRAWN.values()))]
        layer, points = drawn_hand(label.value, side, rng)
    image, points = seen_with(None if points is None else points[:, :2], before(layer, background, rng), rng)
    return image, label, points
