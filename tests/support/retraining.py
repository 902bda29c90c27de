"""Retrainings of gesture models for tests, in a module that a child process finds by name."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event

from game.assignment import Alias
from models.gesture_bundle import Family
from support.gestures import gesture_manifest
from trainer.errors import NothingToLearn
from trainer.gestures import decisions
from trainer.gestures.job import FAULT
from trainer.settings import Settings

Tell = Callable[[str, float], None]


def published(settings: Settings, step: str, tell: Tell) -> None:
    """Puts another model into production at once."""
    tell("learning", 0.5)
    with decisions.opened(settings) as (gestures, position):
        table = gestures.settle(position)
        model = f"model {table.generation}".encode()
        pin = gestures.store.put(gesture_manifest(model), model)
        decisions.publish(gestures, {Family.PIXELS: pin}, table.generation, position, "as good", {})


def refused(settings: Settings, step: str, tell: Tell) -> None:
    """Finds its candidate worse."""
    with decisions.opened(settings) as (gestures, position):
        decisions.refuse(gestures, position, "worse on one", {"photos": 3})


def faulty(settings: Settings, step: str, tell: Tell) -> None:
    tell(f"{FAULT}There are no photos.", 1.0)
    raise NothingToLearn("There are no photos.")


def idle(settings: Settings, step: str, tell: Tell) -> None:
    """Ends well and has decided nothing."""


def endless(settings: Settings, step: str, tell: Tell) -> None:
    """Does not end when it is asked to."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tell("learning for ever", 0.25)
    Path(settings.data_dir, "started").write_text(str(os.getpid()))
    Event().wait()


def serves(settings: Settings) -> str:
    """The version of whole images in production."""
    with decisions.opened(settings) as (gestures, _):
        return gestures.store.table().aliases[Family.PIXELS][Alias.PRODUCTION].version
