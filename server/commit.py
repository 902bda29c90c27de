"""Group commit: one writer makes whatever has gathered durable at once, so that a busy log commits no more often.

Each write is all or nothing. One that fails alone is told so; it never takes the others of its group with it.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from typing import Any

import aiosqlite
from msgspec import Struct

from server.errors import LogUnavailable

log = logging.getLogger(__name__)

GROUP = 512
"""Writes in one commit at most."""

APPEND = "INSERT INTO log (match, round, kind, at, body) VALUES (?, ?, ?, ?, ?)"

Row = Sequence[Any]
Statement = tuple[str, Row]


class Write(Struct, frozen=True):
    """Log rows and other statements that become durable together, and who waits for it."""

    rows: list[Row]
    statements: list[Statement]
    done: "asyncio.Future[None]"


class Committer:
    """The only writer of a database."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._pending: list[Write] = []
        self._wake = asyncio.Event()
        self.commits = 0

    def submit(self, rows: Sequence[Row] = (), statements: Sequence[Statement] = ()) -> "asyncio.Future[None]":
        """A future that is done once all of it is durable; fails with LogUnavailable if it is not."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append(Write(list(rows), list(statements), done))
        self._wake.set()
        return done

    async def drained(self) -> None:
        """Wait until nothing is waiting to be written."""
        await self.submit()

    async def run(self) -> None:
        """Commit what comes, until cancelled."""
        while True:
            await self._wake.wait()
            group, self._pending = self._pending[:GROUP], self._pending[GROUP:]
            if not self._pending:
                self._wake.clear()
            await self._commit(group)

    async def _commit(self, group: list[Write]) -> None:
        try:
            await self._perform(group)
        except (sqlite3.Error, OSError) as error:
            await self._connection.rollback()
            if len(group) > 1:
                for write in group:
                    await self._commit([write])
                return
            log.error("The round log did not take a write: %s", error)
            _finish(group[0], LogUnavailable(str(error)))
            return
        for write in group:
            _finish(write, None)

    async def _perform(self, group: list[Write]) -> None:
        rows = [row for write in group for row in write.rows]
        if rows:
            await self._connection.executemany(APPEND, rows)
        for write in group:
            for sql, parameters in write.statements:
                await self._connection.execute(sql, parameters)
        await self._connection.commit()
        self.commits += 1


def _finish(write: Write, error: Exception | None) -> None:
    if write.done.done():  # whoever waited was cancelled
        return
    if error is None:
        write.done.set_result(None)
    else:
        write.done.set_exception(error)
