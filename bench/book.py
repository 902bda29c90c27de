"""The log as rows that were read from outside, and each match as its rows tell it."""

from collections import defaultdict
from collections.abc import Sequence

from msgspec import MsgspecError, Struct

from game import records
from game.errors import CorruptRecord
from game.fold import rebuild
from game.records import Record
from game.state import Match


class Row(Struct, frozen=True):
    """A row of the log, or what a message of the stream says that it is."""

    position: int
    match: str
    round: int
    kind: str
    at: int
    body: str


class Book(Struct, frozen=True):
    """The log, read and understood: each match as its records tell it, and what is wrong with those that tell none."""

    rows: list[Row]
    records: dict[str, list[Record]]
    matches: dict[str, Match]
    broken: list[str]


class Kept(Struct, frozen=True):
    """A row of the projection `matches`."""

    id: str
    player: str
    opponent: str
    alias: str
    winner: str | None
    reason: str | None
    rounds: int | None
    player_score: int | None
    version: str | None


def read(rows: Sequence[Row]) -> Book:
    """Decode the rows and rebuild every match."""
    by_match: dict[str, list[Record]] = defaultdict(list)
    matches: dict[str, Match] = {}
    broken: list[str] = []
    for row in rows:
        try:
            record = records.decode(row.body)
        except MsgspecError as error:
            broken.append(f"Row {row.position} cannot be read: {error}.")
            continue
        by_match[row.match].append(record)
        if (record.match, record.round, type(record).__name__.lower()) != (row.match, row.round, row.kind):
            broken.append(f"Row {row.position} is not the record that it says it is.")
    for match, found in by_match.items():
        try:
            matches[match] = rebuild(found)
        except CorruptRecord as error:
            broken.append(f"Match {match} cannot be rebuilt: {error}")
    return Book(list(rows), dict(by_match), matches, broken)
