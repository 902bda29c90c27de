"""A cycle: its steps one after the other, each in a child process that gives its memory back by ending.

Whoever drives it calls `advance` now and then and is free to do other things in between.
"""

import logging
import os
import resource
import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Thread
from time import monotonic

from models.errors import BundleError, StoreError
from telemetry import logs
from telemetry.traces import Traces
from trainer.account import Account
from trainer.errors import TrainerError
from trainer.meters import Meters
from trainer.progress import Progress
from trainer.settings import Settings

log = logging.getLogger(__name__)

_NICENESS = 10
"""The game on the same machine goes before its training."""
_END_S = 1.0
"""How long a child may take to end when told to, before it is killed."""

Tell = Callable[[str, float], None]
"""(what is being done, the share of the step that is done)."""
Work = Callable[[Settings, str, Tell], None]
"""One step; a module-level function, because it runs in a fresh process."""


def log_to_stderr(settings: Settings) -> None:
    """Lines of the trainer's process, and of its children alike."""
    logs.log_to_stderr(settings.log_level, settings.log_format, "trainer")


class Child:
    """A step under way in its own process, and what it says of its progress."""

    def __init__(self, settings: Settings, work: Work, step: str) -> None:
        context = get_context("spawn")
        self._ear, mouth = context.Pipe(duplex=False)
        self.step = step
        self.said: tuple[str, float] = (step, 0.0)
        self._process: BaseProcess = context.Process(
            target=_child, args=(settings, work, step, mouth), name=f"trainer-{step}"
        )
        self._process.start()
        mouth.close()

    def listen(self) -> None:
        """Take in what it has said since the last time."""
        try:
            while self._ear.poll():
                self.said = self._ear.recv()
        except (EOFError, OSError):
            pass

    @property
    def running(self) -> bool:
        return self._process.is_alive()

    @property
    def succeeded(self) -> bool:
        return self._process.exitcode == 0

    def wait(self, seconds: float) -> None:
        self._process.join(seconds)

    def end(self) -> None:
        """Make sure that it is over."""
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._ear.close()


class Cycle:
    """The steps that remain of a cycle, and the child that does the first of them."""

    def __init__(
        self, settings: Settings, number: int, steps: list[str], all_steps: int, work: Work,
        meters: Meters, traces: Traces,
    ) -> None:  # fmt: skip
        self._settings = settings
        self.number = number
        self._steps = steps
        self._all = all_steps
        self._work = work
        self._started = monotonic()
        self._at_start = self._all - len(steps)
        self._child: Child | None = None
        self._account = Account(number, meters, traces)
        self.failed = False

    def advance(self) -> bool:
        """Start the next step when one has ended; whether the cycle still goes on."""
        if self._child is not None:
            self._child.listen()
            if self._child.running:
                return True
            self.failed = not self._child.succeeded
            self._child.end()
            self._child = None
            self._account.step_ended(not self.failed)
            if not self.failed:
                self._steps = self._steps[1:]
        if self.failed or not self._steps:
            self._account.over(not self.failed)
            return False
        self._child = Child(self._settings, self._work, self._steps[0])
        self._account.step_begun(self._steps[0])
        return True

    def wait(self, seconds: float) -> None:
        """Wait for the present step, no longer than this."""
        if self._child is not None:
            self._child.wait(seconds)

    @property
    def progress(self) -> Progress:
        phase, share = (self._steps[0] if self._steps else "done", 0.0) if self._child is None else self._child.said
        before = self._all - len(self._steps)
        done = before + share
        since, elapsed = done - self._at_start, monotonic() - self._started
        eta = elapsed / since * (self._all - done) if since > 0 else None
        return Progress(phase, round(100 * done / self._all, 1), None if eta is None else round(eta), self.number)

    def end(self) -> None:
        """End the step under way; the cycle can be taken up again later."""
        if self._child is not None:
            self._child.end()
            self._child = None
        self._account.broken_off()


def _child(settings: Settings, work: Work, step: str, mouth: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches both; the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.nice(_NICENESS)
    Thread(target=_die_with_parent, daemon=True).start()
    log_to_stderr(settings)
    try:
        work(settings, step, lambda phase, share: mouth.send((phase, share)))
    except (TrainerError, StoreError, BundleError) as error:
        log.error("Step %s: %s", step, error)
        sys.exit(1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    log.info("Step %s is done; it took %.0f MiB at most.", step, peak)


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
