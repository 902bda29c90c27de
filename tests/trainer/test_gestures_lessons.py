"""Lessons that are made up: what is known of a picture is true of it."""

import numpy as np
import pytest

from game.gestures import Label
from trainer.gestures import corpus, rooms

SIDE = 96
AT = np.array([[20.0, 24.0], [70.0, 24.0], [20.0, 60.0], [70.0, 60.0]])


class Chance(np.random.Generator):
    """Chance that leaves the picture as it is, but for a border of a tenth: above and below, or left and right."""

    def __init__(self, above: bool) -> None:
        super().__init__(np.random.PCG64(0))
        self._asked, self._above = 0, above

    def random(self, *_: object) -> float:  # type: ignore[override]
        """Which of the steps are taken, in the order in which they are asked for: the tenth is the border."""
        self._asked += 1
        return {10: 0.0, 11: 0.0 if self._above else 0.9}.get(self._asked, 0.99)

    def uniform(self, *_: object) -> float:  # type: ignore[override]
        return 0.1


@pytest.mark.parametrize("above", [True, False])
def test_points_move_with_what_they_mark_where_a_border_squeezes_the_picture(above: bool) -> None:
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    for x, y in AT.astype(int):
        image[y - 2 : y + 2, x - 2 : x + 2] = 255
    squeezed, points = rooms.seen_with(AT, image, Chance(above))
    assert points is not None and squeezed.shape == image.shape
    bright = squeezed[..., 0] > 127
    rows, columns = np.indices(bright.shape)
    for x, y in points:
        near = bright & (abs(columns - x) < 6) & (abs(rows - y) < 6)
        assert near.any()
        assert (columns[near].mean() + 0.5, rows[near].mean() + 0.5) == pytest.approx((x, y), abs=0.7)
    assert abs(points - AT).max() > 1


def test_lessons_are_told_with_the_points_that_the_camera_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "KINDS", {"drawn": 1.0})
    plain = corpus.made(2, list(Label), [], SIDE, np.random.default_rng(1))
    whole = rooms.seen_with

    def moved(points: rooms.Floats | None, image: rooms.Image, rng: rooms.Random) -> object:
        image, points = whole(points, image, rng)
        assert points is not None and points.shape == (21, 2)
        return image, points + SIDE

    monkeypatch.setattr(corpus, "seen_with", moved)
    shifted = corpus.made(2, list(Label), [], SIDE, np.random.default_rng(1))
    assert (shifted.images == plain.images).all()
    assert shifted.points == pytest.approx(plain.points + 1)
