"""What one of the servers does for all: it fills the stream from the log, and keeps up the standings."""

import asyncio
import os
import socket
from secrets import token_hex

from server.meters import Meters
from server.ports import Database
from server.projections.ports import Projected
from server.settings import Settings
from server.stream.lead import Lead
from server.stream.place import Kept
from server.stream.projection import Projection
from server.stream.relay import Relay


async def follow(settings: Settings, database: Database, projected: Projected, meters: Meters) -> None:
    """Lead, as soon as nobody else does, until cancelled; `meters` are told of it."""
    lead = Lead(database, f"{socket.gethostname()}:{os.getpid()}:{token_hex(4)}")
    projection = Projection(database, projected, settings.stream_url, settings.stream_name)
    kept = Kept(settings.stream_name, settings.stream_days)
    relay = Relay(database, settings.stream_url, kept, meters) if settings.stream_url else None

    async def work() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(projection.run())
            if relay is not None:
                group.create_task(relay.run())

    levels = meters.levels
    levels.leads = lambda: lead.held
    levels.projection = lambda: projection.lag if lead.held else None
    if relay is not None:
        levels.stream = lambda: relay.lag if lead.held else None
    await lead.run(work)
