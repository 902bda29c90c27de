"""Reading a SQLite file so that nothing in it or beside it changes, whoever else has it open."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

_WAL = b"\x02\x02"
"""Bytes 18 and 19 of a file whose writers keep a log beside it."""
MAGIC = b"SQLite format 3\0"
WAIT_S = 5.0


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that reads alone; raises sqlite3.Error.

    Where nobody has a file with a write-ahead log open, its log is not there, and one who reads it in the usual way
    would make it and leave it; then the file is read as one that does not change.
    """
    with closing(sqlite3.connect(address_of(path), uri=True, timeout=WAIT_S, isolation_level=None)) as connection:
        yield connection


def address_of(path: Path) -> str:
    """What SQLite is to open so."""
    unchanging = _has_log(path) and not path.with_name(f"{path.name}-wal").exists()
    return f"file:{quote(str(path.absolute()))}?mode=ro{'&immutable=1' if unchanging else ''}"


def is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _has_log(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(20)[18:] == _WAL
    except OSError:  # SQLite says it better
        return False
