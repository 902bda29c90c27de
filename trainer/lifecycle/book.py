"""The trainer's own tables in the database: the ledger, the lease and its notices to the server.

The server makes the tables; here they are written, in SQLite or PostgreSQL. Each write is one short transaction.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import json

from trainer.errors import NoLog, Overtaken
from trainer.lifecycle import books_sqlite
from trainer.lifecycle.ledger import Row

if TYPE_CHECKING:
    from trainer.postgres import Postgres

LEDGER, GESTURE_LEDGER = "ledger", "gesture_ledger"
"""Of what foretells throws, and of what sees hands: two chains of entries, each with its store."""


class Tables(Protocol):
    """A database that holds these tables. Parameters stand in a statement as $1, $2 …, and texts come as `str`."""

    name: str
    """What it is called where people read it."""

    def fetch(self, sql: str, *parameters: Any) -> Sequence[Sequence[Any]]:
        """All rows of one statement, which is a transaction of its own.

        Raises Overtaken where rows that are there forbid it, and LedgerUnavailable and NoLog.
        """

    def field(self, *path: str) -> str:
        """SQL for the text at this place of the JSON in `body`."""


class Book:
    """The tables, with one of the ledgers; made by `opened`, used by one thread. All raise LedgerUnavailable."""

    def __init__(self, tables: Tables, ledger: str = LEDGER) -> None:
        self._tables = tables
        self._ledger = ledger

    def head(self) -> Row | None:
        """The last entry's row."""
        return next(iter(self.newest(1)), None)

    def newest(self, count: int) -> list[Row]:
        """The rows of the last entries, the newest first."""
        return self._rows("ORDER BY number DESC LIMIT $1", count)

    def rows(self, after: int = 0) -> list[Row]:
        """The rows of all entries after this number, in their order."""
        return self._rows("WHERE number > $1 ORDER BY number", after)

    def saying(self, value: object, *path: str) -> list[Row]:
        """The rows of entries that have this value at this place, in their order."""
        return self._rows(f"WHERE {self._tables.field(*path)} = $1 ORDER BY number", str(value))

    def last_saying(self, value: object, *path: str) -> Row | None:
        """The row of the last of them."""
        found = self._rows(f"WHERE {self._tables.field(*path)} = $1 ORDER BY number DESC LIMIT 1", str(value))
        return next(iter(found), None)

    def _rows(self, clause: str, *parameters: Any) -> list[Row]:
        sql = f"SELECT number, hash, body FROM {self._ledger} {clause}"
        return [Row(*found) for found in self._tables.fetch(sql, *parameters)]

    def append(self, row: Row) -> None:
        """Add the next entry; raises Overtaken if somebody else has added one meanwhile."""
        sql = f"INSERT INTO {self._ledger} (number, hash, body) VALUES ($1, $2, $3)"
        try:
            self._tables.fetch(sql, row.number, row.hash, row.body)
        except Overtaken as error:
            raise Overtaken(f"Entry {row.number} of the ledger was made by somebody else meanwhile.") from error

    def notice(self, name: str, body: object) -> None:
        """Tell the server something of the trainer, in place of what was told under this name."""
        sql = (
            "INSERT INTO notices (name, body, at) VALUES ($1, $2, $3) "
            "ON CONFLICT (name) DO UPDATE SET body = excluded.body, at = excluded.at"
        )
        self._tables.fetch(sql, name, json.encode(body).decode(), int(time() * 1000))

    def lease(self, name: str) -> tuple[str, int] | None:
        """(holder, beat) of a lease."""
        found = self._tables.fetch("SELECT holder, beat FROM lease WHERE name = $1", name)
        return next(((str(holder), int(beat)) for holder, beat in found), None)

    def take(self, name: str, holder: str, seen: tuple[str, int] | None) -> bool:
        """Make `holder` the holder if the lease is still as it was seen; whether it is."""
        if seen is None:
            sql = "INSERT INTO lease (name, holder, beat) VALUES ($1, $2, 1) ON CONFLICT DO NOTHING RETURNING beat"
            return bool(self._tables.fetch(sql, name, holder))
        sql = (
            "UPDATE lease SET holder = $2, beat = beat + 1 WHERE name = $1 AND holder = $3 AND beat = $4 RETURNING beat"
        )
        return bool(self._tables.fetch(sql, name, holder, *seen))

    def position(self) -> int:
        """The last position of the round log beside these tables, 0 while it is empty."""
        ((position,),) = self._tables.fetch("SELECT coalesce(max(position), 0) FROM log")
        return int(position)


@contextmanager
def opened(where: "Path | str | Postgres", ledger: str = LEDGER) -> Iterator[Book]:
    """The tables with this ledger; raises NoLog where there are none yet, and LedgerUnavailable.

    `where` is a SQLite file, the address of a PostgreSQL database, or such a database, which is left open.
    """
    with _tables(where) as tables:
        try:
            tables.fetch(f"SELECT number FROM {ledger} LIMIT 0")
        except NoLog as error:
            raise NoLog(f"There is no ledger in {tables.name} yet. A server makes it when it starts.") from error
        yield Book(tables, ledger)


@contextmanager
def _tables(where: "Path | str | Postgres") -> Iterator[Tables]:
    if isinstance(where, Path):
        with closing(books_sqlite.SqliteTables(where)) as file:
            yield file
        return
    from trainer.lifecycle.books_postgres import PostgresTables  # its client is loaded where it is used
    from trainer.postgres import Postgres

    if isinstance(where, Postgres):
        yield PostgresTables(where)
        return
    with closing(Postgres(where)) as server:
        yield PostgresTables(server)
