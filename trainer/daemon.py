"""The daemon: one loop that looks at live play, at the cycle under way, at the registry and at orders, in turn.

It holds the lease while it works. Everything heavy happens in children (`trainer.cycle`); whatever is down is told of
once and tried again, and what serves stays as it is.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from threading import Event
from time import monotonic

from models.errors import BundleError, StoreError
from models.places import store_at
from trainer import steps
from trainer.cycle import Child, Cycle, Progress, Work
from trainer.data import log
from trainer.errors import TrainerError
from trainer.lifecycle import book
from trainer.lifecycle.admin import Admin
from trainer.lifecycle.decisions import Lifecycle
from trainer.lifecycle.lease import Lease
from trainer.lifecycle.sidecar import Sidecar
from trainer.lifecycle.watch import Watch
from trainer.metrics import Metrics, exported
from trainer.settings import Settings

logger = logging.getLogger(__name__)

_GUARD_S = 2.0
"""How often the sidecar is asked after the models it holds."""
_NOTICE_S = 1.0
_LEAST_PAUSE_S, _LONGEST_PAUSE_S = 30.0, 3600.0
"""After a cycle that failed, or a registry that was down, the next attempt waits; twice as long after each further."""
_REGISTRY_S = 600.0
"""How long the registry may take before it counts as hung."""


class Pause:
    """When something that failed may be tried again."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._length = _LEAST_PAUSE_S
        self._until = 0.0

    @property
    def over(self) -> bool:
        return self._clock() >= self._until

    def failed(self) -> float:
        """Wait, longer each time; returns how long."""
        length, self._length = self._length, min(2 * self._length, _LONGEST_PAUSE_S)
        self._until = self._clock() + length
        return length

    def succeeded(self) -> None:
        self._length, self._until = _LEAST_PAUSE_S, 0.0


class Daemon:
    """What the loop knows; all of it can be made again from ledger, log and store."""

    def __init__(self, settings: Settings, admin: Admin, metrics: Metrics, work: Work, register: Work) -> None:
        self._settings = settings
        self._admin = admin
        self._metrics = metrics
        self._work = work
        self._register = register
        self._lease = Lease()
        self._store = store_at(settings.store, settings.data_dir, settings.bundle_key)
        self._watch: Watch | None = None
        self._cycle: Cycle | None = None
        self._registrar: Child | None = None
        self._registered: tuple[int, int] | None = None
        self._registrar_since = 0.0
        self._retry, self._registry_retry = Pause(), Pause()
        self._trained = (-1, 0, 0)
        """(the ledger's last number, the next cycle, how far has been learned): found out again when it grows."""
        self._guarded = self._noticed = 0.0
        self._trouble = ""

    def follow(self, stop: Event) -> None:
        """Work until told to stop; children are ended, and what they did goes on when the daemon starts again."""
        try:
            while not stop.is_set():
                stop.wait(0.0 if self._looked() else self._settings.poll_s)
        finally:
            for one in (self._cycle, self._registrar):
                if one is not None:
                    one.end()

    def _looked(self) -> bool:
        """One turn; whether there is more to do at once."""
        waiting = "Waiting for it." if self._watch is None else "What serves stays as it is; trying again."
        try:
            with book.opened(self._settings.database) as opened, log.opened(self._settings.database) as reader:
                if not self._lease.beat(opened):
                    self._let_go()
                    return False
                more = self._turn(Lifecycle(opened, self._store), reader)
        except (TrainerError, StoreError, BundleError, sqlite3.Error) as error:
            if str(error) != self._trouble:
                logger.warning("%s %s", error, waiting)
            self._trouble = str(error)
            return False
        self._trouble = ""
        return more

    def _let_go(self) -> None:
        """Somebody else is the trainer."""
        self._admin.close()
        if self._cycle is not None:
            logger.warning("The cycle under way is left to the other trainer.")
            self._cycle.end()
        self._cycle = self._watch = None

    def _turn(self, lifecycle: Lifecycle, reader: sqlite3.Connection) -> bool:
        if self._watch is None:
            lifecycle.settle(log.last_position(reader))
            settings = self._settings
            sidecar = Sidecar(settings.inference_host, settings.inference_port)
            self._watch = Watch(settings.promotion_rule, settings.bot_share, sidecar, self._metrics.decided)
            self._admin.open()
        lifecycle.settle(log.last_position(reader))
        taken = self._watch.look(lifecycle, reader)
        if monotonic() - self._guarded > _GUARD_S:
            self._watch.guard(lifecycle, reader)
            self._guarded = monotonic()
        self._learn(lifecycle, reader)
        self._tell_registry(lifecycle)
        if monotonic() - self._noticed > _NOTICE_S:
            self._notice(lifecycle)
        return taken > 0

    def _learn(self, lifecycle: Lifecycle, reader: sqlite3.Connection) -> None:
        if self._cycle is None:
            self._begin(lifecycle, reader)
            return
        said = self._cycle.progress
        if self._cycle.advance():
            now = self._cycle.progress
            if now.phase != said.phase:
                logger.info("%s", now)
            return
        over, self._cycle = self._cycle, None
        if over.failed:
            logger.error("Cycle %d failed; trying again in %.0f s.", over.number, self._retry.failed())
        else:
            steps.finish(self._settings, lifecycle)
            self._retry.succeeded()
        self._notice(lifecycle)

    def _begin(self, lifecycle: Lifecycle, reader: sqlite3.Connection) -> None:
        number, learned = self._next(lifecycle)
        new = log.played_since(reader, learned)
        self._metrics.waiting(new)
        asked = self._admin.retrain.is_set()
        if not asked and (new < self._settings.retrain_rounds or not self._retry.over):
            return
        self._admin.retrain.clear()
        left = steps.remaining(lifecycle, self._settings.work)
        resumed = len(left) < len(steps.names())
        logger.info("Cycle %d %s: %d new rounds.", number, "goes on" if resumed else "begins", new)
        self._cycle = Cycle(self._settings, number, left, len(steps.names()), self._work)
        self._cycle.advance()

    def _next(self, lifecycle: Lifecycle) -> tuple[int, int]:
        """(the number of the next cycle, the position up to which those before it have learned)."""
        head = lifecycle.book.head()
        last = 0 if head is None else head.number
        if self._trained[0] != last:
            self._trained = last, steps.next_number(lifecycle), steps.learned(lifecycle)
        return self._trained[1:]

    def _tell_registry(self, lifecycle: Lifecycle) -> None:
        """Bring the registry in line when there is something new, one process at a time, beside a cycle or not."""
        if self._registrar is not None:
            hung = monotonic() - self._registrar_since > _REGISTRY_S
            if self._registrar.running and not hung:
                return
            self._registrar.end()
            if self._registrar.succeeded:
                self._registry_retry.succeeded()
            else:
                self._registered = None
                pause = self._registry_retry.failed()
                logger.warning("The registry is not up to date; trying again in %.0f s.", pause)
            self._registrar = None
        waiting = len(list(self._settings.outbox.glob("[!.]*.json")))
        now = lifecycle.store.table().generation, waiting
        if self._cycle is None and now != self._registered and self._registry_retry.over:
            self._registered = now[0], 0
            self._registrar, self._registrar_since = Child(self._settings, self._register, "registry"), monotonic()

    def _notice(self, lifecycle: Lifecycle) -> None:
        self._noticed = monotonic()
        idle = Progress("waiting for rounds", 0.0, None, self._next(lifecycle)[0])
        progress = idle if self._cycle is None else self._cycle.progress
        self._metrics.progressed(progress)
        lifecycle.book.notice("progress", progress)
        if self._watch is not None:
            lifecycle.book.notice("comparisons", self._watch.told())


@contextmanager
def working(settings: Settings, admin: Admin, work: Work, register: Work) -> Iterator[Daemon]:
    """A daemon that takes orders and tells its metrics until this is closed."""
    with exported(settings.otel_exporter_otlp_endpoint) as metrics, closing(admin):
        yield Daemon(settings, admin, metrics, work, register)
