"""Which gesture models are loaded, and which look together."""

from pathlib import Path

import pytest
from support.gestures import CLASSES, gesture_manifest
from support.pixels import pixels_model, put_pixels

from game.assignment import Alias
from game.gestures import Label
from inference.sights import GestureFollower, GestureWindow, Sights, load
from models.bundle import write
from models.errors import BundleError
from models.gesture_bundle import Family, GestureStore, read

P, B, *_ = Alias


@pytest.mark.parametrize(
    ("options", "classes", "fault"),
    [
        ({"side": 151}, CLASSES, "takes (151, 151, 3), not (150, 150, 3)"),
        ({"told": "shares"}, CLASSES, "no output probabilities"),
        ({"last": "Sigmoid"}, CLASSES, "no probabilities for a sample"),
        ({"last": "Log"}, CLASSES, "no probabilities for a sample"),
        ({"last": "ReduceSum"}, CLASSES, "no output probabilities"),
        ({}, CLASSES[:3], "for 3 classes"),
        ({}, [*CLASSES, Label.OTHER], "for 5 classes"),
    ],
)
def test_a_whole_bundle_around_a_bad_model_is_refused(
    options: dict[str, object], classes: list[Label], fault: str, tmp_path: Path
) -> None:
    model = pixels_model(**options)  # type: ignore[arg-type]
    write(tmp_path / "b", gesture_manifest(model, classes=classes), model)
    with pytest.raises(BundleError) as caught:
        load(read(tmp_path / "b"))
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("family", Family)
def test_bytes_that_are_no_model_of_the_family_are_refused(family: Family, tmp_path: Path) -> None:
    model = pixels_model() if family is Family.POINTS else b"no model"
    write(tmp_path / "b", gesture_manifest(model, family), model)
    with pytest.raises(BundleError, match=r"takes|cannot be loaded"):
        load(read(tmp_path / "b"))


def test_a_model_that_tells_other_points_than_a_hand_has_is_refused(tmp_path: Path) -> None:
    model = pixels_model(points=20)
    write(tmp_path / "b", gesture_manifest(model), model)
    with pytest.raises(BundleError, match="points is not 21 points"):
        load(read(tmp_path / "b"))


async def test_a_bad_successor_leaves_who_looked_before(
    gesture_store: GestureStore,
    gesture_window: GestureWindow,
    gesture_follower: GestureFollower,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before, bad = gesture_window.shelf, pixels_model(side=10)
    pin = gesture_store.put(gesture_manifest(bad), bad)
    gesture_store.swap(1, {Family.PIXELS: {P: pin, B: put_pixels(gesture_store, 2)}})
    seen = await gesture_follower.look()
    assert [one.pin for one in seen.refused] == [pin]
    assert gesture_window.shelf.families[Family.PIXELS][P] is before.families[Family.PIXELS][P]
    assert B in gesture_window.shelf.families[Family.PIXELS]
    assert "gesture-pixels.Production is refused. Bundle gesture-pixels-" in caplog.text


async def test_what_looks_stays_the_same_until_the_shelf_changes(
    gesture_store: GestureStore, gesture_window: GestureWindow, gesture_follower: GestureFollower
) -> None:
    sights = Sights(gesture_window, None)
    first = sights.of(P)
    assert first is not None
    assert sights.of(P) is first
    assert sights.of(B) is None
    pins = gesture_store.table().aliases[Family.PIXELS]
    gesture_store.swap(1, {Family.PIXELS: {P: put_pixels(gesture_store, 2), B: pins[P]}})
    await gesture_follower.look()
    assert sights.of(P) is not first
    assert sights.of(B) is not None


async def test_a_rollback_loads_nothing_again(
    gesture_store: GestureStore, gesture_window: GestureWindow, gesture_follower: GestureFollower
) -> None:
    pins = gesture_store.table().aliases[Family.PIXELS]
    gesture_store.swap(1, {Family.PIXELS: {P: put_pixels(gesture_store, 2), B: pins[P]}})
    await gesture_follower.look()
    before = gesture_window.shelf.families[Family.PIXELS]
    now = gesture_store.table().aliases[Family.PIXELS]
    gesture_store.swap(2, {Family.PIXELS: {P: now[B], B: now[P]}})
    await gesture_follower.look()
    after = gesture_window.shelf.families[Family.PIXELS]
    assert (after[P], after[B]) == (before[B], before[P])
