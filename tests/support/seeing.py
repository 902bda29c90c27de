"""A whole system whose models tell colours: red is rock, green is paper and blue is scissors (`support.pixels`)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.system import System
from game.assignment import Alias
from models.gesture_bundle import Family
from models.places import gestures_at
from support.pixels import put_pixels


@contextmanager
def seeing(folder: Path, **variables: str) -> Iterator[System]:
    """Server and sidecar, with such a model as Production and another as B."""
    store = gestures_at(folder / "store", str(folder))
    pins = {Alias.PRODUCTION: put_pixels(store), Alias.B: put_pixels(store, 1)}
    store.swap(store.table().generation, {Family.PIXELS: pins})
    with System(folder, **variables) as system:
        yield system.play()
