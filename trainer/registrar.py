"""Keeping the registry in line: one process at a time, when there is something new and no cycle is under way."""

import logging
from time import monotonic

from trainer.cycle import Child, Work
from trainer.lifecycle.decisions import Lifecycle
from trainer.meters import Meters
from trainer.pause import Pause
from trainer.settings import Settings

log = logging.getLogger(__name__)

HUNG_S = 600.0
"""How long the registry may take before it counts as hung."""


class Registrar:
    """Driven by the daemon; a registry that is down is told of and tried again later."""

    def __init__(self, settings: Settings, work: Work, meters: Meters) -> None:
        self._settings = settings
        self._work = work
        self._meters = meters
        self._child: Child | None = None
        self._since = 0.0
        self._told: tuple[int, int] | None = None
        """(generation, 0) as the registry has it, or will when the child is done; None where that failed."""
        self._retry = Pause()

    def advance(self, lifecycle: Lifecycle, idle: bool) -> None:
        """Take in how it goes; begin anew if something changed since and the trainer is idle."""
        if self._child is not None and not self._over(self._child):
            return
        waiting = len(list(self._settings.outbox.glob("[!.]*.json")))
        now = lifecycle.store.table().generation, waiting
        if idle and now != self._told and self._retry.over:
            self._told = now[0], 0
            self._child, self._since = Child(self._settings, self._work, "registry"), monotonic()

    def end(self) -> None:
        """End what is under way; it is done again another time."""
        if self._child is not None:
            self._child.end()

    def _over(self, child: Child) -> bool:
        took = monotonic() - self._since
        if child.running and took <= HUNG_S:
            return False
        child.end()
        self._meters.registry(child.succeeded, took)
        if child.succeeded:
            self._retry.succeeded()
        else:
            self._told = None
            log.warning("The registry is not up to date; trying again in %.0f s.", self._retry.failed())
        self._child = None
        return True
