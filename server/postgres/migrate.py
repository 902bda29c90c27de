"""Bringing a database up to date: forward only, by one server at a time, and never one that is not ours."""

from collections.abc import Sequence

import asyncpg

from game.fairness import sha256_hex
from server.errors import DatabaseError
from server.postgres.steps import STEPS

LOCK = 0x52505351
"""The advisory lock that servers which start together take in turn: 'RPSQ'."""
PATIENCE_S = 60
"""How long to wait for another server's steps, and for one of our own."""

MADE_SQL = "CREATE TABLE schema_steps (number integer PRIMARY KEY, digest text NOT NULL, at timestamptz NOT NULL)"
TAKEN_SQL = "INSERT INTO schema_steps VALUES ($1, $2, now())"
THERE_SQL = """
SELECT count(*) FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
"""
UNTOUCHED = "Nothing in it was changed"


async def migrate(connection: asyncpg.Connection, steps: Sequence[str] = STEPS) -> None:
    """Take the steps that the database lacks, each whole or not at all; raises DatabaseError where it is not ours."""
    await connection.execute(f"SET lock_timeout = '{PATIENCE_S}s'; SET statement_timeout = '{PATIENCE_S}s'")
    try:
        await connection.fetchval("SELECT pg_advisory_lock($1)", LOCK, timeout=PATIENCE_S)
    except (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError, TimeoutError) as error:
        raise DatabaseError(f"Another server has been changing the tables for {PATIENCE_S} s. {UNTOUCHED}.") from error
    for number in range(await taken(connection, steps) + 1, len(steps) + 1):
        async with connection.transaction():
            if number == 1:
                await connection.execute(MADE_SQL)
            await connection.execute(steps[number - 1], timeout=PATIENCE_S)
            await connection.execute(TAKEN_SQL, number, sha256_hex(steps[number - 1]))


async def taken(connection: asyncpg.Connection, steps: Sequence[str] = STEPS) -> int:
    """How many of the steps were taken before; raises DatabaseError where the database is not ours. Changes nothing."""
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise DatabaseError(f"The database holds text as {encoding}; make it with ENCODING 'UTF8'. {UNTOUCHED}.")
    found = await _digests(connection)
    _check(found, steps)
    return len(found)


async def _digests(connection: asyncpg.Connection) -> list[str]:
    """The digests of the steps that were taken before."""
    if await connection.fetchval("SELECT to_regclass('schema_steps')") is None:
        if await connection.fetchval(THERE_SQL):
            raise DatabaseError(f"The database is another program's: it has tables that are not ours. {UNTOUCHED}.")
        return []
    try:
        found = await connection.fetch("SELECT number, digest FROM schema_steps ORDER BY number")
    except asyncpg.UndefinedColumnError as error:
        raise DatabaseError(f"The database is another program's: its schema_steps is not ours. {UNTOUCHED}.") from error
    return [str(digest) for _, digest in found]


def _check(taken: Sequence[str], steps: Sequence[str]) -> None:
    """Raise DatabaseError unless these are the first of our steps."""
    if len(taken) > len(steps):
        raise DatabaseError(
            f"The database was written by a newer version (schema {len(taken)}, this program knows {len(steps)}). "
            f"{UNTOUCHED}; start the newer version, or set RPS_DATABASE_URL to another database."
        )
    for number, (digest, step) in enumerate(zip(taken, steps, strict=False), start=1):
        if digest != sha256_hex(step):
            raise DatabaseError(
                f"Step {number} of the database's tables is not the one that this program has: one of the two was "
                f"changed since. {UNTOUCHED}; start the version that made it."
            )
