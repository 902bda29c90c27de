"""`python -m server standings`: how far the standings have come, or make them again from the log."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiosqlite
from msgspec import Struct, json

from server.errors import DatabaseError, LogUnavailable
from server.ports import History
from server.postgres import log as postgres
from server.projections.fill import catch_up
from server.projections.opening import kept
from server.projections.sqlite import Beside
from server.settings import Settings

FAILED = 1


@asynccontextmanager
async def _history(settings: Settings) -> AsyncIterator[History]:
    """The log to read from, beside the servers that write it."""
    if settings.postgres is not None:
        async with postgres.opened(settings.postgres) as log:
            yield log
        return
    if not settings.database.is_file():
        raise DatabaseError(f"there is no database {settings.database}.")
    try:
        async with aiosqlite.connect(f"file:{settings.database}?mode=ro", uri=True) as connection:
            yield Beside(connection)
    except sqlite3.Error as error:
        raise DatabaseError(f"{settings.database}: {error}.") from error


class Counted(Struct, frozen=True):
    """How far the standings have come: the log's rows that they count, and all it has. None: they need not be kept."""

    position: int | None
    last: int | None


async def _run(settings: Settings, rebuild: bool) -> Counted:
    async with _history(settings) as history, kept(settings) as standings:
        if standings is None:
            return Counted(None, None)
        if rebuild:
            await standings.reset()
            await catch_up(history, standings)
        return Counted(await standings.position(), await history.last_position())


def main(settings: Settings, rebuild: bool, as_json: bool = False) -> int:
    """Say how far they have come, after having made them again if that is wished; returns the exit status."""
    try:
        found = asyncio.run(_run(settings, rebuild))
    except (DatabaseError, LogUnavailable) as error:
        sys.stderr.write(f"The standings cannot be read: {error}\n")
        return FAILED
    if as_json:
        sys.stdout.write(json.encode(found).decode() + "\n")
    elif found.position is None:
        sys.stdout.write("The standings are read from the matches themselves here; there is nothing to make again.\n")
    else:
        sys.stdout.write(f"The standings count the log up to row {found.position} of {found.last}.\n")
    return 0
