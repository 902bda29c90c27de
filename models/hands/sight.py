"""What an image shows: the hand's points where a hand is found, and the whole image as a second opinion.

The points decide where a hand is there without doubt. Where it is in doubt, the image classifier is asked, which also
says where the hand should be; there, and where people hold their hands, it is looked for again.
"""

from collections.abc import Iterator

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PIL import Image as Pictures

from game.gestures import Cause, Label, Look
from models.hands.classifier import POINTS, PROBABILITIES, Classifier, Said
from models.hands.hands import Hands
from models.hands.marks import Marks, hand_region
from models.hands.points import normalised
from models.hands.quality import cut_off, quality
from models.hands.regions import Image, Region

SURE = 0.8
"""Presence of a hand from which its points alone decide."""
PERHAPS = 0.3
"""Presence below which what was found is no hand."""
SIDE = 150
_MOVES = (Label.ROCK, Label.PAPER, Label.SCISSORS)
_SECOND_OPINION = 0.5
"""What the whole image weighs beside the points of a hand that is in doubt."""
_UNSEEN = 0.85
"""What the image classifier must be sure of where the hand networks, looking everywhere, found no hand."""
_AS_LARGE = 0.5
"""How large, as a share of the first, another hand is that makes it unclear whose counts."""


class Track(Struct, frozen=True):
    """Where the hand should be in the next frame of a stream."""

    region: Region


class Sighting(Struct, frozen=True):
    """What was seen, and where to look next."""

    look: Look
    track: Track | None


class _Pixels(Struct, frozen=True):
    """What the image classifier says, and where it takes the hand to be."""

    said: Said
    region: Region | None


class Sight:
    """Both stages; for one thread at a time. Without hand networks or their classifier the second stage is alone."""

    def __init__(self, hands: Hands | None, points: Classifier | None, pixels: Classifier) -> None:
        self._hands = hands if points is not None else None
        self._points = points
        self._pixels = pixels

    def look(self, image: Image, track: Track | None = None) -> Sighting:
        """What this upright RGB image [h, w, 3] shows; some 25 ms of one core, seldom more than 60."""
        picture = Pictures.fromarray(image)
        if self._hands is None or self._points is None:
            return Sighting(self._by_pixels(image, self._seen(image)), None)
        if track is not None:
            marks = self._hands.read(picture, track.region)
            said = self._read(self._points, marks)
            if marks.presence >= SURE and said.confidence >= self._points.threshold:
                return self._by_points(image, marks, said, self._points)
        found = self._hands.found(picture)
        if found and found[0].presence >= SURE:
            said = self._read(self._points, found[0])
            if _several(found) and self._read(self._points, found[1]).best != said.best:
                told = _told(image, said, Cause.SEVERAL_HANDS, found[0], self._points.version)
                return Sighting(told, None)
            if said.confidence >= self._points.threshold:
                return self._by_points(image, found[0], said, self._points)
        return self._doubted(image, picture, found, self._hands, self._points)

    def _doubted(
        self, image: Image, picture: Pictures.Image, found: list[Marks], hands: Hands, points: Classifier
    ) -> Sighting:
        pixels = self._seen(image)
        best = max(self._candidates(picture, found, pixels, hands), key=lambda marks: marks.presence, default=None)
        if best is None or best.presence < PERHAPS:
            return Sighting(self._by_pixels(image, pixels, _UNSEEN), None)
        return self._by_points(image, best, self._read(points, best).mixed(pixels.said, _SECOND_OPINION), points)

    def _candidates(
        self, picture: Pictures.Image, found: list[Marks], pixels: _Pixels, hands: Hands
    ) -> Iterator[Marks]:
        """Hands that may be there, until one is without doubt."""
        yield from found
        if found and found[0].presence >= SURE:
            return
        width, height = picture.size
        middle = Region(width / 2, height / 2, 1.1 * max(width, height))
        for region in (pixels.region, middle):
            if region is not None:
                marks = hands.read(picture, region)
                yield marks
                if marks.presence >= SURE:
                    return
        yield from hands.found(picture, margin=0.5)

    def _seen(self, image: Image) -> _Pixels:
        height, width = image.shape[:2]
        small = Pictures.fromarray(image).resize((SIDE, SIDE), Pictures.Resampling.BILINEAR, reducing_gap=2.0)
        outputs = self._pixels.run(np.asarray(small, np.float32)[None])
        said = self._pixels.said(outputs[PROBABILITIES][0])
        if POINTS not in outputs or said[Label.NONE] > 0.5:
            return _Pixels(said, None)
        points = outputs[POINTS][0] * np.array([width, height], np.float32)
        return _Pixels(said, hand_region(points) if np.ptp(points, axis=0).max() > 8 else None)

    def _read(self, points: Classifier, marks: Marks) -> Said:
        features = normalised(marks.world)[None]
        return points.said(points.run(features)[PROBABILITIES][0])

    def _by_points(self, image: Image, marks: Marks, said: Said, points: Classifier) -> Sighting:
        cause = None
        if said.best is Label.NONE:
            return Sighting(_told(image, said, Cause.NO_HAND, None, points.version), None)
        if said.best is Label.OTHER:
            cause = Cause.NO_MOVE
        elif said.confidence < points.threshold:
            height, width = image.shape[:2]
            cause = Cause.CUT_OFF if cut_off(marks.points, width, height) else quality(image).cause() or Cause.UNSURE
        return Sighting(_told(image, said, cause, marks, points.version), Track(marks.next_region()))

    def _by_pixels(self, image: Image, pixels: _Pixels, least: float = 0.0) -> Look:
        said, cause = pixels.said, None
        if said.best not in _MOVES or said.confidence < max(least, self._pixels.threshold):
            hidden = Cause.NO_HAND if said.best is Label.NONE else Cause.UNSURE
            cause = quality(image).cause() or (Cause.NO_MOVE if said.best is Label.OTHER else hidden)
        return _told(image, said, cause, None, self._pixels.version)


def _several(found: list[Marks]) -> bool:
    if len(found) < 2 or found[1].presence < SURE:
        return False
    first, second = found[0].region, found[1].region
    apart = float(np.hypot(first.x - second.x, first.y - second.y))
    return apart > 0.5 * max(first.size, second.size) and second.size > _AS_LARGE * first.size


def _told(image: Image, said: Said, cause: Cause | None, marks: Marks | None, version: str) -> Look:
    height, width = image.shape[:2]
    places: NDArray[np.float64] = np.empty((0, 2)) if marks is None else marks.points / np.array([width, height])
    return Look(
        label=said.best,
        confidence=round(said.confidence, 4),
        probabilities={label: round(share, 4) for label, share in said.items()},
        clear=cause is None,
        reason=cause,
        landmarks=[(round(float(x), 4), round(float(y), 4)) for x, y in places],
        version=version,
    )
