"""The lease: of several trainers over one log, one works and the others wait.

Whoever holds it counts a number up. Who waits takes it over once that number has stood still for a while by their own
monotonic clock, so that no wall clock need be right or agree with another. A holder that was held up for longer than
that finds the lease taken at its next beat and lets go; until then the ledger lets only one of two decisions pass.
"""

import logging
import os
import socket
from collections.abc import Callable
from time import monotonic

from trainer.lifecycle.book import Book

log = logging.getLogger(__name__)

NAME = "trainer"
EXPIRES_S = 15.0
"""How long the number may stand still; a holder beats with every look at the log, each some seconds."""


class Lease:
    """One trainer's view of the lease."""

    def __init__(self, holder: str = "", clock: Callable[[], float] = monotonic) -> None:
        self.holder = holder or f"{socket.gethostname()}:{os.getpid()}"
        self._clock = clock
        self._seen: tuple[str, int] | None = None
        self._since = clock()
        self._held = False

    def beat(self, book: Book) -> bool:
        """Take the lease, or keep it, or go on waiting; whether it is held now."""
        found = book.lease(NAME)
        if found != self._seen:
            if self._held:
                log.warning("The lease was taken by %s.", found[0] if found else "nobody")
            elif found is not None and not self._gone(found[0]):
                log.info("Waiting: %s is the trainer.", found[0])
            self._seen, self._since, self._held = found, self._clock(), False
        if not self._held and not self._free():
            return False
        self._held = book.take(NAME, self.holder, self._seen)
        if self._held:
            self._seen = book.lease(NAME)
        return self._held

    def _free(self) -> bool:
        return self._seen is None or self._gone(self._seen[0]) or self._clock() - self._since > EXPIRES_S

    def _gone(self, holder: str) -> bool:
        """Whether the holder was a process of this machine that has ended, or this process in an earlier life."""
        host, _, pid = holder.rpartition(":")
        if host != socket.gethostname() or not pid.isdigit():
            return False
        if int(pid) == os.getpid():
            return True
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False
