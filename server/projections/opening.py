"""Where the standings are kept: with a stream or in PostgreSQL they are tables of their own, kept up row by row.

One server over its own SQLite file, which is all there is by default, reads them from `matches` instead: that is exact
at any moment, and needs nobody to keep it up.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.projections import postgres, sqlite
from server.projections.ports import Projected
from server.settings import Settings


@asynccontextmanager
async def kept(settings: Settings) -> AsyncIterator[Projected | None]:
    """The standings' tables in the database that is open already, None where they are not kept."""
    if settings.postgres is not None:
        async with postgres.opened(settings.postgres) as beside:
            yield beside
    elif settings.stream_url:
        async with sqlite.opened(settings.database) as within:
            yield within
    else:
        yield None
