"""PostgreSQL for code that waits for its answers: one connection, opened at the first question.

A connection that is lost is opened again at the next question; one that has stood idle is tried first, so that a
restart of the database between two questions is not noticed. No text from here holds the password.
"""

import asyncio
from contextlib import suppress
from time import monotonic
from typing import Any

import asyncpg

from trainer.errors import LedgerUnavailable, NoLog, Overtaken
from trainer.settings import named

CONNECT_S = 5.0
ANSWER_S = 10.0
"""A question is given up after so long: whoever holds the lease must beat before it expires."""
IDLE_S = 1.0
"""After so long without a question, it is asked first whether the connection still holds."""
_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)


class Postgres:
    """A database by its address; used by one thread, and to be closed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._runner = asyncio.Runner()
        self._connection: Any = None
        self._used = 0.0

    @property
    def name(self) -> str:
        """What it is called where people read it."""
        return named(self._url)

    def fetch(self, sql: str, *parameters: Any) -> list[Any]:
        """All rows of one statement, which is a transaction of its own.

        Raises Overtaken where rows that are there forbid it, NoLog where there are no tables yet, and
        LedgerUnavailable soon where there is no answer.
        """
        try:
            return self._runner.run(self._fetched(sql, parameters))
        except asyncpg.IntegrityConstraintViolationError as error:
            raise Overtaken(_line(error)) from error
        except asyncpg.UndefinedTableError as error:
            raise NoLog(f"There is no round log in {self.name} yet: {_line(error)}. A server makes it.") from error
        except _FAULTS as error:
            self._drop_if_lost(error)
            raise LedgerUnavailable(f"{self.name} cannot be used: {_line(error)}.") from error

    def close(self) -> None:
        if self._connection is not None:
            with suppress(*_FAULTS):  # then it is gone already
                self._runner.run(self._connection.close(timeout=CONNECT_S))
            self._connection = None
        self._runner.close()

    async def _fetched(self, sql: str, parameters: tuple[Any, ...]) -> list[Any]:
        if self._connection is not None and monotonic() - self._used > IDLE_S:
            await self._tried()
        if self._connection is None:
            self._connection = await asyncpg.connect(self._url, timeout=CONNECT_S, command_timeout=ANSWER_S)
        found: list[Any] = await self._connection.fetch(sql, *parameters)
        self._used = monotonic()
        return found

    async def _tried(self) -> None:
        try:
            await self._connection.fetch("SELECT 1", timeout=CONNECT_S)
        except _FAULTS:
            self._connection.terminate()
            self._connection = None

    def _drop_if_lost(self, error: Exception) -> None:
        """A statement that was refused leaves the connection sound; after anything else nobody knows."""
        refused = isinstance(error, asyncpg.PostgresError) and self._connection and not self._connection.is_closed()
        if self._connection is not None and not refused:
            self._runner.run(self._terminated())
            self._connection = None

    async def _terminated(self) -> None:
        self._connection.terminate()


def _line(error: BaseException) -> str:
    """The first line of what went wrong: those after it may tell of rows."""
    return (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__
