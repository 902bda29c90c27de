"""One cycle and no daemon: for a CronJob, or for whoever wants to learn from a log now."""

import logging
from threading import Event

from msgspec import Struct

from models.places import store_at
from trainer import steps
from trainer.cycle import Child, Cycle, Work
from trainer.errors import TrainerError
from trainer.lifecycle import book
from trainer.lifecycle.decisions import Lifecycle
from trainer.lifecycle.lease import Lease
from trainer.lifecycle.ledger import Entry
from trainer.settings import Settings

logger = logging.getLogger(__name__)

_LOOK_S = 1.0


class Report(Struct, frozen=True):
    """The cycle's number, and what was decided in it; the last entry says from what it learned."""

    cycle: int
    entries: list[Entry]


def run(settings: Settings, work: Work, register: Work) -> Report:
    """Wait for the lease, do what remains of the present cycle or a whole one, and tell the registry."""
    store = store_at(settings.store, settings.data_dir, settings.bundle_key)
    lease = Lease()
    with book.opened(settings.database) as opened:
        lifecycle = Lifecycle(opened, store)
        while not lease.beat(opened):
            Event().wait(_LOOK_S)
        lifecycle.settle()
        number = steps.next_number(lifecycle)
        cycle = Cycle(settings, number, steps.remaining(lifecycle, settings.work), len(steps.names()), work)
        try:
            _drive(cycle, lifecycle, lease)
        finally:
            cycle.end()
        if cycle.failed:
            raise TrainerError(f"Cycle {number} failed; what it has finished is kept for the next attempt.")
        steps.finish(settings, lifecycle)
        _tell(settings, register)
        return Report(number, steps.of_cycle(lifecycle, number))


def _drive(cycle: Cycle, lifecycle: Lifecycle, lease: Lease) -> None:
    """To the cycle's end, told line by line."""
    told = ""
    while cycle.advance():
        cycle.wait(_LOOK_S)
        now = cycle.progress
        if now.phase != told:
            logger.info("%s", now)
            told = now.phase
        lifecycle.book.notice("progress", now)
        if not lease.beat(lifecycle.book):
            raise TrainerError("Another trainer has taken the lease; the cycle is left to it.")


def _tell(settings: Settings, register: Work) -> None:
    """The registry may be down: what it does not have yet waits for the next time."""
    child = Child(settings, register, "registry")
    try:
        child.wait(300)
        if not child.succeeded:
            logger.warning("The registry is not up to date; it will be told after the next cycle.")
    finally:
        child.end()
