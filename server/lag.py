"""How late the event loop is: everything that plays waits at least as long."""

import asyncio
from time import monotonic

from server.meters import Meters

EVERY_S = 0.25


async def feel(meters: Meters) -> None:
    """Set a timer again and again, and measure how late it runs, until cancelled."""
    while True:
        due = monotonic() + EVERY_S
        await asyncio.sleep(EVERY_S)
        meters.lagged(max(0.0, monotonic() - due))
