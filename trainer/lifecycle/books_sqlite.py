"""The trainer's tables in the server's SQLite file."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from trainer.errors import LedgerUnavailable, NoLog, Overtaken

_WAIT_S = 5.0
"""How long a write waits for the server's; the server's own are over within milliseconds."""
_NO_TABLE = "no such table"


class SqliteTables:
    """Implements `Tables` over a file that must be there; raises NoLog."""

    def __init__(self, database: Path) -> None:
        self.name = str(database)
        try:
            self._connection = sqlite3.connect(
                f"file:{quote(str(database.absolute()))}?mode=rw", uri=True, isolation_level=None, timeout=_WAIT_S
            )
        except sqlite3.Error as error:
            raise NoLog(f"There is no database at {database} yet.") from error
        self.fetch("PRAGMA synchronous = FULL")  # a decision outlives a power cut: it is made once in hours

    def fetch(self, sql: str, *parameters: Any) -> Sequence[Sequence[Any]]:
        given = {str(number): value for number, value in enumerate(parameters, 1)}
        try:
            return self._connection.execute(sql, given).fetchall()
        except sqlite3.IntegrityError as error:
            raise Overtaken(str(error)) from error
        except sqlite3.Error as error:
            if str(error).startswith(_NO_TABLE):
                raise NoLog(f"There is no round log in {self.name} yet: {error}.") from error
            raise LedgerUnavailable(f"The ledger cannot be used: {error}.") from error

    def field(self, *path: str) -> str:
        return f"CAST(body ->> '$.{'.'.join(path)}' AS TEXT)"

    def close(self) -> None:
        self._connection.close()
