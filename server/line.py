"""A line to the sidecar: many questions in flight on one Unix socket, each answered or failed by its deadline.

`Line` is one connection; what is said on it is its subclass's. `Caller` keeps one for as long as it runs.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar, cast

from msgspec import MsgspecError

from game import ask

log = logging.getLogger(__name__)

RECONNECT_S = (0.02, 0.5)
"""The first and the longest pause between attempts to connect."""

Answer = TypeVar("Answer")


class Unheard(Exception):
    """A question that was not answered, for the reason given: late or down."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Line(asyncio.Protocol, ABC, Generic[Answer]):
    """One connection and the questions that are open on it."""

    def __init__(self, most: int = ask.MAX_FRAME) -> None:
        """`most` is how many bytes a frame of the peer's may have."""
        self._loop = asyncio.get_running_loop()
        self._frames = ask.Frames(most)
        self._ids = count(1)
        self._open: dict[int, tuple[float, asyncio.Future[Answer]]] = {}
        self._outgoing: list[bytes | bytearray] = []
        self._transport: asyncio.Transport | None = None
        self._watched = float("inf")
        self._alarm: asyncio.TimerHandle | None = None
        self.closed = asyncio.Event()

    @abstractmethod
    def heard(self, body: bytes) -> None:
        """Take a frame of the peer's; raises MsgspecError if it is none."""

    def fault(self, reason: str) -> Exception:
        """What a question fails with that is not answered."""
        return Unheard(reason)

    def unanswered(self, questions: int) -> None:
        """So many questions have passed their deadlines."""

    @property
    def unsent(self) -> int:
        """Bytes that the peer has not taken yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def put(self, id: int, deadline: float, frame: bytes | bytearray) -> "asyncio.Future[Answer]":
        """Send a question; the future fails with `fault` at the deadline."""
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._open[id] = deadline, future
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(frame)
        self._watch(deadline)
        return future

    def taken(self, id: int) -> "asyncio.Future[Answer] | None":
        """The future of a question that is answered now, if anybody still waits for it."""
        _, future = self._open.pop(id, (0.0, None))
        return None if future is None or future.done() else future

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's do not inherit from asyncio's

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._fail(list(self._open), "down")
        self.closed.set()

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                self.heard(body)
        except (ask.FrameError, MsgspecError) as error:
            log.error("The inference sidecar sent what cannot be read (%s); connecting anew.", error)
            self.close()

    def _flush(self) -> None:
        """Everything asked in one turn of the loop leaves in one write."""
        if self._transport is not None:
            self._transport.writelines(self._outgoing)
        self._outgoing = []

    def _watch(self, deadline: float) -> None:
        """One alarm at most is set, for the earliest deadline."""
        if deadline < self._watched:
            if self._alarm is not None:
                self._alarm.cancel()
            self._watched = deadline
            self._alarm = self._loop.call_later(max(0.0, deadline - monotonic()), self._expire)

    def _expire(self) -> None:
        now = monotonic()
        self._watched = float("inf")
        late = [id for id, (deadline, _) in self._open.items() if deadline <= now]
        if late:
            self.unanswered(len(late))
            self._fail(late, "late")
        if self._open:
            self._watch(min(deadline for deadline, _ in self._open.values()))

    def _fail(self, ids: list[int], reason: str) -> None:
        for id in ids:
            _, future = self._open.pop(id)
            if not future.done():
                future.set_exception(self.fault(reason))


AnyLine = TypeVar("AnyLine", bound=Line)  # type: ignore[type-arg]  # whatever it answers


class Caller(Generic[AnyLine]):
    """Keeps a line to the socket at `path` for as long as it runs, and tells the log when it comes and goes."""

    def __init__(self, path: Path, make: Callable[[], AnyLine], found: str, lost: str) -> None:
        self._path = path
        self._make = make
        self._found = found
        self._lost = lost
        self.line: AnyLine | None = None

    async def run(self) -> None:
        """Connect, and connect again whenever the connection is lost, until cancelled."""
        first, longest = RECONNECT_S
        pause = first
        while True:
            with suppress(OSError):
                await self._connected()
                pause = first
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    async def _connected(self) -> None:
        loop = asyncio.get_running_loop()
        _, line = await loop.create_unix_connection(self._make, str(self._path))
        self.line = line
        log.info(self._found)
        try:
            await line.closed.wait()
            log.warning(self._lost)
        finally:
            self.line = None
            line.close()
