"""The round log in its SQLite file, read and never written."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from telemetry.progress import Tell, untold
from trainer.errors import NoLog

Entry = tuple[int, str, bytes]
"""(position, match, body) of one row."""

_OFTEN = 1000
"""Rows between two words about how far one has read."""


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection, seeing one moment of the log; raises NoLog where there is none yet."""
    try:
        connection = sqlite3.connect(f"file:{quote(str(database.absolute()))}?mode=ro", uri=True)
    except sqlite3.OperationalError as error:
        raise NoLog(f"There is no round log at {database} yet.") from error
    with closing(connection):
        connection.text_factory = bytes  # a damaged text must reach the fold, not end the reading
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT position, match, kind, body FROM log LIMIT 0")
        except sqlite3.DatabaseError as error:
            raise NoLog(f"There is no round log in {database} yet: {error}.") from error
        yield connection


def played_since(connection: sqlite3.Connection, position: int) -> int:
    """How many rounds were played after this position."""
    (count,) = connection.execute(
        "SELECT count(*) FROM log WHERE position > ? AND kind = 'played'", (position,)
    ).fetchone()
    return int(count)


def last_position(connection: sqlite3.Connection) -> int:
    (position,) = connection.execute("SELECT coalesce(max(position), 0) FROM log").fetchone()
    return int(position)


def entries(connection: sqlite3.Connection, tell: Tell = untold) -> Iterator[Entry]:
    """All rows in the order in which they became durable; `tell` hears now and then how far one has read."""
    end = last_position(connection)
    for position, match, body in connection.execute("SELECT position, match, body FROM log ORDER BY position"):
        if not position % _OFTEN:
            tell("reading the log", position / end)
        yield position, bytes(match).decode(errors="replace"), body
