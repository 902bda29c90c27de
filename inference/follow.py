"""Follows a store: what is promoted there is served here a moment later, and nobody waits for it."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Generic, NoReturn

from msgspec import Struct

from inference.meters import Meters
from inference.shelf import Shelf, Window, load
from inference.shelves import B, Held, Refusal, S, ShelfOf, WindowOf, restocked
from models.bundle import Bundle
from models.errors import StoreError
from models.store import Stamp, Store, StoreOf, Table

log = logging.getLogger(__name__)

EVERY = 0.5
"""Seconds between two looks; a look at an unchanged store is a few `stat` calls."""


class Seen(Struct, frozen=True):
    """What the last look found: the table, what of it is refused, and why the table may be out of date, if it may."""

    table: Table
    refused: list[Refusal]
    fault: str = ""


class FollowerOf(Generic[B, S]):
    """Keeps a window's shelf like a store's table."""

    def __init__(
        self,
        name: str,
        store: StoreOf[B],
        window: WindowOf[S],
        load: Callable[[B], Held],
        meters: Meters | None = None,
    ) -> None:
        """`name` is what looks at the store are counted under."""
        self._name = name
        self._store = store
        self._window = window
        self._load = load
        self._meters = meters or Meters()
        self._stamp: Stamp | None = None
        self._one_look = asyncio.Lock()
        self.seen = Seen(Table(0, {}), [])

    @property
    def shelf(self) -> S:
        """What serves now."""
        return self._window.shelf

    async def follow(self) -> NoReturn:
        """Look again and again; models load in a thread, so that answers go on meanwhile."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.look()
            except Exception:  # the loop's outermost edge: whatever a strange store does, what serves goes on
                self._meters.store_looks.add(self._name, "failed")
                log.exception("The store could not be followed; trying again.")

    async def look(self) -> Seen:
        """Serve what the store's table says, where it or a refused bundle has changed since the last look.

        Who looks while another does waits for that look to end, and then has its own.
        """
        async with self._one_look:
            before, began = self._window.shelf, time.perf_counter()
            self._window.shelf, self.seen = await asyncio.to_thread(self._found, before, self.seen)
            self._meters.store_looks.add(self._name, "failed" if self.seen.fault else "ok")
            self._meters.store_look_duration.record(time.perf_counter() - began, self._name)
        after = self._window.shelf
        if after is not before:
            self._swapped(after)
            if before.families:
                for line in _differences(before, after):
                    log.info(line)
            log.info("Serving %s.", after)
        return self.seen

    def _swapped(self, shelf: S) -> None:
        """What else is to know that this shelf serves now."""

    def _found(self, shelf: S, seen: Seen) -> tuple[S, Seen]:
        stamp = self._store.stamp()
        if stamp == self._stamp and all(self._store.stamp(refusal.pin) == refusal.stamp for refusal in seen.refused):
            return shelf, seen
        try:
            table = self._store.last_table()
            shelf, refused = restocked(self._store, table, shelf, self._load)
        except StoreError as error:
            log.error("%s What served before goes on.", error)
            seen = Seen(seen.table, seen.refused, str(error))
        else:
            for refusal in refused:
                log.error("%s.%s is refused. %s", refusal.family, refusal.alias, refusal.reason)
            seen = Seen(table, refused, "" if stamp else "The store cannot be reached.")
        self._stamp = stamp  # only now: what ended in a fault that nobody foresaw is tried again
        return shelf, seen


class Follower(FollowerOf[Bundle, Shelf]):
    """Keeps the predictors like their store's table."""

    def __init__(self, store: Store, window: Window, meters: Meters | None = None) -> None:
        super().__init__("models", store, window, load, meters)
        self.herald: Callable[[Shelf], None] = lambda shelf: None
        """Told of each shelf as it begins to serve."""

    def _swapped(self, shelf: Shelf) -> None:
        self.herald(shelf)
        self._meters.runs.serving(model for models in shelf.families.values() for model in models.values())


def _differences(before: ShelfOf[Any], after: ShelfOf[Any]) -> list[str]:
    was, now = _versions(before), _versions(after)
    names = [name for name in {**was, **now} if was.get(name) != now.get(name)]
    return [f"{name}: {was.get(name, 'nothing')} -> {now.get(name, 'nothing')}" for name in names]


def _versions(shelf: ShelfOf[Any]) -> dict[str, str]:
    return {
        f"{family}.{alias}": version for family, found in shelf.versions.items() for alias, version in found.items()
    }
