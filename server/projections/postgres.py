"""The standings in PostgreSQL, beside the log."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from server import standings
from server.errors import DatabaseError, LogUnavailable
from server.postgres.connect import COMMAND_S, CONNECT_S, FAULTS, SESSION, said, unusable
from server.projections import tables
from server.projections.deltas import Deltas, Seat
from server.projections.rows import changes
from server.standings import Served, Standing, Totals

LIVE = "SELECT * FROM standings_live WHERE match = ANY($1::text[])"
BY_BYTES = 'COLLATE "C"'
"""As SQLite puts texts in order, whatever the database's own order is."""
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('rps standings'))"
"""Several servers that start together make the tables one after another."""
CONNECTIONS = 3
"""At most: one that adds rows, and others that read."""
HELD_UP_S = 5
"""A server that is held up between two statements of a transaction loses it then, for others wait for its locks."""


class PostgresProjected:
    """Implements `Projected`; made by `opened`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def position(self) -> int:
        ((position,),) = await self._fetch(tables.POSITION)
        return int(position)

    async def live(self, matches: Iterable[str]) -> dict[str, Seat]:
        return {row[0]: Seat(*row) for row in await self._fetch(LIVE, list(matches))}

    async def apply(self, begin: int, end: int, deltas: Deltas) -> bool:
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                moved = await connection.execute(tables.MOVE, begin, end, deltas.matches, deltas.rounds)
                if moved != "UPDATE 1":
                    return False
                for sql, rows in changes(deltas):
                    await connection.executemany(sql, rows)
        except FAULTS as error:
            raise LogUnavailable(said(error)) from error
        return True

    async def reset(self) -> None:
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(tables.START)  # its row's lock keeps out who would add meanwhile
                for sql in tables.FORGET:
                    await connection.execute(sql)
        except FAULTS as error:
            raise LogUnavailable(said(error)) from error

    async def leaders(self) -> list[Standing]:
        return [Standing(*row) for row in await self._fetch(tables.LEADERS_SQL.format(collation=BY_BYTES))]

    async def served(self) -> list[Served]:
        found = await self._fetch(tables.VERSIONS_SQL.format(collation=BY_BYTES))
        return [standings.served(*row) for row in found]

    async def totals(self) -> Totals:
        return Totals(*(await self._fetch(tables.TOTALS_SQL))[0])

    async def _fetch(self, sql: str, *parameters: Any) -> list[Any]:
        try:
            return list(await self._pool.fetch(sql, *parameters))
        except FAULTS as error:
            raise LogUnavailable(said(error)) from error


def session() -> dict[str, str]:
    """How PostgreSQL is to treat the connections."""
    return {**SESSION, "idle_in_transaction_session_timeout": f"{HELD_UP_S}s"}


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[PostgresProjected]:
    """The standings in this database, which is a server's; their tables are made where they are missing.

    Raises DatabaseError.
    """
    try:
        pool = await asyncpg.create_pool(
            address,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=CONNECT_S,
            command_timeout=COMMAND_S,
            server_settings=session(),
        )
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(ONE_AT_A_TIME)
            await connection.execute(tables.POSTGRES)
    except FAULTS as error:
        raise DatabaseError(unusable(address, error)) from error
    try:
        yield PostgresProjected(pool)
    finally:
        pool.terminate()
