"""What the trainer has written for everybody to read: the ledger of promotions, and notices of what it is doing.

It writes from a process of its own, and here that is only read. A body that is not JSON is told as a text.
"""

from typing import Any, Protocol

from msgspec import MsgspecError, Raw, Struct, json

PAGE, MOST = 100, 500
"""Ledger entries in one answer: unless asked for more, and at most."""
PROGRESS = "progress"
COMPARISONS = "comparisons"


class Entry(Struct, frozen=True):
    """One decision about what serves, as it stands in the ledger."""

    number: int
    hash: str
    entry: Raw


class Promotions(Struct, frozen=True):
    """A page of the ledger, oldest first; `last` is the newest number that there is, 0 if there is none."""

    entries: list[Entry]
    last: int
    comparisons: Raw | None


class Progress(Struct, frozen=True):
    """What the trainer said of itself, and when (milliseconds since 1970)."""

    progress: Raw
    at: int


class Reading(Protocol):
    """Rows of the database."""

    async def fetch(self, sql: str, *parameters: Any) -> list[Any]:
        """All rows of a query; raises LogUnavailable."""


class Lifecycle:
    """How models came and went. All raise LogUnavailable."""

    def __init__(self, log: Reading) -> None:
        self._log = log

    async def promotions(self, after: int | None, limit: int) -> Promotions:
        """Those after number `after`, or the newest where none is given; `limit` at most."""
        sql = NEWEST_SQL if after is None else AFTER_SQL
        found = await self._log.fetch(sql, *(() if after is None else (after,)), limit)
        ((last,),) = await self._log.fetch(LAST_SQL)
        entries = [Entry(number, hash, _raw(body)) for number, hash, body in found]
        comparisons = await self._log.fetch(NOTICE_SQL, COMPARISONS)
        return Promotions(entries, last, _raw(comparisons[0][0]) if comparisons else None)

    async def progress(self) -> Progress | None:
        """What the trainer is doing, nothing if it has never said."""
        for body, at in await self._log.fetch(NOTICE_SQL, PROGRESS):
            return Progress(_raw(body), at)
        return None


def _raw(body: bytes) -> Raw:
    """The body as it is if it is JSON, else as a JSON text."""
    text = body.decode(errors="replace")
    try:
        return json.decode(text, type=Raw)
    except (MsgspecError, RecursionError):
        return Raw(json.encode(text))


AFTER_SQL = "SELECT number, hash, CAST(body AS BLOB) FROM ledger WHERE number > ? ORDER BY number LIMIT ?"
NEWEST_SQL = """
SELECT * FROM (SELECT number, hash, CAST(body AS BLOB) FROM ledger ORDER BY number DESC LIMIT ?) ORDER BY number
"""
LAST_SQL = "SELECT coalesce(max(number), 0) FROM ledger"
NOTICE_SQL = "SELECT CAST(body AS BLOB), at FROM notices WHERE name = ?"
