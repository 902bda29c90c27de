"""Decisions about what serves: written in the ledger first, then done in the store.

Ledger and store are two systems, so a process can die between them. The ledger leads: `settle` does again what its
last entry says and the store does not have yet. What somebody else did to the store is adopted as it is. Two who
decide at once want the same entry's number: exactly one gets it, the other is Overtaken and may look again.
"""

import logging
from collections.abc import Mapping, Sequence
from time import time
from typing import Any, Generic

from msgspec import Struct

from game.assignment import Alias
from models.bundle import Bundle
from models.errors import StoreError
from models.store import B, Pin, StoreOf, Table
from trainer.errors import Overtaken, Unwanted
from trainer.lifecycle.book import Book
from trainer.lifecycle.ledger import Entry, Kind, Places, Row, row
from trainer.lifecycle.places import moved, without

log = logging.getLogger(__name__)

ATTEMPTS = 5
"""How often a change that does not depend on what others decide is tried again."""


class Move(Struct, frozen=True):
    """A version goes to a place of its family; to none, and it is gone."""

    pin: Pin
    place: Alias | None


class Change(Struct, frozen=True, kw_only=True):
    """A decision to be made: what happens in a family's places, one move after the other, and why.

    `places` instead of moves are those of some families as they shall be, all from one moment to the next.
    """

    kind: Kind
    family: str
    by: str
    reason: str
    position: int
    moves: tuple[Move, ...] = ()
    places: Places = {}
    evidence: Mapping[str, Any] = {}


class LifecycleOf(Generic[B]):
    """A ledger and the store of bundles that it leads."""

    def __init__(self, book: Book, store: StoreOf[B]) -> None:
        self.book = book
        self.store = store

    def settle(self, position: int = 0) -> Table:
        """Make the store what the ledger says, or the ledger what the store says; the table that both then agree on.

        Raises StoreError and LedgerUnavailable, and Overtaken where somebody else was quicker.
        """
        return self._settled(position)[0]

    def _settled(self, position: int) -> tuple[Table, Row]:
        """The table, and the ledger's last entry that says so: whoever builds on both is Overtaken by a later entry.

        The ledger is read first: if somebody decides in between, the table is ahead of it and nothing can be added.
        """
        head, table = self.book.head(), self.store.table()
        last = None if head is None else head.entry
        if head is not None and last is not None:
            if (table.generation, table.aliases) == (last.generation, last.after):
                return table, head
            if _unfinished(table, last):
                log.warning("Entry %d of the ledger was not yet done in the store; doing it.", last.number)
                return self._carry_out(table.generation, last.after, self._maker(head, last)), head
        reason = "the ledger begins" if last is None else "the table was changed past the ledger"
        before, since = (table.aliases, position) if last is None else (last.after, max(position, last.position))
        wanted = Change(kind=Kind.ADOPTED, family="", by="trainer", reason=reason, position=since)
        made = row(_entry(head, wanted, before, table.aliases, table.generation))
        self.book.append(made)
        log.info("The aliases of generation %d are adopted: %s.", table.generation, reason)
        return table, made

    def decide(self, change: Change, generation: int | None = None) -> Entry:
        """Write the change down and do it; with `generation`, only if the table is still at that one.

        Raises Overtaken where it is not, Unwanted where nothing would change, and StoreError where it is written down
        and will be done as soon as the store is there again.
        """
        table, head = self._settled(change.position)
        if generation not in (None, table.generation):
            raise Overtaken(f"The aliases are at generation {table.generation} now, not {generation}.")
        after = _after(table.aliases, change)
        if (change.moves or change.places) and after == table.aliases:
            what = change.moves[0].pin.version if change.moves else "All of it"
            raise Unwanted(f"{what} stands there already.")
        step = int(after != table.aliases)
        made = row(_entry(head, change, table.aliases, after, table.generation + step))
        self.book.append(made)
        if step:
            self._carry_out(table.generation, after, made.hash)
        log.info("%s: %s %s", change.kind, change.family, change.reason)
        return made.entry

    def insist(self, change: Change) -> Entry:
        """Decide, and again if others decide meanwhile; for a change that is right whatever they decide."""
        for _ in range(ATTEMPTS - 1):
            try:
                return self.decide(change)
            except Overtaken as error:
                log.info("%s Deciding again.", error)
        return self.decide(change)

    def entries(self, after: int = 0) -> Sequence[Entry]:
        """All after this number, in their order."""
        return [one.entry for one in self.book.rows(after)]

    def newest(self, count: int) -> Sequence[Entry]:
        """The last ones, the newest first."""
        return [one.entry for one in self.book.newest(count)]

    def saying(self, value: object, *path: str) -> Sequence[Entry]:
        """Those that have this value in this field, or in a field of it, in their order."""
        return [one.entry for one in self.book.saying(value, *path)]

    def last_saying(self, value: object, *path: str) -> Entry | None:
        """The last of them."""
        found = self.book.last_saying(value, *path)
        return None if found is None else found.entry

    def _carry_out(self, generation: int, after: Places, entry: str) -> Table:
        """Make the store what was written down, unless somebody who read it there was quicker."""
        try:
            return self.store.swap(generation, after, entry)
        except StoreError:
            table = self.store.table()
            if (table.generation, table.aliases) != (generation + 1, after):
                raise
            return table

    def _maker(self, head: Row, last: Entry) -> str:
        """The hash of the entry that made the head's generation."""
        if last.before != last.after:
            return head.hash
        rows = self.book.saying(last.generation, "generation")
        return rows[0].hash if rows else head.hash


class Lifecycle(LifecycleOf[Bundle]):
    """Of what foretells throws."""


def _unfinished(table: Table, last: Entry) -> bool:
    return last.generation == table.generation + 1 and table.aliases == last.before


def _after(aliases: Places, change: Change) -> Places:
    pins: Mapping[Alias, Pin] = aliases.get(change.family, {})
    for move in change.moves:
        pins = without(pins, move.pin.version) if move.place is None else moved(pins, move.pin, move.place)
    return {**aliases, change.family: dict(pins)} if change.moves else {**aliases, **change.places}


def _entry(head: Row | None, change: Change, before: Places, after: Places, generation: int) -> Entry:
    return Entry(
        number=1 if head is None else head.number + 1,
        at=int(time() * 1000),
        kind=change.kind,
        family=change.family,
        by=change.by,
        reason=change.reason,
        position=change.position,
        generation=generation,
        before=before,
        after=after,
        evidence=dict(change.evidence),
        previous="" if head is None else head.hash,
    )
