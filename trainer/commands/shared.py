"""What several commands need: the log, the store, and how far one is."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.places import place, store_at
from models.store import Store
from telemetry.progress import Bar
from trainer.database import refresh
from trainer.settings import Settings

if TYPE_CHECKING:
    from trainer.data.intake import Fault

log = logging.getLogger("trainer")


def log_file(given: argparse.Namespace, settings: Settings) -> Path:
    """The SQLite file to read the round log from: the one named, or that of the settings, up to date."""
    named: Path | None = given.database
    if named is None:
        refresh(settings)
    return named or settings.database


def store_of(settings: Settings, elsewhere: str = "") -> Store:
    """The store of the settings, or the one at the place named."""
    where = place(elsewhere, settings.data_dir) if elsewhere else settings.store
    return store_at(where, settings.data_dir, settings.bundle_key)


def progress() -> Bar:
    """Tells how far a command is; where nobody watches, by log lines."""
    return Bar(log.info)


def tell_faults(faults: "Sequence[Fault]") -> None:
    """Say which matches were left out."""
    for fault in faults:
        log.warning("Match %s is left out, record %d is corrupt: %s", fault.match, fault.position, fault.reason)
