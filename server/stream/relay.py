"""The relay: rows go from the log into the stream, each once and in order.

Nothing is kept of how far it has come: the stream's own end says so, since a message's sequence number is its row's
position. The stream takes row n only right behind row n-1, so that neither an answer that was lost nor a second relay
that does not know yet that it leads no more can put anything into it twice or out of order.
"""

import asyncio
import logging
from time import monotonic

from nats.aio.client import Client

from server.errors import LogUnavailable
from server.meters import Meters
from server.ports import Entry, History
from server.stream.connection import ANSWER_S, visit
from server.stream.errors import OutOfStep, StreamError
from server.stream.place import Kept, ensured
from server.stream.publisher import Publisher

log = logging.getLogger(__name__)

BATCH = 256
"""Rows that are under way at once, and all that is held in memory."""
IDLE_S = 0.1
"""How often the log is asked for new rows while there are none."""
LOOK_S = 10.0
"""How often the relay looks whether the stream is still there and still the log's."""
GONE_S = 2.0
"""From finding that the stream was deleted to making it again: NATS removes a stream's files after it has said that it
did, and one of the same name that is made meanwhile loses its own.
"""
PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""From the first failure to the next attempt, doubled with each up to the longest."""


class Relay:
    """Fills one stream from one log."""

    def __init__(self, history: History, url: str, kept: Kept, meters: Meters) -> None:
        self._history = history
        self._url = url
        self._kept = kept
        self._meters = meters
        self._published = 0
        self._last = 0
        self._pause = 0.0

    @property
    def lag(self) -> int:
        """Rows committed and not known to be published: all of them until the stream has once been reached."""
        return max(0, self._last - self._published)

    async def run(self) -> None:
        """Publish until cancelled. Where it cannot, it says so once, and tries again ever later."""
        told: type[Exception] | None = None
        while True:
            try:
                self._last = await self._history.last_position()
                await visit(self._url, self._follow)
            except (StreamError, LogUnavailable) as error:
                if self._pause == 0.0:  # it had gone well
                    told, self._pause = None, PAUSE_S / 2
                if told is not type(error):
                    log.warning("Rounds wait in the log to be published. %s", error)
                told = type(error)
            self._pause = min(self._pause * 2, LONGEST_PAUSE_S)
            await asyncio.sleep(self._pause)

    async def _follow(self, client: Client) -> None:
        """Publish what the log has and what comes, for as long as NATS answers."""
        stream = client.jetstream(timeout=ANSWER_S)
        publisher = Publisher(client, self._kept.name)
        await publisher.start()
        looked = -LOOK_S
        while True:
            if monotonic() - looked >= LOOK_S:
                gone_s = GONE_S if self._published > 0 else 0.0
                self._published = await ensured(stream, self._kept, self._history, gone_s)
                looked = monotonic()
            entries = await self._history.since(self._published, BATCH)
            full = len(entries) == BATCH
            self._last = await self._history.last_position() if full else self._published + len(entries)
            if entries and not await self._publish(publisher, entries):
                looked = -LOOK_S
            elif self._pause > 0:
                log.info("The stream takes rows again: it has come to row %d.", self._published)
                self._pause = 0.0
            if not full:
                await asyncio.sleep(IDLE_S)

    async def _publish(self, publisher: Publisher, entries: list[Entry]) -> bool:
        """Whether the stream took them, as far as is known; else it must be asked where it ends."""
        began, well = monotonic(), False
        try:
            await publisher.publish(entries)
            well, self._published = True, entries[-1].position
        except OutOfStep as error:
            log.info("%s Somebody else may be publishing; looking again.", error)
        finally:
            self._meters.published(len(entries), monotonic() - began, well)
        return well
