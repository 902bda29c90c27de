"""The daemon: one loop that looks at live play, the scoreboard, the cycle under way, the registry and orders, in turn.

It holds the lease while it works. Everything heavy happens in children (`trainer.cycle`); whatever is down is told of
once and tried again, and what serves stays as it is.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event
from time import monotonic

from models.errors import BundleError, StoreError
from models.places import store_at
from telemetry.traces import NO_TRACES, Traces
from trainer import steps
from trainer.cycle import Cycle, Work
from trainer.data import log
from trainer.database import Database
from trainer.errors import TrainerError
from trainer.lifecycle.admin import Admin
from trainer.lifecycle.book import Book
from trainer.lifecycle.chronicle import Chronicle
from trainer.lifecycle.counted import Counted
from trainer.lifecycle.decisions import Lifecycle
from trainer.lifecycle.lease import Lease
from trainer.lifecycle.sidecar import Sidecar
from trainer.lifecycle.watch import Watch, held
from trainer.meters import Meters, Now
from trainer.pause import Pause
from trainer.progress import Progress
from trainer.registrar import Registrar
from trainer.scoreboard.board import Board
from trainer.scoreboard.shown import Readings, Shown, shown
from trainer.settings import Settings

logger = logging.getLogger(__name__)

_GUARD_S = 2.0
"""How often the sidecar is asked after the models it holds."""
_NOTICE_S = 1.0


class Daemon:
    """What the loop knows; all of it can be made again from ledger, log and store."""

    def __init__(
        self, settings: Settings, admin: Admin, work: Work, register: Work, meters: Meters, traces: Traces
    ) -> None:
        self._settings = settings
        self._admin = admin
        self._work = work
        self._meters = meters
        self._traces = traces
        self._database = Database(settings)
        self._lease = Lease()
        store = store_at(settings.store, settings.data_dir, settings.bundle_key)
        self._store = Counted(store, meters.store_calls)
        self._watch: Watch | None = None
        self._chronicle, self._board = Chronicle(), Board(settings.scoreboard)
        self._cycle: Cycle | None = None
        self._registrar = Registrar(settings, register, meters)
        self._retry = Pause()
        self._trained = (-1, 0, 0)
        """(the ledger's last number, the next cycle, how far has been learned): found out again when it grows."""
        self._held: dict[str, set[str]] = {}
        """The versions that have an alias, by family."""
        self._guarded = self._noticed = 0.0
        self._trouble = ""

    def follow(self, stop: Event) -> None:
        """Work until told to stop; children are ended, and what they did goes on when the daemon starts again."""
        try:
            while not stop.is_set():
                began = monotonic()
                more = self._looked()
                self._meters.turn(not self._trouble, monotonic() - began)
                stop.wait(0.0 if more else self._settings.poll_s)
        finally:
            if self._cycle is not None:
                self._cycle.end()
            self._registrar.end()
            self._admin.gestures.end()
            self._keep()
            self._database.close()

    def _keep(self) -> None:
        """What the scoreboard has counted, so that the next start begins there; at worst it counts again."""
        if self._watch is not None:
            with suppress(TrainerError, sqlite3.Error), log.opened(self._settings.database) as reader:
                self._board.keep(reader)

    def _looked(self) -> bool:
        """One turn; whether there is more to do at once."""
        waiting = "Waiting for it." if self._watch is None else "What serves stays as it is; trying again."
        try:
            with self._database.book() as opened:
                self._meters.leading = self._lease.beat(opened)
                more = self._led(opened) if self._meters.leading else self._let_go()
        except (TrainerError, StoreError, BundleError, sqlite3.Error) as error:
            if str(error) != self._trouble:
                logger.warning("%s %s", error, waiting)
            self._trouble = str(error)
            return False
        self._trouble = ""
        return more

    def _led(self, opened: Book) -> bool:
        """One turn of whoever holds the lease; whether there is more. Nothing is concluded from half a log."""
        more = self._database.read_on()
        if not self._database.ready:
            self._meters.now = Now(lag=self._lag())
            return True
        with log.opened(self._settings.database) as reader:
            return self._turn(Lifecycle(opened, self._store), reader) or more

    def _lag(self) -> Readings:
        """What the file that is read lacks of the log."""
        lag = self._database.lag
        return () if lag is None else ((("mirror",), lag),)

    def _let_go(self) -> bool:
        """Somebody else is the trainer; there is nothing to do."""
        self._database.rest()
        self._admin.close()
        if self._cycle is not None:
            logger.warning("The cycle under way is left to the other trainer.")
            self._cycle.end()
        self._admin.gestures.end()
        self._cycle = self._watch = None
        self._meters.now, self._meters.unlearned = Now(), None
        return False

    def _turn(self, lifecycle: Lifecycle, reader: sqlite3.Connection) -> bool:
        if self._watch is None:
            lifecycle.settle(log.last_position(reader))
            settings = self._settings
            sidecar = Sidecar(settings.inference_host, settings.inference_port)
            self._chronicle, self._board = Chronicle(), Board(settings.scoreboard)
            self._watch = Watch(
                settings.promotion_rule, settings.bot_share, sidecar, self._chronicle.follow, self._traces
            )
            self._admin.open()
        self._held = held(lifecycle.settle(log.last_position(reader)).aliases)
        taken = self._watch.look(lifecycle, reader)
        if monotonic() - self._guarded > _GUARD_S:
            self._watch.guard(lifecycle, reader)
            self._guarded = monotonic()
        self._learn(lifecycle, reader)
        self._admin.gestures.advance()
        self._registrar.advance(lifecycle, idle=self._cycle is None)
        more = self._board.advance(reader)
        if monotonic() - self._noticed > _NOTICE_S:
            self._notice(lifecycle, reader)
        return more or taken > 0

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
        self._notice(lifecycle, reader)

    def _begin(self, lifecycle: Lifecycle, reader: sqlite3.Connection) -> None:
        number, learned = self._next(lifecycle)
        new = log.played_since(reader, learned)
        self._meters.unlearned = new
        asked = self._admin.retrain.is_set()
        if not asked and (new < self._settings.retrain_rounds or not self._retry.over):
            return
        self._admin.retrain.clear()
        left = steps.remaining(lifecycle, self._settings)
        resumed = len(left) < len(steps.names(self._settings))
        logger.info("Cycle %d %s: %d new rounds.", number, "goes on" if resumed else "begins", new)
        self._cycle = Cycle(
            self._settings, number, left, len(steps.names(self._settings)), self._work, self._meters, self._traces
        )
        self._cycle.advance()

    def _next(self, lifecycle: Lifecycle) -> tuple[int, int]:
        """(the number of the next cycle, the position up to which those before it have learned)."""
        head = lifecycle.book.head()
        last = 0 if head is None else head.number
        if self._trained[0] != last:
            self._trained = last, steps.next_number(lifecycle), steps.learned(lifecycle)
        return self._trained[1:]

    def _notice(self, lifecycle: Lifecycle, reader: sqlite3.Connection) -> None:
        """Tell the server and whoever collects metrics how it goes."""
        self._noticed = monotonic()
        number, learned = self._next(lifecycle)
        idle = Progress("waiting for rounds", 0.0, None, number)
        progress = idle if self._cycle is None else self._cycle.progress
        lifecycle.book.notice("progress", progress)
        if self._watch is None:
            return
        lifecycle.book.notice("comparisons", self._watch.told())
        weights = self._watch.weights()
        unread = log.last_position(reader) - self._board.totals.position
        self._meters.now = Now(
            progress=progress,
            trained_at=self._chronicle.trained_at,
            decisions=self._chronicle.decisions(),
            lag=((("comparison",), self._watch.behind), (("scoreboard",), unread), *self._lag()),
            e_values=tuple(((one.family, one.step), one.e_value) for one in weights),
            pairs=tuple(((one.family, one.step), one.pairs) for one in weights),
            # while the board is still reading up on the log, what it has counted so far would mislead
            board=shown(self._board.totals, self._held, learned) if self._board.caught_up else Shown(),
        )


@contextmanager
def working(
    settings: Settings, admin: Admin, work: Work, register: Work,
    meters: Meters | None = None, traces: Traces = NO_TRACES,
) -> Iterator[Daemon]:  # fmt: skip
    """A daemon that takes orders until this is closed."""
    with closing(admin):
        yield Daemon(settings, admin, work, register, meters or Meters(), traces)
