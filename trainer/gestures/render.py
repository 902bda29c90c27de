"""Hands drawn from their skeletons: a depth map of swept spheres, smoothed to skin, lit and coloured.

No hand was photographed for them, and no mesh of anybody's is used: they are images that the project makes itself.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from trainer.gestures.skeleton import Floats

Layer = NDArray[np.float32]
"""[side, side, 4]: red, green, blue, and how much of the pixel is hand, each in [0, 1]."""

_LIMBS = (
    *((start, start + 1, thick, thin) for start, thick, thin in ((1, 14, 11), (2, 11.5, 10), (3, 10, 8))),
    *((start, start + 1, thick, thin) for start, thick, thin in ((5, 10.5, 9.5), (6, 9.5, 8.3), (7, 8.3, 7))),
    *((start, start + 1, thick, thin) for start, thick, thin in ((9, 10.8, 9.8), (10, 9.8, 8.5), (11, 8.5, 7.2))),
    *((start, start + 1, thick, thin) for start, thick, thin in ((13, 10.2, 9.2), (14, 9.2, 8), (15, 8, 6.8))),
    *((start, start + 1, thick, thin) for start, thick, thin in ((17, 9, 8), (18, 8, 7), (19, 7, 6))),
)
"""(from, to, radius there, radius there) of the phalanges, in millimetres."""
_PALM = (
    (0, 5, 17, 13),
    (0, 9, 18, 13),
    (0, 13, 17, 12.5),
    (0, 17, 16, 12),
    (0, 1, 17, 16),
    (1, 5, 14, 11),
    (5, 17, 11, 11),
)
_FOREARM, _WRIST_R, _ELBOW_R = 330.0, 25.0, 34.0


class Light(Struct, frozen=True):
    """How a hand is lit and coloured; colours in [0, 1]."""

    skin: tuple[float, float, float]
    palm: tuple[float, float, float]
    sleeve: tuple[float, float, float] | None
    towards: tuple[float, float, float]
    ambient: float
    shine: float
    palm_shown: bool


def drawn(points: Floats, side: int, light: Light, rng: np.random.Generator) -> Layer:
    """The hand with its forearm, seen along -z; `points` [21, 3] are pixels, y down, larger z nearer."""
    size = float(np.linalg.norm(points[9] - points[0])) / 92.0  # pixels of a millimetre
    balls, arm = _balls(points, size, rng)
    hand = float(np.linalg.norm(points[9] - points[0]))
    return _painted(balls, arm, side, size, light, (points[0], hand * rng.uniform(0.15, 0.8)), rng)


def limb(joints: Floats, thickness: Sequence[float], side: int, light: Light, rng: np.random.Generator) -> Layer:
    """An arm without a hand: `joints` [n, 3] in pixels, and its radius at each."""
    parts = [
        _swept(start, end, thick, thin)
        for start, end, thick, thin in zip(joints, joints[1:], thickness, thickness[1:], strict=False)
    ]
    balls = np.concatenate(parts)
    whole = np.ones(len(balls), bool)
    return _painted(balls, whole, side, thickness[0] / 28, light, (joints[0], side * rng.uniform(0, 0.8)), rng)


def _painted(
    balls: Floats,
    arm: NDArray[np.bool_],
    side: int,
    size: float,
    light: Light,
    cuff: tuple[Floats, float],
    rng: np.random.Generator,
) -> Layer:
    """The spheres as skin; a sleeve, if there is one, covers what of the arm is so far from the cuff's place."""
    depth, is_arm = _depth(balls, arm, side)
    inside = depth > -1e8
    if not inside.any():
        return np.zeros((side, side, 4), np.float32)
    alpha = gaussian_filter(inside.astype(np.float32), 0.6)
    filled = np.where(inside, depth, depth[inside].min())
    shade = _shade(_within(filled, inside, 1.4 * size + 0.6), light) * _occlusion(filled, inside, size)
    return np.asarray(np.dstack([_colour(shade, is_arm, cuff, light, rng), alpha]), np.float32)


def _balls(points: Floats, size: float, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Spheres [n, 4] (x, y, z, radius) in pixels, and which are of the forearm."""
    fat, balls = rng.uniform(0.88, 1.15) * size, []
    for start, end, thick, thin in (*_LIMBS, *_PALM):
        balls.append(_swept(points[start], points[end], thick * fat, thin * fat))
    wrist, along = points[0], points[0] - points[[5, 9, 13, 17]].mean(axis=0)
    along = along / np.linalg.norm(along)
    across = points[5] - points[17]
    across = across - across @ along * along
    across = across / max(float(np.linalg.norm(across)), 1e-6)
    bend = along + 0.5 * rng.normal(0, 0.45, 3)
    bend = bend / np.linalg.norm(bend)
    hand = np.concatenate(balls)
    elbow = wrist + bend * _FOREARM * size
    arm = [
        _swept(
            wrist + side * across * _WRIST_R * 0.4 * fat,
            elbow + side * across * 14 * fat,
            _WRIST_R * 0.85 * fat,
            _ELBOW_R * fat,
        )
        for side in (-0.8, 0.8)
    ]
    whole = np.concatenate([hand, *arm])
    return whole, np.arange(len(whole)) >= len(hand)


def _swept(start: Floats, end: Floats, thick: float, thin: float) -> Floats:
    count = max(3, int(np.linalg.norm(end - start) / (0.3 * min(thick, thin))) + 1)
    share = np.linspace(0, 1, count)[:, None]
    return np.concatenate([start + (end - start) * share, thick + (thin - thick) * share], axis=1)


def _depth(balls: Floats, arm: NDArray[np.bool_], side: int) -> tuple[Floats, NDArray[np.bool_]]:
    depth, of_arm = np.full((side, side), -1e9), np.zeros((side, side), bool)
    for (x, y, z, radius), is_arm in zip(balls, arm, strict=True):
        left, right = max(0, int(x - radius)), min(side, int(x + radius) + 2)
        top, bottom = max(0, int(y - radius)), min(side, int(y + radius) + 2)
        if left >= right or top >= bottom:
            continue
        squares = radius**2 - (np.arange(left, right) - x)[None] ** 2 - (np.arange(top, bottom) - y)[:, None] ** 2
        here = np.where(squares > 0, z + np.sqrt(np.maximum(squares, 0)), -1e9)
        window = depth[top:bottom, left:right]
        nearer = here > window
        window[nearer] = here[nearer]
        of_arm[top:bottom, left:right][nearer] = is_arm
    return depth, of_arm


def _within(values: Floats, inside: NDArray[np.bool_], sigma: float) -> Floats:
    """Smoothed over the hand alone."""
    weight = gaussian_filter(inside.astype(float), sigma)
    return np.asarray(np.where(inside, gaussian_filter(values * inside, sigma) / np.maximum(weight, 1e-6), values))


def _shade(depth: Floats, light: Light) -> Floats:
    down, right = np.gradient(depth)
    normal = np.stack([-right, -down, np.ones_like(depth)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    towards = np.array(light.towards) / np.linalg.norm(light.towards)
    lit = np.clip(normal @ towards, 0, 1)
    half = towards + np.array([0, 0, 1.0])
    gloss = np.clip(normal @ (half / np.linalg.norm(half)), 0, 1) ** 24
    return np.asarray(light.ambient + (1 - light.ambient) * lit + light.shine * gloss)


def _occlusion(depth: Floats, inside: NDArray[np.bool_], size: float) -> Floats:
    """Darker where the surroundings are nearer: between fingers and in folds."""
    shadow = np.ones_like(depth)
    for reach, strength in ((4.0, 0.05), (10.0, 0.025)):
        around = _within(depth, inside, reach * size + 0.5)
        shadow *= np.exp(-strength * np.clip(around - depth, 0, None) / max(size, 1e-3))
    return np.asarray(np.clip(shadow, 0.25, 1))


def _colour(
    shade: Floats, arm: NDArray[np.bool_], cuff: tuple[Floats, float], light: Light, rng: np.random.Generator
) -> Floats:
    side = shade.shape[0]
    base = np.array(light.palm if light.palm_shown else light.skin)
    patches = gaussian_filter(rng.normal(size=(side, side)), side / 18)
    patches /= max(float(patches.std()), 1e-6)
    fine = rng.normal(size=(side, side)) * 0.015
    colour = base[None, None] * (1 + 0.05 * patches + fine)[..., None]
    if light.sleeve is not None:
        place, reach = cuff
        away = np.hypot(*(np.indices(shade.shape)[::-1] - place[:2, None, None]))
        cloth = np.array(light.sleeve)[None, None] * (1 + 0.08 * patches[..., None])
        colour = np.where((arm & (away > reach))[..., None], cloth, colour)
    return np.asarray(np.clip(colour * shade[..., None], 0, 1))
