"""The scoreboard as the daemon keeps it: it follows the log a slice at a time, and is kept now and then.

The totals are a pure function of the log up to their position. So whatever happens to the process or to the file, the
same rows lead to the same numbers.
"""

import logging
import sqlite3
from math import inf
from pathlib import Path
from time import monotonic

from trainer.data import log as rounds
from trainer.scoreboard import checkpoint
from trainer.scoreboard.fold import take
from trainer.scoreboard.totals import Totals

log = logging.getLogger(__name__)

SLICE = 500
"""Rows between two looks at the clock: some ten milliseconds."""
TURN_S = 0.2
"""How long one turn may read, for everything else of the daemon waits."""
KEPT_S = 10.0
"""How often the totals are kept while they change. What was not kept when a process died is read again."""


class Board:
    """One reader of the log; made where the lease is held, used by one thread."""

    def __init__(self, path: Path) -> None:
        """Its totals are kept at `path`, and taken from there at the first look."""
        self._path = path
        self._totals: Totals | None = None
        self._kept = -1
        self._kept_at = -inf
        self.caught_up = False
        """Whether it has been at the log's end: until then its totals are no statement about anything."""

    @property
    def totals(self) -> Totals:
        """Of all rows read so far."""
        return Totals() if self._totals is None else self._totals

    def advance(self, reader: sqlite3.Connection, seconds: float = TURN_S) -> bool:
        """Read on for about so long; whether there is more. Raises sqlite3.Error."""
        if self._totals is None:
            self._totals = self._begun(reader)
        more, until = True, monotonic() + seconds
        while more:
            more = follow(self._totals, reader)
            if monotonic() >= until:
                break
        self.caught_up = self.caught_up or not more
        if monotonic() - self._kept_at > KEPT_S:
            self.keep(reader)
        return more

    def keep(self, reader: sqlite3.Connection) -> None:
        """Keep the totals if they have changed; where that fails it is told, and tried again the next time."""
        if self._totals is None or self._totals.position == self._kept:
            return
        self._kept_at = monotonic()
        try:
            checkpoint.save(self._path, self._totals, reader)
            self._kept = self._totals.position
        except OSError as error:
            log.warning("The scoreboard cannot be kept at %s: %s.", self._path, error.strerror)

    def _begun(self, reader: sqlite3.Connection) -> Totals:
        found, why = checkpoint.load(self._path, reader)
        if found is not None:
            self._kept = found.position
            return found
        if rounds.last_position(reader):
            log.info("The scoreboard is counted from the log's beginning: %s at %s.", why, self._path)
        return Totals()


def follow(totals: Totals, reader: sqlite3.Connection) -> bool:
    """Take in the next slice of the log; whether there may be more."""
    sql = "SELECT position, match, body FROM log WHERE position > ? ORDER BY position LIMIT ?"
    rows = reader.execute(sql, (totals.position, SLICE)).fetchall()
    for position, match, body in rows:
        take(totals, position, bytes(match).decode(errors="replace"), bytes(body))
    return len(rows) == SLICE


def whole(database: Path) -> Totals:
    """The totals of the log as it is now, from its beginning; raises NoLog."""
    totals = Totals()
    with rounds.opened(database) as reader:
        while follow(totals, reader):
            pass
    return totals
