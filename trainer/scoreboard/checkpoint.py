"""Totals kept in a file, so that a restart need not read the whole log again. It may be lost or damaged at any time.

The first line is the SHA-256 of the second, which is JSON. A checkpoint counts only for the log that it was made from:
it names the last row it has seen by a hash, too.
"""

import sqlite3
from hashlib import sha256
from pathlib import Path

from msgspec import MsgspecError, Struct, json

from models.files import replace_file
from trainer.scoreboard.totals import Totals

FORM = 1
"""To be raised when totals mean something else than before: they are then counted anew."""


class _Kept(Struct, frozen=True):
    form: int
    mark: str
    totals: Totals


def save(path: Path, totals: Totals, reader: sqlite3.Connection) -> None:
    """Keep the totals in place of what was kept; raises OSError. `reader` sees the log that they were made from."""
    body = json.encode(_Kept(FORM, _mark(reader, totals.position), totals))
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, sha256(body).hexdigest().encode() + b"\n" + body)


def load(path: Path, reader: sqlite3.Connection) -> tuple[Totals | None, str]:
    """(what is kept there, or None where nothing can be used, and then why)."""
    try:
        digest, _, body = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None, "it is not there"
    except OSError as error:
        return None, f"it cannot be read: {error.strerror}"
    if sha256(body).hexdigest().encode() != digest:
        return None, "it is damaged"
    try:
        kept = json.decode(body, type=_Kept)
    except MsgspecError:
        return None, "it was written by another version of this program"
    if kept.form != FORM:
        return None, "it was written by another version of this program"
    if kept.mark != _mark(reader, kept.totals.position):
        return None, "it was made from another log"
    return kept.totals, ""


def _mark(reader: sqlite3.Connection, position: int) -> str:
    """What tells this row from that of any other log; empty where there is none."""
    found = reader.execute("SELECT match, body FROM log WHERE position = ?", (position,)).fetchone()
    return "" if found is None else sha256(bytes(found[0]) + b"\n" + bytes(found[1])).hexdigest()
