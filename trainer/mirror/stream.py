"""The rows of the log as JetStream brings them, through a durable consumer that acknowledges what is kept.

Where the consumer goes on is decided by what is kept already, not by the consumer: one that stands anywhere else is
made anew there. So a message may come again, and is then passed over; that none is left out the reader sees by the
positions.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from itertools import takewhile
from typing import TypeVar

import nats
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RawStreamMsg
from nats.js.errors import NotFoundError

from trainer.mirror.file import Entry

AT_ONCE = 1000
"""Messages that are asked for at once."""
PATIENCE_S = 1.0
"""How long a message that should be there is waited for."""
PASSING_S = 0.1
"""How long one that may be there."""
_ANSWER_S = 3
_ACK_S = 60.0
"""A message that nobody has acknowledged comes again after so long."""
_FAULTS = (nats.errors.Error, OSError, TimeoutError)

T = TypeVar("T")


class StreamAway(Exception):
    """The stream cannot be read, for the reason given."""


class Stream:
    """One stream by its name, read by one thread; to be closed.

    `row` gives the log's own row at a position, by which a stream of another log is known.
    """

    def __init__(self, url: str, name: str, row: Callable[[int], Entry | None]) -> None:
        self._url = url
        self._name = name
        self._row = row
        self._runner = asyncio.Runner()
        self._client: Client | None = None
        self._reader: JetStreamContext.PullSubscription | None = None
        self._held: deque[tuple[Entry, Msg]] = deque()
        """What has come and is not acknowledged."""
        self._settled = 0
        """The last position that the consumer has behind it."""

    def after(self, position: int, most: int) -> list[Entry]:
        """Rows after this position, of which there are so many at least; perhaps later ones than the next.

        All rows up to the position are kept by the reader: they are acknowledged. Raises StreamAway.
        """
        self._open(position)
        return self._run(self._after(position, min(most, AT_ONCE)))

    def keep(self, position: int) -> None:
        """There is nothing to wait for; acknowledge, and see that the connection holds. Raises StreamAway.

        What the stream was given after the reader had it by another way is acknowledged too, or it would seem to wait.
        """
        self._open(position)
        self._run(self._pass(position))

    def rest(self) -> None:
        """Let go of the connection; the next question opens another."""
        if self._client is not None:
            self._runner.run(self._leave())

    def close(self) -> None:
        self.rest()
        self._runner.close()

    def _open(self, position: int) -> None:
        """Go on after this position, in a stream whose newest message is a row of our log."""
        if self._reader is not None:
            return
        self.rest()
        end, newest = self._run(self._connected())
        if newest is not None and self._row(newest.position) != newest:
            self.rest()
            raise StreamAway("it holds another log")
        self._settled = min(position, end)
        self._reader = self._run(self._placed(self._settled + 1))

    def _run(self, doing: Coroutine[None, None, T]) -> T:
        try:
            return self._runner.run(doing)
        except _FAULTS as error:
            self.rest()
            raise StreamAway(str(error) or type(error).__name__) from error
        except StreamAway:
            self.rest()
            raise

    async def _after(self, position: int, most: int) -> list[Entry]:
        assert self._reader is not None
        await self._acknowledge(position)
        if not self._held:
            came: list[Msg] = []
            # where nothing comes, nats-py raises this or its own kind of it, or returns no message
            with suppress(TimeoutError):
                came = await self._reader.fetch(most, timeout=PATIENCE_S)
            if not came:  # that there is no such consumer any more looks like this, too
                raise StreamAway("it does not bring what the database has")
            self._held.extend((_entry(message), message) for message in came)
            await self._acknowledge(position)
        first = self._held[0][0].position if self._held else 0
        ordered = enumerate((one for one, _ in self._held), first)
        return [one for _, one in takewhile(lambda numbered: numbered[0] == numbered[1].position, ordered)]

    async def _pass(self, position: int) -> None:
        if self._settled < position and not self._held:
            assert self._reader is not None
            with suppress(TimeoutError):
                came = await self._reader.fetch(AT_ONCE, timeout=PASSING_S)
                self._held.extend((_entry(message), message) for message in came)
        await self._acknowledge(position)

    async def _acknowledge(self, position: int) -> None:
        """What is kept; and wait until all that was said is with the other side, for then this loop stands still."""
        while self._held and self._held[0][0].position <= position:
            entry, message = self._held.popleft()
            await message.ack()
            self._settled = entry.position
        assert self._client is not None
        await self._client.flush(_ANSWER_S)

    async def _connected(self) -> tuple[int, Entry | None]:
        """Connect; (the last position that the stream was given, the newest row that it holds)."""
        self._client = await nats.connect(
            self._url, allow_reconnect=False, connect_timeout=_ANSWER_S, error_cb=_silent, name="trainer",
            max_reconnect_attempts=1, reconnect_time_wait=0,  # they hold for the first connection, too
        )  # fmt: skip
        stream = self._client.jetstream(timeout=_ANSWER_S)
        try:
            state = (await stream.stream_info(self._name)).state
        except NotFoundError as error:
            raise StreamAway(f"there is no stream {self._name} yet") from error
        newest = _entry(await stream.get_msg(self._name, state.last_seq)) if state.messages else None
        return state.last_seq, newest

    async def _placed(self, start: int) -> JetStreamContext.PullSubscription:
        """The consumer, which goes on with this position: a row's position is its sequence number."""
        assert self._client is not None
        stream, durable = self._client.jetstream(timeout=_ANSWER_S), f"{self._name}-trainer"
        if not await self._stands(stream, durable, start):
            await stream.add_consumer(self._name, _consumer(durable, start))
        return await stream.pull_subscribe_bind(durable=durable, stream=self._name)

    async def _stands(self, stream: JetStreamContext, durable: str, start: int) -> bool:
        """Whether the consumer is there and goes on here; one that stands elsewhere is removed."""
        try:
            found = await stream.consumer_info(self._name, durable)
        except NotFoundError:
            return False
        if found.delivered is not None and found.delivered.stream_seq + 1 == start and not found.num_ack_pending:
            return True
        await stream.delete_consumer(self._name, durable)
        return False

    async def _leave(self) -> None:
        """Let go of the connection; what was not acknowledged comes again."""
        client, self._client, self._reader = self._client, None, None
        self._held.clear()
        if client is not None:
            with suppress(*_FAULTS):  # nobody waits for one who is gone
                async with asyncio.timeout(_ANSWER_S):
                    await client.close()


def _consumer(durable: str, start: int) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=durable, deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=start,
        ack_policy=AckPolicy.EXPLICIT, ack_wait=_ACK_S, max_ack_pending=4 * AT_ONCE,
    )  # fmt: skip


def _entry(message: Msg | RawStreamMsg) -> Entry:
    """The row that a message carries; raises StreamAway where it carries none."""
    told, body = message.headers or {}, message.data or b""
    try:
        position, round, at = int(told["Rps-Position"]), int(told["Rps-Round"]), int(told["Rps-At"])
        return Entry(position, told["Rps-Match"], round, told["Rps-Kind"], at, body.decode())
    except (KeyError, ValueError) as error:
        raise StreamAway("it holds a message that is no row of a log") from error


async def _silent(error: Exception) -> None:
    """Whatever goes wrong is raised where it is asked for."""
