"""A few connections for everything that is not appended to the log."""

from collections.abc import Callable
from typing import Any

import asyncpg

from server.errors import LogUnavailable
from server.postgres.connect import COMMAND_S, CONNECT_S, FAULTS, SESSION, said, unreachable

CONNECTIONS = 8
"""At most. With the one that appends and the one that listens a server has ten."""


class Pool:
    """Statements that are each a transaction of their own."""

    def __init__(self, pool: asyncpg.Pool, fault: Callable[[], str | None]) -> None:
        self._pool = pool
        self._fault = fault
        """Why PostgreSQL cannot be reached, where that is known: nobody is to wait for nothing."""

    async def read(self, sql: str, *parameters: Any) -> list[Any]:
        """The rows of what may be asked twice, as it is if the connection was lost; raises LogUnavailable."""
        if any(isinstance(each, str) and "\0" in each for each in parameters):
            return []  # PostgreSQL keeps no such text, so that there is nothing of that name
        try:
            try:
                return await self._ask(sql, *parameters)
            except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.AdminShutdownError):
                return await self._ask(sql, *parameters)
        except FAULTS as error:
            raise LogUnavailable(_told(error)) from error

    async def write(self, sql: str, *parameters: Any) -> list[Any]:
        """The rows that a statement returns, once it is durable; after LogUnavailable it may be or not."""
        try:
            return await self._ask(sql, *parameters)
        except FAULTS as error:
            raise LogUnavailable(_told(error)) from error

    async def _ask(self, sql: str, *parameters: Any) -> list[Any]:
        fault = self._fault()
        if fault is not None:
            raise LogUnavailable(fault)
        async with self._pool.acquire(timeout=CONNECT_S) as connection:
            return list(await connection.fetch(sql, *parameters))


def _told(error: Exception) -> str:
    return f"PostgreSQL cannot be reached: {said(error)}" if unreachable(error) else said(error)


async def made(address: str) -> asyncpg.Pool:
    """The connections; raises one of `connect.FAULTS`."""
    return await asyncpg.create_pool(
        address,
        min_size=1,
        max_size=CONNECTIONS,
        timeout=CONNECT_S,
        command_timeout=COMMAND_S,
        server_settings=SESSION,
        target_session_attrs="read-write",
        reset=_as_it_is,
    )


async def _as_it_is(connection: asyncpg.Connection) -> None:
    """Nothing of a connection is ever changed, so that cleaning up behind each statement would be for nothing."""
