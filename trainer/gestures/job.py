"""The retraining of the gesture models: one at a time, in a child process, beside a cycle of rounds or not.

Whoever may order it asks; the daemon drives it. How it ended, the ledger says: the child writes its decision there.
"""

import logging
from enum import StrEnum
from threading import Lock
from time import monotonic

from msgspec import Struct

from trainer.cycle import Child, Work
from trainer.gestures import decisions
from trainer.lifecycle.ledger import Entry, Kind
from trainer.meters import Meters
from trainer.settings import Settings

log = logging.getLogger(__name__)

STEP = "gestures"
FAULT = "failed: "
"""With this begins the last that a child says which cannot go on."""


class State(StrEnum):
    IDLE = "idle"
    RUNNING = "running"
    PUBLISHED = "published"
    REFUSED = "refused"
    FAILED = "failed"


class Told(Struct, frozen=True):
    """How far the retraining is, or how the last one ended; `eta_s` is None until there is something to judge by."""

    state: State = State.IDLE
    phase: str = ""
    percent: float = 0.0
    eta_s: float | None = None
    message: str = ""


class Job:
    """`ask` and `told` are for any thread, the rest for the daemon's."""

    def __init__(self, settings: Settings, work: Work, meters: Meters | None = None) -> None:
        self._meters = meters or Meters()
        self._settings = settings
        self._work = work
        self._lock = Lock()
        self._asked = False
        self._child: Child | None = None
        self._began = 0.0
        self._after = 0
        """The ledger's last number when it began."""
        self.told = Told()

    def ask(self) -> bool:
        """Have it begin soon; False where it is asked for or under way already."""
        with self._lock:
            if self._asked or self.told.state is State.RUNNING:
                return False
            self._asked = True
            self.told = Told(State.RUNNING, "waiting to begin")
            return True

    def advance(self) -> None:
        """Begin what was asked for, or take in how far it is; raises NoLog and the like, and goes on the next time."""
        if self._child is not None:
            self._watch(self._child)
        elif self._asked:
            self._begin()

    def end(self) -> None:
        """End what is under way, for good."""
        if self._child is not None:
            self._over(self._child, Told(State.FAILED, message="It was ended before it was done."))

    def _begin(self) -> None:
        self._after = self._last()
        with self._lock:
            self._asked = False
            self.told = Told(State.RUNNING, "beginning")
        log.info("Retraining of the gesture models begins.")
        self._began, self._child = monotonic(), Child(self._settings, self._work, STEP)

    def _watch(self, child: Child) -> None:
        running = child.running  # before it is heard: what it says last is not missed
        child.listen()
        phase, share = child.said
        if running:
            elapsed = monotonic() - self._began
            eta = round(elapsed / share * (1 - share)) if share > 0 else None
            self.told = Told(State.RUNNING, phase, round(100 * share, 1), eta)
        elif child.succeeded:
            self._meters.step(STEP, True, monotonic() - self._began)
            self._over(child, self._outcome())
        else:
            self._meters.step(STEP, False, monotonic() - self._began)
            said = phase.removeprefix(FAULT) if phase.startswith(FAULT) else "It broke off; the trainer's log says why."
            self._over(child, Told(State.FAILED, message=said))

    def _over(self, child: Child, told: Told) -> None:
        child.end()
        self._child, self.told = None, told
        log.info("Retraining of the gesture models: %s. %s", told.state, told.message)

    def _outcome(self) -> Told:
        with decisions.opened(self._settings) as (gestures, _):
            made = reversed(gestures.entries(self._after))
        return next(
            (told for entry in made if (told := _told(entry))), Told(State.FAILED, message="Nothing was decided.")
        )

    def _last(self) -> int:
        with decisions.opened(self._settings) as (gestures, _):
            head = gestures.book.head()
        return 0 if head is None else head.number


def _told(entry: Entry) -> Told | None:
    states = {Kind.PROMOTED: State.PUBLISHED, Kind.REFUSED: State.REFUSED}
    if entry.by != decisions.LEARNER or entry.kind not in states:
        return None
    return Told(states[entry.kind], "done", 100.0, 0, entry.reason)
