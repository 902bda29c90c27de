"""A look at the round log in PostgreSQL."""

import asyncio
from time import time

import asyncpg

from server.errors import DatabaseError
from server.looks.file import said
from server.ports import Entry
from server.postgres.connect import FAULTS, connected, unusable
from server.postgres.log import SINCE_SQL
from server.postgres.migrate import taken
from server.postgres.steps import STEPS
from telemetry.doctor import Found, failed, ok, warning

OLDEST, TRIED = 14, 15
"""PostgreSQL's major versions: what its makers still keep up, and what everything was tested with."""
NEWEST = "SELECT position, at FROM log ORDER BY position DESC LIMIT 1"
RIGHTS = """
SELECT has_schema_privilege(current_schema(), 'USAGE') AND has_schema_privilege(current_schema(), 'CREATE')
    AND NOT EXISTS (
        SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
        AND NOT has_table_privilege(oid, 'SELECT, INSERT')
    )
"""
OUT_OF_STEP_S = 5.0


def database(address: str) -> Found:
    """Whether the database can be used, and what is in it."""
    return asyncio.run(_seen(address))


async def _seen(address: str) -> Found:
    try:
        connection = await connected(address, "rps-quest doctor")
    except (*FAULTS, ValueError) as error:
        return failed(unusable(address, error), "start PostgreSQL, or set RPS_DATABASE_URL right.")
    try:
        return await _described(connection)
    except DatabaseError as error:
        return failed(str(error), "set RPS_DATABASE_URL to another database, or start the version that it says.")
    except FAULTS as error:
        return failed(unusable(address, error), "see PostgreSQL's own log.")
    finally:
        connection.terminate()


async def _described(connection: asyncpg.Connection) -> Found:
    version, user = await connection.fetchval("SHOW server_version"), await connection.fetchval("SELECT current_user")
    steps = await taken(connection)
    if not await connection.fetchval(RIGHTS):
        return failed(f"{user} may not make or write all tables", f"GRANT ALL ON SCHEMA public TO {user};")
    ahead = float(await connection.fetchval("SELECT extract(epoch FROM now())")) - time()
    newest = await connection.fetchrow(NEWEST) if steps else None
    form = f"form {steps}" if steps == len(STEPS) else f"form {steps}, which a start takes to {len(STEPS)}"
    told = f"PostgreSQL {version} as {user}, {form}, {said(tuple(newest) if newest else None)}"
    if connection.get_server_version().major < OLDEST:
        return warning(told, f"PostgreSQL {TRIED} or newer: what is older than {OLDEST} gets no corrections any more.")
    if abs(ahead) > OUT_OF_STEP_S:
        return warning(f"{told}; its clock is {ahead:+.0f} s from this one", "let both machines keep time by NTP.")
    return ok(told)


class Beside:
    """The log, read over one connection; implements `History`."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def since(self, position: int, limit: int) -> list[Entry]:
        found = await self._connection.fetch(SINCE_SQL, position, limit)
        return [Entry(number, match, round, kind, at, body.encode()) for number, match, round, kind, at, body in found]

    async def last_position(self) -> int:
        return int(await self._connection.fetchval("SELECT coalesce(max(position), 0) FROM log"))
