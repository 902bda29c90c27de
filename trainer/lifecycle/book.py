"""The trainer's own tables in the database: the ledger, the lease and its notices to the server.

The server makes the tables (`server/schema.py`); here they are written. Each write is one short transaction.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import quote

from msgspec import json

from trainer.errors import LedgerUnavailable, NoLog, Overtaken
from trainer.lifecycle.ledger import Row

_WAIT_S = 5.0
"""How long a write waits for the server's; the server's own are over within milliseconds."""


class Book:
    """One connection to these tables; made by `opened`, used by one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def head(self) -> Row | None:
        """The last entry's row."""
        found = self.rows("ORDER BY number DESC LIMIT 1")
        return found[0] if found else None

    def rows(self, clause: str = "ORDER BY number", *parameters: Any) -> list[Row]:
        """Rows of the ledger, all in order unless the clause says otherwise."""
        with _faults():
            return [Row(*found) for found in self._connection.execute(f"SELECT * FROM ledger {clause}", parameters)]

    def append(self, row: Row) -> None:
        """Add the next entry; raises Overtaken if somebody else has added one meanwhile."""
        with _faults():
            try:
                self._connection.execute("INSERT INTO ledger (number, hash, body) VALUES (?, ?, ?)", _values(row))
            except sqlite3.IntegrityError as error:
                raise Overtaken(f"Entry {row.number} of the ledger was made by somebody else meanwhile.") from error

    def notice(self, name: str, body: object) -> None:
        """Tell the server something of the trainer, in place of what was told under this name."""
        sql = "INSERT INTO notices VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET body = ?2, at = ?3"
        with _faults():
            self._connection.execute(sql, (name, json.encode(body).decode(), int(time() * 1000)))

    def lease(self, name: str) -> tuple[str, int] | None:
        """(holder, beat) of a lease."""
        with _faults():
            found = self._connection.execute("SELECT holder, beat FROM lease WHERE name = ?", (name,)).fetchone()
            return None if found is None else (str(found[0]), int(found[1]))

    def take(self, name: str, holder: str, seen: tuple[str, int] | None) -> bool:
        """Make `holder` the holder if the lease is still as it was seen; whether it is."""
        with _faults():
            if seen is None:
                sql = "INSERT INTO lease VALUES (?, ?, 1) ON CONFLICT DO NOTHING"
                return self._connection.execute(sql, (name, holder)).rowcount == 1
            sql = "UPDATE lease SET holder = ?, beat = beat + 1 WHERE name = ? AND holder = ? AND beat = ?"
            return self._connection.execute(sql, (holder, name, *seen)).rowcount == 1


def _values(row: Row) -> tuple[int, str, str]:
    return row.number, row.hash, row.body


@contextmanager
def _faults() -> Iterator[None]:
    """The database's faults as ours."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise LedgerUnavailable(f"The ledger cannot be used: {error}.") from error


@contextmanager
def opened(database: Path) -> Iterator[Book]:
    """The tables in this file; raises NoLog where there are none yet."""
    try:
        connection = sqlite3.connect(
            f"file:{quote(str(database.absolute()))}?mode=rw", uri=True, isolation_level=None, timeout=_WAIT_S
        )
    except sqlite3.Error as error:
        raise NoLog(f"There is no database at {database} yet.") from error
    with closing(connection):
        connection.execute("PRAGMA synchronous = FULL")  # a decision outlives a power cut: it is made once in hours
        try:
            connection.execute("SELECT number FROM ledger LIMIT 0")
        except sqlite3.Error as error:
            raise NoLog(f"There is no ledger in {database} yet: {error}. A server makes it when it starts.") from error
        yield Book(connection)
