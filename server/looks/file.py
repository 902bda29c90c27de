"""A look at the round log in its SQLite file."""

import fcntl
import os
import sqlite3
from pathlib import Path
from time import time

from server import schema
from server.errors import DatabaseError
from telemetry.doctor import Found, failed, ok, warning
from telemetry.places import nearest, owner
from telemetry.untouched import reading

NEWEST = "SELECT position, at FROM log ORDER BY position DESC LIMIT 1"
FUTURE_S = 60.0
ELSEWHERE = "set RPS_DATABASE_URL, or RPS_DATA_DIR, to a place that can be written to."


def database(path: Path) -> Found:
    """Whether the file can be used, and what is in it."""
    if not path.exists():
        above = nearest(path.absolute().parent)
        if not os.access(above, os.W_OK | os.X_OK):
            return failed(f"{path} cannot be made: {above} is {owner(above)}'s", ELSEWHERE)
        return ok(f"{path} is not there yet; the first start makes it")
    if not os.access(path, os.R_OK | os.W_OK):
        return failed(f"{path} is {owner(path)}'s and cannot be written to", ELSEWHERE)
    try:
        with reading(path) as connection:
            schema.check(connection, path)
            (form,) = connection.execute("PRAGMA user_version").fetchone()
            newest = connection.execute(NEWEST).fetchone() if form else None
    except sqlite3.Error as error:
        return failed(f"{path} cannot be read: {error}", _restore())
    except DatabaseError as error:
        return failed(str(error), _restore())
    form_said = f"form {form}" if form == schema.SCHEMA else f"form {form}, which a start takes to {schema.SCHEMA}"
    whole = "" if path.stat().st_size <= schema.CHECKED_WHOLE else ", too large to be checked page by page"
    user = "a server has it open" if in_use(path) else "no server has it open"
    told = f"{path}, {form_said}{whole}, {said(newest)}; {user}"
    if newest is not None and newest[1] / 1000 > time() + FUTURE_S:
        return warning(f"{told}: it lies in the future", "set this machine's clock: timedatectl set-ntp true")
    return ok(told)


def said(newest: tuple[int, int] | None) -> str:
    """How many rows there are and how old the newest is, from its (position, milliseconds since 1970)."""
    if newest is None:
        return "no rows yet"
    position, at = newest
    return f"{position} rows, the newest {age(time() - at / 1000)} old"


def age(seconds: float) -> str:
    """A length of time for a person."""
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def in_use(path: Path) -> bool:
    """Whether a server holds the lock."""
    try:
        with path.with_name(path.name + ".lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _restore() -> str:
    return "put a backup in its place (docs/operations.md, Backup), or set RPS_DATABASE_URL to another file."
