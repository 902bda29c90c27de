"""The lead: of several servers over one database, one does what needs doing only once.

Whoever leads counts a number in the database up every second. Who waits takes over once that number has stood still
for a while by their own monotonic clock, so that no wall clock need be right or agree with another. Nothing rests on
there being one leader only: a leader that was held up may work on for a moment beside its successor, and whatever the
two do beside each other must be harmless by itself.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from time import monotonic

from server.ending import ended
from server.errors import LogUnavailable
from server.ports import Leases

log = logging.getLogger(__name__)

NAME = "relay"
BEAT_S = 1.0
EXPIRES_S = 5.0
"""How long the number may stand still."""

Work = Callable[[], Coroutine[None, None, None]]


class Lead:
    """One server's view of the lease. `holder` must be no other server's, nor this one's of before a restart."""

    def __init__(self, leases: Leases, holder: str, clock: Callable[[], float] = monotonic) -> None:
        self._leases = leases
        self._holder = holder
        self._clock = clock
        self._seen: tuple[str, int] | None = None
        self._since = clock()
        self.held = False

    async def beat(self) -> bool:
        """Take the lease, or keep it, or go on waiting; whether it is held now. Raises LogUnavailable."""
        found = await self._leases.lease(NAME)
        ours = found is not None and found[0] == self._holder  # it may have more beats than we had an answer to
        if found != self._seen and not ours:
            if self.held and found is not None:
                log.warning("Another server leads now: %s.", found[0])
            self._seen, self._since, self.held = found, self._clock(), False
        if found is not None and not ours and self._clock() - self._since <= EXPIRES_S:
            return False
        took = await self._leases.take(NAME, self._holder, found)
        if took and not self.held:
            log.info("This server leads.")
        if took:
            self._seen, self._since = (self._holder, 1 if found is None else found[1] + 1), self._clock()
        self.held = took
        return took

    async def run(self, work: Work) -> None:
        """Until cancelled: do the work while leading, and stop it at once when the lead is lost."""
        working: asyncio.Task[None] | None = None
        try:
            while True:
                leads = await self._beat_or_doubt()
                if working is not None and (working.done() or not leads):
                    await _ended(working)
                    working = None
                if leads and working is None:
                    working = asyncio.create_task(work())
                await asyncio.sleep(BEAT_S)
        finally:
            self.held = False
            if working is not None:
                await _ended(working)

    async def _beat_or_doubt(self) -> bool:
        """Whether this server leads. One that cannot reach the database leads on for no longer than others wait."""
        try:
            async with asyncio.timeout(EXPIRES_S):
                return await self.beat()
        except (LogUnavailable, TimeoutError) as error:
            if self.held and self._clock() - self._since > EXPIRES_S:
                log.warning("This server leads no more, for it cannot say so: %s", error or "the database is slow")
                self.held = False
            return self.held


async def _ended(working: asyncio.Task[None]) -> None:
    """Stop the work, and tell of a fault that it ended with: it is begun again, and what players do goes on."""
    for fault in await ended([working]):
        log.error("What only one server does has failed, and is begun again.", exc_info=fault)
