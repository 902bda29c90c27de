"""Rooms that nobody lives in: made-up backgrounds, and hands put before them as a webcam might see them."""

from collections.abc import Iterable
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from PIL import ImageDraw, ImageEnhance, ImageFilter, ImageOps
from scipy.ndimage import gaussian_filter

from trainer.gestures.render import Layer, Light, drawn, limb
from trainer.gestures.skeleton import Floats, pose

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]
Random = np.random.Generator

_TONES = (
    np.array([(255, 224, 196), (240, 200, 170), (224, 172, 140), (198, 134, 100), (141, 85, 60), (88, 52, 38)]) / 255
)
"""From light skin to dark."""
_PHOTOGRAPHED = np.array([0.62, 0.5, 0.4])
"""About the mean colour of the hands that are cut out of photos."""


def room(side: int, rng: Random) -> Image:
    """A background without a hand, [side, side, 3]."""
    picture = Pictures.fromarray(_wall(side, rng))
    draw = ImageDraw.Draw(picture)
    if rng.random() < 0.5:
        _corner(draw, side, rng)
    for _ in range(rng.poisson(2.5) if rng.random() < 0.75 else 0):
        _thing(draw, side, rng)
    if rng.random() < 0.3:
        _person(draw, side, rng)
    if rng.random() < 0.7:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, side / 40)))
    return np.asarray(picture)


def _wall(side: int, rng: Random) -> Image:
    corners = np.clip(_colour(rng)[None] + rng.normal(0, 28, (4, 3)), 0, 255)
    across = np.linspace(0, 1, side)
    top = corners[0] + (corners[1] - corners[0]) * across[:, None]
    bottom = corners[2] + (corners[3] - corners[2]) * across[:, None]
    wall = top[None] + (bottom - top)[None] * across[:, None, None]
    texture = gaussian_filter(rng.normal(size=(side, side)), rng.uniform(0.5, side / 12))
    wall += (texture / max(float(texture.std()), 1e-6) * rng.choice([0, 3, 8, 20], p=[0.3, 0.4, 0.2, 0.1]))[..., None]
    if rng.random() < 0.35:  # a lamp
        y, x = np.indices((side, side)) - rng.uniform(-0.1, 1.1, (2, 1, 1)) * side
        wall += 160 * rng.random() * np.exp(-(x**2 + y**2) / (side * rng.uniform(0.05, 0.5)) ** 2)[..., None]
    return np.asarray(np.clip(wall, 0, 255), np.uint8)


def _colour(rng: Random) -> NDArray[np.float64]:
    grey = rng.uniform(15, 245)
    return np.clip(grey + rng.normal(0, rng.choice([4, 15, 60], p=[0.45, 0.3, 0.25]), 3), 0, 255)


def _ink(rng: Random) -> Colour:
    red, green, blue = (int(part) for part in _colour(rng))
    return red, green, blue


def _corner(draw: ImageDraw.ImageDraw, side: int, rng: Random) -> None:
    """Where walls and ceiling meet."""
    x, y = rng.uniform(0.1, 0.9) * side, rng.uniform(-0.1, 0.5) * side
    left, right = y - rng.uniform(-0.2, 0.4) * side, y - rng.uniform(-0.2, 0.4) * side
    draw.polygon([(0, -side), (0, left), (x, y), (side, right), (side, -side)], fill=_ink(rng))
    if rng.random() < 0.5:
        draw.line([(0, left), (x, y), (side, right)], fill=_ink(rng), width=int(rng.integers(1, 5)))
    draw.line([(x, y), (x, side)], fill=_ink(rng), width=int(rng.integers(1, 4)))


def _thing(draw: ImageDraw.ImageDraw, side: int, rng: Random) -> None:
    """A door, a window, a poster, a lamp, a cable."""
    x, y = rng.uniform(-0.2, 1.0, 2) * side
    width, height = rng.uniform(0.05, 0.6, 2) * side
    kind = rng.integers(5)
    if kind <= 1:
        draw.rectangle([x, y, x + width, y + height], fill=_ink(rng), outline=_ink(rng) if rng.random() < 0.5 else None)
    elif kind == 2:
        draw.ellipse([x, y, x + width, y + height], fill=_ink(rng))
    elif kind == 3:
        draw.line(
            [(x, y), *(tuple(rng.uniform(0, side, 2)) for _ in range(2))], fill=_ink(rng), width=int(rng.integers(1, 9))
        )
    else:
        step = rng.uniform(0.02, 0.12) * side
        for shelf in range(int(rng.integers(2, 8))):
            draw.rectangle([x, y + shelf * step, x + width, y + shelf * step + step * 0.6], fill=_ink(rng))


def _person(draw: ImageDraw.ImageDraw, side: int, rng: Random) -> None:
    """Somebody who sits before the camera: head, hair, shoulders."""
    skin = tuple(int(part * 255 * rng.uniform(0.6, 1)) for part in _tone(rng))
    head = rng.uniform(0.12, 0.3) * side
    x, y = rng.uniform(0.1, 0.9) * side, rng.uniform(0.2, 0.7) * side
    draw.rounded_rectangle([x - 2.1 * head, y + 1.1 * head, x + 2.1 * head, 2 * side], radius=head, fill=_ink(rng))
    draw.rectangle([x - 0.4 * head, y + 0.5 * head, x + 0.4 * head, y + 1.4 * head], fill=skin)
    draw.ellipse([x - 0.95 * head, y - 1.25 * head, x + 0.95 * head, y + 0.9 * head], fill=_ink(rng))
    draw.ellipse([x - 0.75 * head, y - head, x + 0.75 * head, y + head], fill=skin)
    for eye in (-0.3, 0.3):
        draw.ellipse(
            [x + (eye - 0.1) * head, y - 0.25 * head, x + (eye + 0.1) * head, y - 0.1 * head], fill=(30, 25, 25)
        )
    draw.line([(x - 0.25 * head, y + 0.5 * head), (x + 0.25 * head, y + 0.5 * head)], fill=(120, 60, 60), width=2)


def _tone(rng: Random) -> NDArray[np.float64]:
    place = rng.uniform(0, len(_TONES) - 1)
    low = int(place)
    tone = _TONES[low] + (_TONES[min(low + 1, len(_TONES) - 1)] - _TONES[low]) * (place - low)
    return np.asarray(np.clip(tone * rng.normal(1, 0.05, 3), 0, 1))


def drawn_hand(label: str, side: int, rng: Random) -> tuple[Layer, Floats]:
    """A hand that shows the sign, drawn as seen from anywhere, somewhere in the frame; and its points in pixels."""
    points = pose(label, rng)
    if rng.random() < 0.5:
        points = points * np.array([-1, 1, 1])
    turn = _view(rng)
    seen = points @ turn.T
    seen = seen * (1 + (seen[:, 2:] / rng.uniform(350, 1200)))  # nearer is larger
    low, high = seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)
    extent = float((high - low).max()) + 30
    scale = side * min(rng.uniform(0.3, 0.95) * rng.uniform(0.85, 1.25), 1.15) / extent
    middle = np.array([*(low + high) / 2, 0.0])
    place = np.array([*(0.5 + np.clip(rng.normal(0, 0.13, 2), -0.3, 0.3)) * side, 0.0])
    pixels = (seen - middle) * scale * np.array([1, -1, 1]) + place
    return drawn(pixels, side, _light(bool(turn[2, 2] > 0), rng), rng), pixels


def drawn_arm(side: int, rng: Random) -> Layer:
    """An arm, or an elbow, whose hand is beyond the edge."""
    start = rng.uniform(-0.15, 1.15, 2)
    start[rng.integers(2)] = rng.choice([-0.25, 1.25])
    middle = rng.uniform(0.1, 0.9, 2)
    end = rng.uniform(-0.3, 1.3, 2)
    end[rng.integers(2)] = rng.choice([-0.3, 1.3])
    joints = np.column_stack([np.stack([start, middle, end]) * side, rng.normal(0, 0.1, 3) * side])
    thickness = side * rng.uniform(0.05, 0.16) * np.array([rng.uniform(0.7, 1), 1, rng.uniform(1, 1.4)])
    return limb(joints, [float(one) for one in thickness], side, _light(False, rng), rng)


def _light(palm_shown: bool, rng: Random) -> Light:
    skin = _tone(rng)
    palm = np.clip(skin * rng.uniform(1.0, 1.25) + np.array([0.06, 0.01, 0.01]), 0, 1)
    towards = rng.normal(0, 1, 3) + np.array([0, -0.6, 1.2])
    return Light(
        skin=_three(skin),
        palm=_three(palm),
        sleeve=_three(_colour(rng) / 255) if rng.random() < 0.5 else None,
        towards=_three([towards[0], towards[1], abs(towards[2])]),
        ambient=rng.uniform(0.15, 0.75),
        shine=rng.uniform(0, 0.2),
        palm_shown=palm_shown,
    )


def _three(values: Iterable[float]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third


def _view(rng: Random) -> Floats:
    """A rotation: fingers mostly up, palm or back or edge to the camera, sometimes from the side or upside down."""
    yaw = rng.normal(0, 0.6) + (np.pi if rng.random() < 0.45 else 0)
    if rng.random() < 0.2:
        yaw = rng.uniform(-np.pi, np.pi)
    pitch = rng.normal(0, 0.35)
    roll = rng.normal(0, 0.35)
    if rng.random() < 0.3:
        roll = rng.uniform(-np.pi, np.pi)
    return _about(2, roll) @ _about(0, pitch) @ _about(1, yaw)


def _about(axis: int, angle: float) -> Floats:
    first, second = [other for other in range(3) if other != axis]
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = np.cos(angle)
    turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
    return turn


def cut_out(photo: Pictures.Image) -> Pictures.Image:
    """A hand photographed before green, as RGBA: what is greener than skin can be is not hand (exact masks)."""
    colour = np.asarray(photo.convert("RGB"), np.float32)
    red, green, blue = colour[..., 0], colour[..., 1], colour[..., 2]
    greener = green - np.maximum(red, blue)
    alpha = np.clip(1 - (greener + 2) / 16, 0, 1)
    alpha = gaussian_filter(alpha, 0.7)
    alpha = np.clip((alpha - 0.35) / 0.4, 0, 1)
    colour[..., 1] = np.minimum(green, (red + blue) / 2 + 12)  # what the green threw on the skin
    return Pictures.fromarray(np.dstack([colour, alpha * 255]).clip(0, 255).astype(np.uint8), "RGBA")


def placed(cut: Pictures.Image, side: int, rng: Random, points: Floats | None) -> tuple[Layer, Floats | None]:
    """A hand cut out of a photo, turned, mirrored, recoloured, and put somewhere in the frame; its points go along."""
    if rng.random() < 0.5:
        cut = ImageOps.mirror(cut)
        points = None if points is None else np.array([cut.width, 0]) + points * np.array([-1, 1])
    alpha = np.asarray(cut)[..., 3] > 128
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not len(rows):
        return np.zeros((side, side, 4), np.float32), points
    extent = max(rows[-1] - rows[0], (columns[-1] - columns[0]) * 0.75)
    zoom = side * rng.uniform(0.35, 1.15) / max(extent, 1)
    angle = rng.choice([np.pi / 2, -np.pi / 2, 0.0]) + rng.normal(0, 0.4)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1, rng.normal(0, 0.12)], [rng.normal(0, 0.12), rng.uniform(0.75, 1.25)]])
    forward = zoom * turn @ shear
    back = np.linalg.inv(forward)
    centre = np.array([(columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2])
    place = (0.5 + np.clip(rng.normal(0, 0.12, 2), -0.3, 0.3)) * side
    shift = centre - back @ place
    terms = (*back[0], shift[0], *back[1], shift[1])
    small = cut.transform((side, side), Pictures.Transform.AFFINE, terms, Pictures.Resampling.BILINEAR)
    layer: Layer = np.asarray(small, np.float32) / np.float32(255)
    layer[..., :3] = _recoloured(layer[..., :3], rng)
    return layer, None if points is None else (points - centre) @ forward.T + place


def _recoloured(colour: Layer, rng: Random) -> Layer:
    return np.asarray(np.clip(colour * (_tone(rng) / _PHOTOGRAPHED) ** rng.uniform(0.0, 1.0), 0, 1), np.float32)


def before(layer: Layer, background: Image, rng: Random) -> Image:
    """The hand before the background, sometimes with something before the hand."""
    alpha = layer[..., 3:]
    picture = layer[..., :3] * 255 * alpha + background * (1 - alpha)
    if rng.random() < 0.25:  # its shadow on the wall
        shift = rng.integers(-12, 13, 2)
        shadow = gaussian_filter(np.roll(alpha[..., 0], shift, (0, 1)), rng.uniform(1, 6))[..., None]
        picture = layer[..., :3] * 255 * alpha + background * (1 - rng.uniform(0.1, 0.6) * shadow) * (1 - alpha)
    return np.clip(picture, 0, 255).astype(np.uint8)


def seen(image: Image, rng: Random) -> Image:
    """What a camera makes of it: exposure, colours, blur, noise, compression, borders."""
    return seen_with(None, image, rng)[0]


def seen_with(points: Floats | None, image: Image, rng: Random) -> tuple[Image, Floats | None]:
    """The same, and where the points [n, 2] in pixels are in it: a border moves them."""
    picture = Pictures.fromarray(image)
    side = picture.width
    if rng.random() < 0.5:
        picture = ImageEnhance.Brightness(picture).enhance(rng.uniform(0.35, 1.7))
    if rng.random() < 0.4:
        picture = ImageEnhance.Contrast(picture).enhance(rng.uniform(0.45, 1.6))
    if rng.random() < 0.4:
        picture = ImageEnhance.Color(picture).enhance(rng.uniform(0, 1.6))
    if rng.random() < 0.15:
        picture = ImageOps.grayscale(picture).convert("RGB")
    if rng.random() < 0.4:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 2.2)))
    values = np.asarray(picture, np.float64)
    if rng.random() < 0.5:
        values = values * rng.uniform(0.8, 1.2, 3) + rng.normal(0, 6, 3)
    if rng.random() < 0.4:
        values = 255 * np.clip(values / 255, 0, 1) ** rng.uniform(0.5, 1.9)
    if rng.random() < 0.5:
        values = values + rng.normal(0, rng.uniform(1, 11), values.shape)
    if rng.random() < 0.07:
        values = values[..., rng.permutation(3)]
    picture = Pictures.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    if rng.random() < 0.12:  # a letter box
        border = int(side * rng.uniform(0.03, 0.15))
        box = (0, border, side, side - border) if rng.random() < 0.6 else (border, 0, side - border, side)
        framed = Pictures.new("RGB", picture.size)
        inner = box[2] - box[0], box[3] - box[1]
        framed.paste(picture.resize(inner), box[:2])
        picture = framed
        points = None if points is None else np.array(box[:2]) + points * inner / side
    if rng.random() < 0.5:
        kept = BytesIO()
        picture.save(kept, "JPEG", quality=int(rng.integers(25, 92)))
        picture = Pictures.open(kept)
    return np.asarray(picture), points
