"""Lessons for the image classifier on disk: photos as they are, hands cut out of those before green, and drawn ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pictures

from game.gestures import Label
from game.images import BadImage
from models.hands.hands import Hands
from models.hands.pictures import decoded
from models.hands.regions import Image
from trainer.cycle import Tell
from trainer.gestures import corpus
from trainer.gestures.evaluate import Picture
from trainer.gestures.network import COUNT, SIDE
from trainer.gestures.pixels import kept

SHARD = 512
"""Lessons in a file."""
_GREEN = 24
_MOST_GREEN = 0.6
"""A photo is before green where the green of so much of its edge is so far above red and blue."""


def filled(
    folder: Path,
    photos: Sequence[Picture],
    hands: Hands | None,
    drawn: int,
    classes: Sequence[Label],
    seed: int,
    tell: Tell,
) -> list[Path]:
    """Shards of all the photos and of so many made-up lessons; what is there from an earlier attempt is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    paths, cuts = [], list[corpus.Photo]()
    parts = [photos[start : start + SHARD] for start in range(0, len(photos), SHARD)]
    for number, part in enumerate(parts):
        tell("preparing photos", number / len(parts))
        lessons, found = _photographed(part, hands, classes)
        paths.append(folder / f"photos-{number}.npz")
        kept(lessons, paths[-1])
        cuts += found
    count = -(-drawn // SHARD)
    for number in range(count):
        tell("making up lessons", number / count)
        paths.append(folder / f"made-{seed}-{number}.npz")
        if not paths[-1].exists():
            size = min(SHARD, drawn - number * SHARD)
            kept(corpus.made(size, classes, cuts, SIDE, np.random.default_rng((seed, number))), paths[-1])
    return paths


def smallest(paths: Sequence[Path]) -> int:
    """How many lessons are in the smallest of these shards."""
    sizes = []
    for path in paths:
        with np.load(path) as lessons:
            sizes.append(len(lessons["y"]))
    return min(sizes)


def _photographed(
    photos: Sequence[Picture], hands: Hands | None, classes: Sequence[Label]
) -> tuple[corpus.Lessons, list[corpus.Photo]]:
    """The photos as lessons, with the points that are found in them; and those of which the hand can be cut out."""
    images, labels, points, cuts = [], [], [], []
    for photo in photos:
        try:
            image = decoded(photo.content())
        except (BadImage, OSError):
            continue
        picture = Pictures.fromarray(image)
        found = None if hands is None else next(iter(hands.found(picture)), None)
        pixels = None if found is None or found.presence < 0.5 else np.asarray(found.points, np.float64)
        images.append(np.asarray(picture.resize((SIDE, SIDE), Pictures.Resampling.BILINEAR, reducing_gap=2.0)))
        labels.append(classes.index(photo.label))
        points.append(np.full((COUNT, 2), np.nan) if pixels is None else pixels / picture.size)
        if before_green(image) and photo.label is not Label.NONE:
            cuts.append(corpus.Photo(picture, photo.label, pixels))
    return corpus.Lessons(
        np.array(images, np.uint8).reshape(-1, SIDE, SIDE, 3),
        np.array(labels, np.int64),
        np.array(points, np.float32).reshape(-1, COUNT, 2),
    ), cuts


def before_green(image: Image) -> bool:
    """Whether the edge of this image [h, w, 3] is a green screen's."""
    edge = np.concatenate([image[0], image[:, 0], image[:, -1]]).astype(int)
    greener = edge[:, 1] - np.maximum(edge[:, 0], edge[:, 2])
    return bool((greener > _GREEN).mean() > _MOST_GREEN)
