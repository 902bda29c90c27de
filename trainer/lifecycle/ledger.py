"""The ledger: every decision about what serves, with its evidence, each entry holding the hash of the one before.

An entry's hash is the SHA-256 of its text, and its text names the hash before it: whoever changes, removes or inserts
an entry breaks every hash after it, and the alias table names the entry that made it, so that cutting off the end
shows too. The ledger comes first: what it says is then done in the store (`trainer.lifecycle.decisions`).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any

from msgspec import MsgspecError, Struct, json

from game.assignment import Alias
from models.store import Pin, Table
from trainer.errors import LedgerUnavailable

Places = dict[str, dict[Alias, Pin]]
"""Family -> alias -> what it means."""


class Kind(StrEnum):
    """What was decided."""

    ADOPTED = "adopted"
    """The store's table was found as no entry had made it, and taken as it is."""
    ENTERED = "entered"
    """A candidate passed the gate and takes shadow2."""
    REFUSED = "refused"
    """A candidate did not pass the gate."""
    ORDERED = "ordered"
    """The shadows changed places: the better one of the same live rounds stands first."""
    RAISED = "raised"
    """shadow1 takes B: it foretold the same live rounds better."""
    PROMOTED = "promoted"
    """B takes Production, or what an operator named does, or gesture models that passed their gate."""
    ROLLED_BACK = "rolled-back"
    """What was in production before is there again."""
    DEMOTED = "demoted"
    """An operator took a version out of play."""
    EXPELLED = "expelled"
    """The guard took out a version that does not answer as it must."""
    TRAINED = "trained"
    """A cycle has learned from the log up to `position`."""


class Entry(Struct, frozen=True, kw_only=True):
    """One decision. `before` and `after` are the whole alias table, `generation` that of the table after it.

    `at` is in milliseconds since 1970, UTC; `position` is the last of the round log that was known then.
    """

    number: int
    at: int
    kind: Kind
    family: str
    by: str
    reason: str
    position: int
    generation: int
    before: Places
    after: Places
    evidence: dict[str, Any]
    previous: str


class Row(Struct, frozen=True):
    """An entry as it is kept."""

    number: int
    hash: str
    body: str

    @property
    def entry(self) -> Entry:
        """The entry; raises LedgerUnavailable where the text is none."""
        try:
            return json.decode(self.body, type=Entry)
        except MsgspecError as error:
            raise LedgerUnavailable(f"Entry {self.number} of the ledger cannot be read: {error}.") from error


def row(entry: Entry) -> Row:
    """The entry as a row."""
    body = json.encode(entry).decode()
    return Row(entry.number, digest(body), body)


def digest(body: str) -> str:
    return sha256(body.encode(errors="surrogateescape")).hexdigest()


def verify(rows: Iterable[Row], table: Table | None = None) -> tuple[int, str | None]:
    """(entries found sound, what is wrong with the next or None); with `table`, that the last entries made it."""
    sound, previous, last, made = 0, "", None, set[str]()
    for one in rows:
        fault, entry = _fault(one, sound + 1, previous, None if last is None else last.after)
        if entry is None or fault is not None:
            return sound, fault
        sound, previous, last = entry.number, one.hash, entry
        made.add(one.hash)
    return sound, None if table is None or last is None else _apart(table, last, made)


def _apart(table: Table, last: Entry, made: set[str]) -> str | None:
    """How the alias table contradicts the ledger; it may be one entry behind, while that is being done."""
    if table.entry and table.entry not in made:
        return f"The alias table was made by entry {table.entry[:12]}, which is not in the ledger."
    now = table.generation, table.aliases
    if now not in ((last.generation, last.after), (last.generation - 1, last.before)):
        return f"The alias table, at generation {table.generation}, is not what entry {last.number} says."
    return None


def _fault(one: Row, number: int, previous: str, after: Mapping[str, Any] | None) -> tuple[str | None, Entry | None]:
    if digest(one.body) != one.hash:
        return f"Entry {one.number} was changed: its text does not have the hash {one.hash[:12]}.", None
    try:
        entry = one.entry
    except LedgerUnavailable as error:
        return str(error), None
    if one.number != number or entry.number != number:
        return f"Entry {number} is missing: entry {one.number} stands in its place.", entry
    if entry.previous != previous:
        return f"Entry {number} does not follow the one before it.", entry
    if after is not None and entry.before != after:
        return f"Entry {number} begins with other aliases than the one before it ended with.", entry
    return None, entry
