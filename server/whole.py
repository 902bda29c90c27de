"""What a backup says of itself in `backup.json`, and whether it is whole."""

import sqlite3
import sys
from pathlib import Path
from typing import Annotated

from msgspec import Meta, MsgspecError, Struct, json

from server import schema
from server.copies import Kept, kept
from server.errors import BackupError, DatabaseError
from telemetry.untouched import reading

BACKUP, DATABASE, TABLE, BUNDLES = "backup.json", "rps.db", "aliases.json", "bundles"
STORES = ("store", "store/gestures")
COUNTED = ("players", "tokens", "matches", "ledger", "gesture_ledger", "donations")
FORMAT = 1


class Log(Struct, frozen=True):
    """What is in the database: the round log's rows, the last one's position and its time, in milliseconds since 1970,
    and how many rows its other tables have.
    """

    form: int
    rows: int
    position: int
    newest_at: int | None
    tables: dict[str, int]


class Backup(Struct, frozen=True, kw_only=True):
    """A backup, made by this version from this moment on; `log` is None where the log is in PostgreSQL."""

    format: Annotated[int, Meta(ge=1, le=FORMAT)] = FORMAT
    version: str
    at: str
    log: Log | None
    files: list[Kept]
    left_out: list[str]


class _Pin(Struct, frozen=True):
    version: str
    digest: str


class _Table(Struct, frozen=True):
    aliases: dict[str, dict[str, _Pin]]


def told_by(folder: Path) -> Backup:
    """What the backup says; raises BackupError where it is none."""
    try:
        return json.decode((folder / BACKUP).read_bytes(), type=Backup)
    except OSError as error:
        raise BackupError(f"{folder} is no backup: {BACKUP} cannot be read: {error.strerror}.") from error
    except MsgspecError as error:
        raise BackupError(f"{folder} is no backup that this version reads: {error}.") from error


def faults(folder: Path) -> list[str]:
    """What is wrong with the backup, nothing if it is whole; raises BackupError where it is none."""
    told, found = told_by(folder), []
    for file in told.files:
        try:
            if kept(folder / file.path, folder) != file:
                found.append(f"{file.path} was changed.")
        except OSError as error:
            found.append(f"{file.path} cannot be read: {error.strerror}.")
    try:
        if told.log is not None and counted(folder / DATABASE) != told.log:
            found.append(f"{DATABASE} does not hold the rows that {BACKUP} says.")
    except BackupError as error:
        found.append(str(error))
    return found + unmet(folder)


def counted(database: Path) -> Log:
    """What is in this database, which is checked page by page; raises BackupError where it is damaged or not ours."""
    try:
        with reading(database) as connection:
            schema.check(connection, database, most=sys.maxsize)
            (form,) = connection.execute("PRAGMA user_version").fetchone()
            if not form:
                raise BackupError(f"{database} holds no round log.")
            rows, position, newest = connection.execute(
                "SELECT count(*), coalesce(max(position), 0), max(at) FROM log"
            ).fetchone()
            there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            tables = {
                name: int(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0])
                for name in COUNTED
                if name in there
            }
    except (sqlite3.Error, DatabaseError) as error:
        raise BackupError(f"{database} cannot be used: {error}") from error
    if rows != position:
        raise BackupError(f"{database} lacks {position - rows} rows of the round log.")
    return Log(form, rows, position, newest, tables)


def unmet(folder: Path) -> list[str]:
    """The aliases in this copy of a data folder whose bundles are not what they name.

    A bundle that is not there at all is one that was shipped with the program.
    """
    found = []
    for store in STORES:
        path = folder / store / TABLE
        if not path.exists():
            continue
        try:
            aliases = json.decode(path.read_bytes(), type=_Table).aliases
        except MsgspecError as error:
            found.append(f"{store}/{TABLE} cannot be read: {error}.")
            continue
        for family, pins in aliases.items():
            for alias, pin in pins.items():
                place = folder / store / BUNDLES / pin.version
                if place.exists() and not _is(place / "manifest.json", pin.digest):
                    found.append(f"{family}.{alias} names {pin.version}, which is another bundle in {store}.")
    return found


def _is(path: Path, digest: str) -> bool:
    return path.exists() and kept(path, path.parent).sha256 == digest
