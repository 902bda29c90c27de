"""The mirror's file: rows of the log at their positions, each slice in one transaction, none twice, none left out."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from trainer.errors import MirrorUnusable
from trainer.mirror.tables import FORM, TABLES

_WAIT_S = 5.0
"""How long a write waits for another trainer's, a command's beside the daemon."""
_ADD = "INSERT INTO log (position, match, round, kind, at, body) VALUES (?, ?, ?, ?, ?, ?)"


class Entry(NamedTuple):
    """A row of the log; `at` in milliseconds since 1970, `body` is the record's JSON."""

    position: int
    match: str
    round: int
    kind: str
    at: int
    body: str


class MirrorFile:
    """Open for writing, by one thread; made where it is not there. All raise MirrorUnusable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._faults():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=_WAIT_S)
            self._file = _file_at(path)
            self._keep_a_log()
            self._connection.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes from its end comes again
            self._prepare()

    def _keep_a_log(self) -> None:
        """SQLite does not wait where two begin a write-ahead log at once: whoever is refused asks again."""
        end = monotonic() + _WAIT_S
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > end:
                    raise
            sleep(0.01)

    def _prepare(self) -> None:
        """Two may make it at once."""
        with self._transaction():
            (form,) = self._connection.execute("PRAGMA user_version").fetchone()
            (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if tables and form != FORM:
                raise self.unusable("it was made by another version of this program")
            if not tables:
                for statement in TABLES:
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {FORM}")

    @property
    def position(self) -> int:
        """The last row's, 0 while there is none."""
        newest = self.newest()
        return 0 if newest is None else newest.position

    def newest(self) -> Entry | None:
        """The last row."""
        sql = "SELECT position, match, round, kind, at, body FROM log ORDER BY position DESC LIMIT 1"
        with self._faults():
            found = self._connection.execute(sql).fetchone()
        return None if found is None else Entry(*found)

    def take(self, entries: Sequence[Entry]) -> None:
        """Add the rows that are not there yet; all or none, and none where one before them is missing."""
        with self._faults(), self._transaction():
            last = self.position
            new = [one for one in entries if one.position > last]
            for position, one in enumerate(new, last + 1):
                if one.position != position:
                    raise MirrorUnusable(f"Row {position} of the log is missing in what came; nothing is read past it.")
            self._connection.executemany(_ADD, new)

    @property
    def in_place(self) -> bool:
        """Whether it is still what readers find: it may have been deleted, and made again by another trainer."""
        return _file_at(self._path) == self._file

    def unusable(self, why: str) -> MirrorUnusable:
        """What to say where it cannot be used, and the way out."""
        return MirrorUnusable(f"The mirror {self._path} cannot be used: {why}. Delete it, and it is made again.")

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise MirrorUnusable(f"The mirror {self._path} cannot be written: {error}.") from error
        except sqlite3.Error as error:
            raise self.unusable(str(error)) from error


def _file_at(path: Path) -> tuple[int, int] | None:
    """Which file it is, None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
