"""Follows the store: what is promoted there is served here a moment later, and nobody waits for it."""

import asyncio
import logging
from typing import NoReturn

from msgspec import Struct

from inference.shelf import Refusal, Shelf, Window, stock
from models.errors import StoreError
from models.store import Stamp, Store, Table

log = logging.getLogger(__name__)

EVERY = 0.5
"""Seconds between two looks; a look at an unchanged store is a few `stat` calls."""


class Seen(Struct, frozen=True):
    """What the last look found: the table, what of it is refused, and why the table may be out of date, if it may."""

    table: Table
    refused: list[Refusal]
    fault: str = ""


class Follower:
    """Keeps the window's shelf like the store's table."""

    def __init__(self, store: Store, window: Window) -> None:
        self._store = store
        self._window = window
        self._stamp: Stamp | None = None
        self._one_look = asyncio.Lock()
        self.seen = Seen(Table(0, {}), [])

    async def follow(self) -> NoReturn:
        """Look again and again; models load in a thread, so that answers go on meanwhile."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.look()
            except Exception:  # the loop's outermost edge: whatever a strange store does, what serves goes on
                log.exception("The store could not be followed; trying again.")

    async def look(self) -> Seen:
        """Serve what the store's table says, where it or a refused bundle has changed since the last look.

        Who looks while another does waits for that look to end, and then has its own.
        """
        async with self._one_look:
            before = self._window.shelf
            self._window.shelf, self.seen = await asyncio.to_thread(self._found, before, self.seen)
        after = self._window.shelf
        if after is not before:
            if before.families:
                for line in _differences(before, after):
                    log.info(line)
            log.info("Serving %s.", after)
        return self.seen

    def _found(self, shelf: Shelf, seen: Seen) -> tuple[Shelf, Seen]:
        stamp = self._store.stamp()
        if stamp == self._stamp and all(self._store.stamp(refusal.pin) == refusal.stamp for refusal in seen.refused):
            return shelf, seen
        try:
            table = self._store.last_table()
            shelf, refused = stock(self._store, table, shelf)
        except StoreError as error:
            log.error("%s What served before goes on.", error)
            seen = Seen(seen.table, seen.refused, str(error))
        else:
            for refusal in refused:
                log.error("%s.%s is refused. %s", refusal.family, refusal.alias, refusal.reason)
            seen = Seen(table, refused, "" if stamp else "The store cannot be reached.")
        self._stamp = stamp  # only now: what ended in a fault that nobody foresaw is tried again
        return shelf, seen


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
