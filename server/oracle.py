"""The way to the inference sidecar: many questions in flight on one Unix socket, each with a deadline.

Whatever happens to the sidecar, `predict` answers or raises within the time-out: a dead one is noticed at once, a
hung one by the clock, and after several silences in a row it is not waited for until it speaks again. The connection
is made again by itself.
"""

import asyncio
import logging
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import monotonic
from typing import cast

from msgspec import MsgspecError

from game import ask
from game.features import CONTRACT
from server.ports import Predictions, Unanswered

log = logging.getLogger(__name__)

SILENCES = 5
"""After so many unanswered questions in a row the sidecar counts as hung."""
PROBE_S = 0.25
"""A hung sidecar is asked once in this time."""
RECONNECT_S = (0.02, 0.5)
"""The first and the longest pause between attempts to connect."""


class Sidecar(asyncio.Protocol):
    """One connection and the questions that are open on it."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._frames = ask.Frames()
        self._ids = count(1)
        self._open: dict[int, tuple[float, asyncio.Future[Predictions]]] = {}
        self._outgoing: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._silences = 0
        self._probe_at = 0.0
        self._watching = False
        self.greeting: ask.Greeting | None = None
        self.greeted: asyncio.Future[None] = self._loop.create_future()
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's do not inherit from asyncio's

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self.greeting = None
        self._fail(list(self._open), "down")
        self.closed.set()

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                self._received(body)
        except (ask.FrameError, MsgspecError) as error:
            log.error("The inference sidecar sent what cannot be read (%s); connecting anew.", error)
            self.close()

    def _received(self, body: bytes) -> None:
        if self.greeting is None:
            self.greeting = ask.greeting_decoder.decode(body)
            self.greeted.set_result(None)
            if self.greeting.contract != CONTRACT:
                log.error("The sidecar serves features %s, this server %s.", self.greeting.contract, CONTRACT)
            return
        response = ask.response_decoder.decode(body)
        self._silences = 0
        _, future = self._open.pop(response.id, (0.0, None))
        if future is None or future.done():
            return
        if response.error is None:
            future.set_result(response.predictions)
        else:
            future.set_exception(Unanswered("late" if response.error == "late" else "error"))

    @property
    def usable(self) -> bool:
        """Whether the sidecar has greeted and speaks of the same features."""
        return self.greeting is not None and self.greeting.contract == CONTRACT

    def ask(self, family: str, features: bytes, past: bytes) -> "asyncio.Future[Predictions]":
        """The future answer; fails with Unanswered at the deadline."""
        now = monotonic()
        if not self.usable or (self._silences >= SILENCES and now < self._probe_at):
            raise Unanswered("down" if not self.usable else "late")
        self._probe_at = now + PROBE_S
        id = next(self._ids)
        deadline = now + self._timeout
        future: asyncio.Future[Predictions] = self._loop.create_future()
        self._open[id] = deadline, future
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(ask.frame(ask.Request(id, family, deadline, features, past)))
        if not self._watching:
            self._watch(deadline)
        return future

    def _flush(self) -> None:
        """Everything asked in one turn of the loop leaves in one write."""
        if self._transport is not None:
            self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()

    def _watch(self, deadline: float) -> None:
        self._watching = True
        self._loop.call_later(max(0.0, deadline - monotonic()), self._expire)

    def _expire(self) -> None:
        """Fail what is past its deadline; deadlines rise with ids, so the first open one is the next to watch."""
        now = monotonic()
        late = [id for id, (deadline, _) in self._open.items() if deadline <= now]
        self._silences += len(late)
        self._fail(late, "late")
        self._watching = False
        for deadline, _ in self._open.values():
            self._watch(deadline)
            break

    def _fail(self, ids: list[int], reason: str) -> None:
        for id in ids:
            _, future = self._open.pop(id)
            if not future.done():
                future.set_exception(Unanswered(reason))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class SidecarOracle:
    """An oracle that keeps a connection to the sidecar for as long as it runs."""

    def __init__(self, path: Path, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._sidecar: Sidecar | None = None

    async def predict(self, family: str, features: bytes, past: bytes) -> Predictions:
        if self._sidecar is None:
            raise Unanswered("down")
        return await self._sidecar.ask(family, features, past)

    @property
    def connected(self) -> bool:
        return self._sidecar is not None and self._sidecar.usable

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
        _, sidecar = await loop.create_unix_connection(lambda: Sidecar(self._timeout), str(self._path))
        self._sidecar = sidecar
        log.info("Connected to the inference sidecar.")
        try:
            await sidecar.closed.wait()
            log.warning("The inference sidecar is gone; the equilibrium plays until it is back.")
        finally:
            self._sidecar = None
            sidecar.close()
