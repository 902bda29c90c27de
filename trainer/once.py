"""One cycle and no daemon: for a CronJob, or for whoever wants to learn from a log now."""

import logging
from contextlib import closing
from threading import Event
from time import monotonic

from msgspec import Struct

from models.places import store_at
from telemetry.progress import Tell, untold
from telemetry.traces import NO_TRACES, Traces
from trainer import steps
from trainer.cycle import Child, Cycle, Work
from trainer.database import Database
from trainer.errors import TrainerError
from trainer.lifecycle.book import Book
from trainer.lifecycle.counted import Counted
from trainer.lifecycle.decisions import Lifecycle
from trainer.lifecycle.lease import Lease
from trainer.lifecycle.ledger import Entry
from trainer.meters import Meters, Now
from trainer.settings import Settings

logger = logging.getLogger(__name__)

_LOOK_S = 1.0


class Report(Struct, frozen=True):
    """The cycle's number, and what was decided in it; the last entry says from what it learned."""

    cycle: int
    entries: list[Entry]


def run(
    settings: Settings, work: Work, register: Work, meters: Meters | None = None, traces: Traces = NO_TRACES,
    tell: Tell = untold,
) -> Report:  # fmt: skip
    """Wait for the lease, do what remains of the present cycle or a whole one, and tell the registry."""
    meters = meters or Meters()
    store = Counted(store_at(settings.store, settings.data_dir, settings.bundle_key), meters.store_calls)
    lease = Lease()
    with closing(Database(settings)) as database, database.book() as opened:
        lifecycle = Lifecycle(opened, store)
        while not lease.beat(opened):
            Event().wait(_LOOK_S)
        meters.leading = True
        while database.read_on():
            _hold(lease, opened)
        database.rest()
        lifecycle.settle()
        number = steps.next_number(lifecycle)
        left = steps.remaining(lifecycle, settings)
        cycle = Cycle(settings, number, left, len(steps.names(settings)), work, meters, traces)
        try:
            _drive(cycle, lifecycle, lease, meters, tell)
        finally:
            cycle.end()
        if cycle.failed:
            raise TrainerError(f"Cycle {number} failed; what it has finished is kept for the next attempt.")
        steps.finish(settings, lifecycle)
        _tell(settings, register, meters)
        return Report(number, steps.of_cycle(lifecycle, number))


def _drive(cycle: Cycle, lifecycle: Lifecycle, lease: Lease, meters: Meters, tell: Tell) -> None:
    """To the cycle's end."""
    while cycle.advance():
        cycle.wait(_LOOK_S)
        now = cycle.progress
        meters.now = Now(progress=now)
        tell(f"cycle {now.cycle}: {now.phase}", now.percent / 100)
        lifecycle.book.notice("progress", now)
        _hold(lease, lifecycle.book)


def _hold(lease: Lease, book: Book) -> None:
    if not lease.beat(book):
        raise TrainerError("Another trainer has taken the lease; the cycle is left to it.")


def _tell(settings: Settings, register: Work, meters: Meters) -> None:
    """The registry may be down: what it does not have yet waits for the next time."""
    child, began = Child(settings, register, "registry"), monotonic()
    try:
        child.wait(300)
        meters.registry(child.succeeded, monotonic() - began)
        if not child.succeeded:
            logger.warning("The registry is not up to date; it will be told after the next cycle.")
    finally:
        child.end()
