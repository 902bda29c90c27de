"""A database as a server makes it, for tests of what the trainer writes into it."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from game.records import Record
from server import schema
from server.rows import row


def made(folder: Path, records: Iterable[Record] = ()) -> Path:
    """An empty database, or one with these records in its log."""
    path = folder / "rps.db"
    schema.prepare(path).close()
    add(path, records)
    return path


def add(path: Path, records: Iterable[Record]) -> None:
    """Log these records too."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO log (match, round, kind, at, body) VALUES (?, ?, ?, ?, ?)", [row(one) for one in records]
        )
