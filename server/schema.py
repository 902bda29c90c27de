"""Opening the SQLite file without ever harming what it holds, and bringing an older one up to date."""

import fcntl
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import IO

from server.errors import DatabaseError
from server.settings import Durability
from server.tables import STEPS

APPLICATION = 0x52505351
"""Marks our files: 'RPSQ'."""
SCHEMA = len(STEPS)
BUSY_MS = 5000
"""How long a connection waits for another one's write."""
CHECKED_WHOLE = 256 * 1024 * 1024
"""Files up to this many bytes are checked page by page at start."""


def prepare(path: Path) -> IO[str]:
    """Create the database, or check the one there and bring it up to date.

    Returns the lock that keeps a second server out while it is open.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(path)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            check(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            _update(connection)
    except sqlite3.DatabaseError as error:
        lock.close()
        raise DatabaseError(f"{path} cannot be used: {error}. Nothing in it was changed.") from error
    except DatabaseError:
        lock.close()
        raise
    return lock


def pragmas(durability: Durability) -> str:
    """How a writing connection must be set: WAL with FULL survives power loss, with NORMAL any process's death.

    What is deleted is overwritten.
    """
    synchronous = "FULL" if durability is Durability.POWER else "NORMAL"
    settings = {"synchronous": synchronous, "busy_timeout": BUSY_MS, "foreign_keys": "ON", "secure_delete": "ON"}
    return " ".join(f"PRAGMA {name} = {value};" for name, value in settings.items())


def _lock(path: Path) -> IO[str]:
    lock = path.with_name(path.name + ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise DatabaseError(f"{path} is in use by another server.") from error
    return lock


def check(connection: sqlite3.Connection, path: Path, most: int = CHECKED_WHOLE) -> None:
    """Raise DatabaseError unless the file is empty, or ours, whole and of a schema that this program knows.

    Up to `most` bytes it is checked page by page.
    """
    version, application = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")
    )
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and application != APPLICATION:
        raise DatabaseError(f"{path} is a database of another program. Nothing in it was changed.")
    if version > SCHEMA:
        raise DatabaseError(
            f"{path} was written by a newer version (schema {version}, this program knows {SCHEMA}). "
            "Nothing in it was changed; start the newer version, or set RPS_DATABASE_URL to another file."
        )
    if path.stat().st_size <= most:
        fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if fault != "ok":
            raise DatabaseError(f"{path} is damaged: {fault}. Nothing in it was changed; restore a copy of it.")


def _update(connection: sqlite3.Connection) -> None:
    """Take the steps that the file lacks, all or none of them."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version < SCHEMA:
        steps = "".join(STEPS[version:])
        marks = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA};"
        connection.executescript(f"BEGIN IMMEDIATE; {steps} {marks} COMMIT;")
