"""The database that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server import sqlite
from server.meters import Meters
from server.ports import Database
from server.postgres import log as postgres
from server.settings import Settings


@asynccontextmanager
async def opened(settings: Settings, meters: Meters | None = None) -> AsyncIterator[Database]:
    """The SQLite file or PostgreSQL, made ready for use; raises DatabaseError where it cannot be used, ValueError
    for an address of another kind. `meters` are told of its commits.
    """
    if settings.postgres is not None:
        async with postgres.opened(settings.postgres, meters) as log:
            yield log
    else:
        async with sqlite.opened(settings.database, settings.durability, meters) as file:
            yield file
