"""A hand as a chain of joints: what signs look like as 21 points in space, for hands that nobody photographed.

Points are in MediaPipe's order. A hand stands with its wrist in the origin, its fingers along +y, its thumb towards +x
and its palm towards +z; lengths are millimetres. Bones are the means of Buryanov & Kotiuk, Proportions of Hand
Segments (International Journal of Morphology 28(3), 2010).
"""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Range = tuple[float, float]

BONES = (
    (46.2, 31.6, 21.7),
    (68.1, 39.8, 22.4, 15.8),
    (64.6, 44.6, 26.3, 17.4),
    (58.0, 41.4, 25.7, 17.3),
    (53.7, 32.7, 18.1, 16.0),
)
"""Millimetres, thumb to little finger: metacarpal, then phalanges."""
_ROOTS = np.array([(22, 12, 8), (13, 24, 0), (2, 26, -1), (-9, 24, 0), (-19, 20, 3)], float)
"""Where the metacarpals begin."""
_FAN = np.radians([0, 9, 0, -8, -17])
"""How the metacarpals spread; the thumb has angles of its own."""


class Finger(Struct, frozen=True):
    """Ranges, in degrees, of a finger's bends at knuckle, middle and end joint, and of its spread."""

    knuckle: Range
    middle: Range
    end: Range
    spread: Range = (-4, 4)


class Thumb(Struct, frozen=True):
    """Ranges, in degrees: away from the fingers, before the palm, and bends of the two joints towards `across`.

    `across` 0 bends it over the palm's plane, 90 towards the palm's front.
    """

    away: Range
    before: Range
    bend: Range
    tip: Range
    across: Range = (0, 40)


STRAIGHT = Finger((-12, 22), (0, 18), (0, 12))
LAZY = Finger((0, 45), (5, 40), (0, 25))
CURLED = Finger((55, 95), (80, 112), (35, 80))
LOOSE = Finger((25, 80), (60, 105), (20, 70))
HOOKED = Finger((-10, 25), (60, 100), (40, 70))

TUCKED = Thumb((0, 25), (8, 36), (15, 50), (15, 65), (10, 50))
BESIDE = Thumb((5, 32), (0, 32), (0, 28), (0, 45), (0, 60))
MEETING = Thumb((10, 35), (35, 60), (10, 35), (10, 40), (10, 50))
OUT = Thumb((34, 75), (-5, 30), (-14, 15), (-20, 15))
ALONG = Thumb((10, 30), (0, 25), (0, 20), (0, 20))
UP = Thumb((34, 64), (-8, 16), (-14, 6), (-22, 6), (0, 20))

Sign = tuple[Thumb, Finger, Finger, Finger, Finger]

SIGNS: Mapping[str, tuple[tuple[float, Sign], ...]] = {
    "rock": (
        (5, (TUCKED, CURLED, CURLED, CURLED, CURLED)),
        (4, (BESIDE, CURLED, CURLED, CURLED, CURLED)),
        (2, (TUCKED, LOOSE, CURLED, CURLED, CURLED)),
        (1, (BESIDE, LOOSE, LOOSE, LOOSE, LOOSE)),
    ),
    "paper": (
        (4, (OUT, STRAIGHT, STRAIGHT, STRAIGHT, STRAIGHT)),
        (3, (ALONG, STRAIGHT, STRAIGHT, STRAIGHT, STRAIGHT)),
        (1.5, (OUT, LAZY, LAZY, LAZY, LAZY)),
        (1, (ALONG, LAZY, LAZY, LAZY, LAZY)),
        (1, (TUCKED, STRAIGHT, STRAIGHT, STRAIGHT, STRAIGHT)),
    ),
    "scissors": (
        (6, (TUCKED, STRAIGHT, STRAIGHT, CURLED, CURLED)),
        (2, (TUCKED, STRAIGHT, STRAIGHT, LOOSE, LOOSE)),
        (2, (BESIDE, STRAIGHT, STRAIGHT, CURLED, CURLED)),
        (1, (TUCKED, LAZY, LAZY, CURLED, CURLED)),
        (1, (MEETING, STRAIGHT, STRAIGHT, HOOKED, HOOKED)),
        (3, (OUT, STRAIGHT, CURLED, CURLED, CURLED)),
        (1, (OUT, STRAIGHT, LOOSE, LOOSE, LOOSE)),
    ),
    "other": (
        (4, (UP, CURLED, CURLED, CURLED, CURLED)),
        (1, (UP, LOOSE, LOOSE, LOOSE, LOOSE)),
        (2, (TUCKED, STRAIGHT, CURLED, CURLED, CURLED)),
        (1, (TUCKED, STRAIGHT, STRAIGHT, STRAIGHT, CURLED)),
        (1, (TUCKED, STRAIGHT, CURLED, CURLED, STRAIGHT)),
        (1, (OUT, CURLED, CURLED, CURLED, STRAIGHT)),
        (1, (TUCKED, CURLED, CURLED, CURLED, STRAIGHT)),
        (1, (TUCKED, CURLED, STRAIGHT, CURLED, CURLED)),
        (1, (OUT, STRAIGHT, CURLED, CURLED, STRAIGHT)),
        (1, (TUCKED, HOOKED, HOOKED, HOOKED, HOOKED)),
        (1, (TUCKED, HOOKED, STRAIGHT, STRAIGHT, STRAIGHT)),
    ),
}
"""Label -> how it is shown, each way with its weight: scissors with thumb and index finger are scissors too."""


def pose(label: str, rng: np.random.Generator) -> Floats:
    """A right hand that shows the sign, [21, 3]."""
    ways = SIGNS[label]
    weights = np.array([weight for weight, _ in ways])
    thumb, *fingers = ways[rng.choice(len(ways), p=weights / weights.sum())][1]
    shape = rng.normal(1, 0.05, (5, 1)) * rng.normal(1, 0.04, (5, 4))
    parting = rng.uniform(0, 1)  # how far the fingers are apart is one thing for a whole hand
    scissor = label == "scissors"
    points = [np.zeros(3), *_thumb(thumb, shape[0], rng)]
    for place, finger in enumerate(fingers, start=1):
        spread = _FAN[place] * (0.3 + 1.4 * parting) + np.radians(rng.uniform(*finger.spread))
        if scissor and place in (1, 2):
            spread += np.radians((1.5 - place) * rng.uniform(0, 24))
        points += _finger(place, finger, spread, shape[place], rng)
    return np.array(points)


def _finger(place: int, finger: Finger, spread: float, shape: Floats, rng: np.random.Generator) -> list[Floats]:
    fan = _FAN[place]
    knuckle = _ROOTS[place] + BONES[place][0] * shape[0] * np.array([np.sin(fan), np.cos(fan), 0])
    along, bend, points = np.array([np.sin(spread), np.cos(spread), 0.0]), 0.0, [knuckle]
    for bone, part in zip((1, 2, 3), (finger.knuckle, finger.middle, finger.end), strict=True):
        bend += np.radians(rng.uniform(*part))
        step = np.cos(bend) * along + np.sin(bend) * np.array([0.0, 0.0, 1.0])
        points.append(points[-1] + BONES[place][bone] * shape[bone] * step)
    return points


def _thumb(thumb: Thumb, shape: Floats, rng: np.random.Generator) -> list[Floats]:
    away, before, bend, tip, across = (
        np.radians(rng.uniform(*part)) for part in (thumb.away, thumb.before, thumb.bend, thumb.tip, thumb.across)
    )
    step = np.array([np.sin(away) * np.cos(before), np.cos(away) * np.cos(before), np.sin(before)])
    towards = np.array([-np.cos(across), 0.0, np.sin(across)])
    towards -= towards @ step * step
    towards /= np.linalg.norm(towards)
    points, turned = [_ROOTS[0]], 0.0
    for bone, angle in enumerate((0.0, bend, tip)):
        turned += angle
        points.append(points[-1] + BONES[0][bone] * shape[bone] * (np.cos(turned) * step + np.sin(turned) * towards))
    return points
