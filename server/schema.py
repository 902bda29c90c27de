"""The SQLite file: its tables, and opening it without ever harming what it holds.

`log` is the truth, append-only. `matches` and the players' `known` are projections of it, kept by triggers in the
same transaction, so that they can never disagree with it.
"""

import fcntl
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import IO

from server.errors import DatabaseError
from server.settings import Durability

APPLICATION = 0x52505351
"""Marks our files: 'RPSQ'."""
SCHEMA = 1
CHECKED_WHOLE = 256 * 1024 * 1024
"""Files up to this many bytes are checked page by page at start."""

TABLES = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    match TEXT NOT NULL,
    round INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (match, round, kind)
) STRICT;
CREATE TRIGGER log_append_only BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_unchanged BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;

CREATE TABLE players (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    known TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL UNIQUE,
    player TEXT NOT NULL REFERENCES players (id)
) STRICT;
CREATE INDEX tokens_by_player ON tokens (player);

CREATE TABLE matches (
    id TEXT PRIMARY KEY,
    player TEXT NOT NULL,
    player_kind TEXT NOT NULL,
    opponent TEXT NOT NULL,
    alias TEXT NOT NULL,
    client_ref TEXT,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    winner TEXT,
    reason TEXT,
    rounds INTEGER,
    player_score INTEGER,
    version TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX matches_live ON matches (player) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX matches_by_ref ON matches (player, client_ref) WHERE client_ref IS NOT NULL;
CREATE INDEX matches_by_player ON matches (player, opponent);

CREATE TRIGGER match_opened AFTER INSERT ON log WHEN NEW.kind = 'opened' BEGIN
    INSERT INTO matches (id, player, player_kind, opponent, alias, client_ref, opened_at) VALUES (
        NEW.match, NEW.body ->> '$.player', coalesce(NEW.body ->> '$.player_kind', 'human'),
        NEW.body ->> '$.opponent', NEW.body ->> '$.alias', NEW.body ->> '$.client_ref', NEW.at
    );
END;
CREATE TRIGGER match_closed AFTER INSERT ON log WHEN NEW.kind = 'closed' BEGIN
    SELECT RAISE(ABORT, 'the match is closed') FROM matches WHERE id = NEW.match AND closed_at IS NOT NULL;
    UPDATE matches SET
        closed_at = NEW.at, winner = NEW.body ->> '$.winner', reason = NEW.body ->> '$.reason',
        rounds = NEW.round - 1, player_score = NEW.body ->> '$.scores.player', version = NEW.body ->> '$.version'
    WHERE id = NEW.match;
    UPDATE players SET known = NEW.body -> '$.known'
    WHERE id = (SELECT player FROM matches WHERE id = NEW.match) AND NEW.body ->> '$.reason' != 'void';
END;
"""


def prepare(path: Path) -> IO[str]:
    """Create the database or check the one there; returns the lock that keeps a second server out while it is open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(path)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            _check(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            if not connection.execute("PRAGMA user_version").fetchone()[0]:
                connection.executescript(
                    f"BEGIN; {TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA}; COMMIT;"
                )
    except sqlite3.DatabaseError as error:
        lock.close()
        raise DatabaseError(f"{path} cannot be used: {error}. Nothing in it was changed.") from error
    except DatabaseError:
        lock.close()
        raise
    return lock


def pragmas(durability: Durability) -> str:
    """How a writing connection must be set: WAL with FULL survives power loss, with NORMAL any process's death."""
    synchronous = "FULL" if durability is Durability.POWER else "NORMAL"
    return f"PRAGMA synchronous = {synchronous}; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;"


def _lock(path: Path) -> IO[str]:
    lock = path.with_name(path.name + ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise DatabaseError(f"{path} is in use by another server.") from error
    return lock


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise DatabaseError unless the file is empty, or ours, whole and of a schema that this program knows."""
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
    if path.stat().st_size <= CHECKED_WHOLE:
        fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if fault != "ok":
            raise DatabaseError(f"{path} is damaged: {fault}. Nothing in it was changed; restore a copy of it.")
