"""What the daemon's child does: a module of its own, because a fresh process must find it by name."""

import logging

from models.places import store_at
from trainer.settings import Settings


def log_to_stderr(settings: Settings) -> None:
    """Lines for a person."""
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(format=form, level=settings.log_level.upper(), force=True)


def cycle(settings: Settings) -> None:
    """One cycle; the learning libraries are loaded here and never in the daemon's own process."""
    log_to_stderr(settings)
    from trainer.cycle import run

    run(settings.database, store_at(settings.store, settings.data_dir, settings.bundle_key), settings.position)
