"""A store that counts how it is called: whatever of the trainer's process uses it."""

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from models.errors import BundleError, StoreError
from models.kinds import AnyManifest, B_co
from models.store import Aliases, Kept, Pin, Stamp, StoreOf, Table
from telemetry.tallies import Counter
from trainer.meters import FAILED, OK

T = TypeVar("T")


class Counted(Generic[B_co]):
    """The same store; a call that raises counts as failed, also one whose table was changed meanwhile."""

    def __init__(self, store: StoreOf[B_co], calls: Counter) -> None:
        """`calls` counts by operation and result."""
        self._store = store
        self._calls = calls

    def table(self) -> Table:
        return self._done("table", self._store.table)

    def last_table(self) -> Table:
        return self._done("last_table", self._store.last_table)

    def bundle(self, pin: Pin) -> B_co:
        return self._done("bundle", lambda: self._store.bundle(pin))

    def stamp(self, pin: Pin | None = None) -> Stamp:
        return self._done("stamp", lambda: self._store.stamp(pin))

    def put(self, manifest: AnyManifest, model: bytes) -> Pin:
        return self._done("put", lambda: self._store.put(manifest, model))

    def swap(self, generation: int, aliases: Aliases, entry: str = "") -> Table:
        return self._done("swap", lambda: self._store.swap(generation, aliases, entry))

    def kept(self) -> list[Kept]:
        return self._done("kept", self._store.kept)

    def drop(self, generation: int, names: Collection[str]) -> None:
        self._done("drop", lambda: self._store.drop(generation, names))

    def _done(self, operation: str, call: Callable[[], T]) -> T:
        try:
            found = call()
        except (StoreError, BundleError):
            self._calls.add(operation, FAILED)
            raise
        self._calls.add(operation, OK)
        return found
