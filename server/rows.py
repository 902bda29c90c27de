"""Rows of the database as what they stand for, and back; both databases have the same."""

from collections.abc import Sequence
from typing import Any

from msgspec import MsgspecError, json

from game import records
from game.errors import CorruptRecord
from game.knowledge import NOTHING, Knowledge
from game.records import Opened, Record
from server.errors import LogUnavailable

Row = Sequence[Any]


def row(record: Record) -> tuple[str, int, str, int, str]:
    """A record as a row of `log`, without its position; raises LogUnavailable if no database could find it again."""
    if isinstance(record, Opened) and record.client_ref is not None and "\0" in record.client_ref:
        raise LogUnavailable("a text with a NUL in it cannot be kept")
    return record.match, record.round, type(record).__name__.lower(), record.at, records.encode(record)


def decoded(position: int, body: str | bytes) -> Record:
    """The record in a row of `log`; raises CorruptRecord."""
    try:
        return records.decode(body)
    except MsgspecError as error:
        raise CorruptRecord(f"Row {position} of the log cannot be read: {error}.") from error


def known(text: str | None) -> Knowledge:
    """What `players.known` says, nothing if it says nothing."""
    return NOTHING if text is None else json.decode(text, type=Knowledge)
