"""The standings are kept up from the stream; what the stream does not have is read from the log.

It has less while NATS is away, while rows are being published, where they were too old to be kept, and where the
standings are made again from the start. Whatever comes twice, or through two servers at once, counts once: rows are
added only where the standings stand right before them.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from server.errors import LogUnavailable
from server.ports import History
from server.projections.fill import add, catch_up
from server.projections.ports import Projected
from server.stream import names
from server.stream.connection import ANSWER_S, visit
from server.stream.errors import NotOurs, StreamError
from server.stream.place import checked

log = logging.getLogger(__name__)

BATCH = 256
UNACKNOWLEDGED = 4 * BATCH
"""Messages under way to whoever folds, at most."""
AGAIN_S = 10.0
"""After so long a message that was not acknowledged is delivered again."""
GATHER_S = 0.25
"""From one batch to the next while nothing waits: the standings' writes are few, and in nobody's way."""
QUIET_S = 1.0
"""How long the stream may be quiet before the log is asked whether there is more."""
WITHOUT_STREAM_S = 5.0
"""How long only the log is read before the stream is tried again."""


def consumer(stream: str) -> str:
    """The durable consumer's name: JetStream keeps how far it has come."""
    return f"{stream}-standings"


class Projection:
    """Keeps the standings up, as long as it runs; `url` is empty where there is no stream."""

    def __init__(self, history: History, projected: Projected, url: str, stream: str) -> None:
        self._history = history
        self._projected = projected
        self._url = url
        self._stream = stream
        self._told = ""
        self.lag = 0

    async def run(self) -> None:
        """Until cancelled. What fails is told once, and tried again."""
        while True:
            try:
                if self._url:
                    await visit(self._url, self._follow)
            except (StreamError, LogUnavailable) as error:
                if type(error).__name__ != self._told:
                    log.info("The standings are kept up from the log. %s", error)
                self._told = type(error).__name__
            await self._without_stream()

    async def _without_stream(self) -> None:
        """Keep the standings up from the log for some seconds."""
        end = monotonic() + WITHOUT_STREAM_S
        while monotonic() < end:
            try:
                await self._look_behind()
            except LogUnavailable as error:
                log.warning("The standings are not kept up: %s", error)
            await asyncio.sleep(QUIET_S)

    async def _look_behind(self) -> None:
        """Add what is in the log and did not come."""
        self.lag = await self._history.last_position() - await self._projected.position()
        if self.lag > 0:
            await catch_up(self._history, self._projected)
            self.lag = 0

    async def _follow(self, client: Client) -> None:
        """Add what the stream brings, and what it left out, for as long as NATS answers."""
        stream = client.jetstream(timeout=ANSWER_S)
        await checked(stream, await stream.stream_info(self._stream), self._stream, self._history)
        messages = await self._subscribed(stream)
        self._told = ""
        while True:
            came: list[Msg] = []
            with suppress(TimeoutError):  # where nothing comes, nats-py raises this or returns an empty list
                came = await messages.fetch(BATCH, timeout=QUIET_S)
            if not came:
                await messages.consumer_info()  # quiet, or gone?
                await self._look_behind()
                continue
            await self._take(came, came[-1].metadata.sequence.stream + came[-1].metadata.num_pending)
            for message in came:
                await message.ack()
            if len(came) < BATCH:
                await asyncio.sleep(GATHER_S)

    async def _subscribed(self, stream: JetStreamContext) -> JetStreamContext.PullSubscription:
        """The durable consumer, made where it is missing: it begins behind what is counted already."""
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=await self._projected.position() + 1,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=AGAIN_S,
            max_ack_pending=UNACKNOWLEDGED,
        )
        subjects, name = names.subjects(self._stream), consumer(self._stream)
        return await stream.pull_subscribe(subjects, durable=name, stream=self._stream, config=config)

    async def _take(self, came: Sequence[Msg], end: int) -> None:
        """Add the rows of these messages, and from the log those that are missing before and between them.

        `end` is the last row that the stream has.
        """
        rows = {entry.position: entry for entry in (names.entry(one.headers, one.data) for one in came)}
        while True:
            position = await self._projected.position()
            wanted = sorted(number for number in rows if number > position)
            self.lag = max(0, end - position)
            if not wanted:
                return
            if wanted[0] > position + 1:
                await self._fill(wanted[0] - 1)
                continue
            run = [number for place, number in enumerate(wanted) if number == wanted[0] + place]
            await add(self._projected, [rows[number] for number in run])

    async def _fill(self, to: int) -> None:
        """Add from the log what the stream left out before position `to`, and this."""
        if await catch_up(self._history, self._projected, to) < to and await self._history.last_position() < to:
            raise NotOurs(f"The stream {self._stream} has more rows than the log.")
