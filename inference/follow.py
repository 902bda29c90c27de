"""Follows the store: what is promoted there is served here a moment later, and nobody waits for it."""

import asyncio
import logging
from typing import NoReturn

from inference.shelf import Refusal, Shelf, Window, stock
from models.errors import StoreError
from models.store import Stamp, Store

log = logging.getLogger(__name__)

EVERY = 0.5
"""Seconds between two looks; a look at an unchanged store is a few `stat` calls."""


class Follower:
    """Keeps the window's shelf like the store's table."""

    def __init__(self, store: Store, window: Window) -> None:
        self._store = store
        self._window = window
        self._stamp: Stamp | None = None
        self._refused: list[Refusal] = []

    async def follow(self) -> NoReturn:
        """Look again and again; models load in a thread, so that answers go on meanwhile."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.look()
            except Exception:  # the loop's outermost edge: whatever a strange store does, what serves goes on
                log.exception("The store could not be followed; trying again.")

    async def look(self) -> None:
        """Serve what the store's table says, where it or a refused bundle has changed since the last look."""
        before = self._window.shelf
        shelf = await asyncio.to_thread(self._changed, before)
        if shelf is None:
            return
        self._window.shelf = shelf
        if before.families:
            for line in _differences(before, shelf):
                log.info(line)
        log.info("Serving %s.", shelf)

    def _changed(self, before: Shelf) -> Shelf | None:
        stamp = self._store.stamp()
        if stamp == self._stamp and all(self._store.stamp(refusal.pin) == refusal.stamp for refusal in self._refused):
            return None
        self._stamp = stamp
        try:
            shelf, self._refused = stock(self._store, self._store.table(), before)
        except StoreError as error:
            log.error("%s What served before goes on.", error)
            return None
        for refusal in self._refused:
            log.error("%s.%s is refused. %s", refusal.family, refusal.alias, refusal.reason)
        return shelf


def _differences(before: Shelf, after: Shelf) -> list[str]:
    was, now = _versions(before), _versions(after)
    names = [name for name in {**was, **now} if was.get(name) != now.get(name)]
    return [f"{name}: {was.get(name, 'nothing')} -> {now.get(name, 'nothing')}" for name in names]


def _versions(shelf: Shelf) -> dict[str, str]:
    return {
        f"{family}.{alias}": model.version
        for family, models in shelf.families.items()
        for alias, model in models.items()
    }
