"""Somebody at a deployment's door: connects, says hello, notices silence, and comes back when the connection is gone.

One object and one timer each, no task but while it connects, so that one core has room for thousands.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING

from msgspec import MsgspecError, Struct, json
from websockets.exceptions import InvalidStatus

from bench.counts import Wait
from bench.player import Line
from bench.told import Unsound
from game.records import PlayerKind
from game.wire import Draining, Hello, Matched, Over, Result, Round

if TYPE_CHECKING:
    from bench.crowd import Crowd, Url

FIRST_RETRY_S, LAST_RETRY_S = 0.5, 4.0
"""Waits before a further attempt to connect, doubled each time; half of it by chance."""


class Welcome(Struct, frozen=True, tag_field="type", tag="welcome"):
    """What a player needs of it."""

    token: str
    match: str | None = None


class Refused(Struct, frozen=True, tag_field="type", tag="refused"):
    """Of any code, those of a later server too."""

    code: str
    message: str
    retry_after_ms: int = 1000


Heard = Welcome | Matched | Round | Result | Over | Refused | Draining
_decoder: json.Decoder[Heard] = json.Decoder(Heard)


class Connection(Line):
    """A guest's connection; it tells them what happens on it."""

    kind = PlayerKind.TEST

    def __init__(self, url: str, guest: Guest) -> None:
        super().__init__(url)
        self._guest = guest

    def connected(self) -> None:
        self._guest.connected(self, self._socket.handshake_exc)

    def heard(self, text: bytes) -> None:
        self._guest.heard(self, text)

    def connection_lost(self, error: Exception | None) -> None:
        closed = self._socket.close_rcvd
        self._guest.lost(self, None if closed is None else closed.code)


class Guest(ABC):
    """From the first attempt to connect until `go`. What a connection says that was let go is not heard."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        self.crowd = crowd
        self.counts = crowd.counts
        self.number = number
        self.random = Random(f"{crowd.seed}:{number}")
        self._place = number
        self._line: Connection | None = None
        self._reaching: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._token: str | None = None
        self._said: Struct = Hello()
        self._draining: float | None = None
        self._greeted = self._resuming = False
        self._failures = 0
        self._opening = self._asked = 0.0

    @property
    @abstractmethod
    def busy(self) -> bool:
        """Whether there is something to come back for."""

    @abstractmethod
    def take(self, message: Heard) -> None:
        """Hear a message; raises Unsound."""

    @abstractmethod
    def cut_off(self) -> None:
        """The connection is gone."""

    @abstractmethod
    def give_up(self, what: str) -> None:
        """A promise was broken."""

    def connect(self) -> None:
        """Open a connection at the place whose turn it is."""
        url = self.crowd.urls[self._place % len(self.crowd.urls)]
        self._line = Connection(url.socket, self)
        self._opening = perf_counter()
        self._reaching = asyncio.create_task(self._reach(self._line, url))
        self.expect()

    async def _reach(self, line: Connection, url: Url) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: line, url.host, url.port, ssl=url.ssl)
        except OSError as error:
            if line is self._line:
                self.trouble(f"no connection ({type(error).__name__})")

    def connected(self, line: Connection, refusal: Exception | None) -> None:
        """The handshake was answered, with a refusal or not."""
        if line is not self._line:
            return
        if refusal is not None:
            status = refusal.response.status_code if isinstance(refusal, InvalidStatus) else type(refusal).__name__
            self.trouble(f"refused to connect ({status})")
            return
        self._asked = perf_counter()
        self.say(Hello(self._token))

    def heard(self, line: Connection, text: bytes) -> None:
        """A message came."""
        if line is not self._line:
            return
        try:
            message = _decoder.decode(text)
            if isinstance(message, Welcome):
                self._token, self._greeted = message.token, True
                self.counts.present += 1
                self.counts.waits[Wait.HELLO].append(perf_counter() - self._asked)
            elif isinstance(message, Draining):
                self._draining = message.retry_after_ms / 1e3 * self.random.uniform(1, 1.25)
            self.take(message)
        except MsgspecError as error:
            self.give_up(f"A message cannot be read: {error}.")
        except Unsound as error:
            self.give_up(str(error))

    def lost(self, line: Connection, code: int | None) -> None:
        """The connection is gone; where the server had said that it stops, that is no trouble."""
        if line is not self._line:
            return
        if self._draining is None:
            self.trouble(f"connection lost ({'without a word' if code is None else code})")
        else:
            self.away(self._draining)

    def say(self, message: Struct) -> None:
        """Say something that will be answered; where the server is closing the connection its end comes instead."""
        self._said = message
        self.expect()
        if self._line is not None and self._line.open:
            self._line.say(message)
            self._line.flush()

    def again(self) -> None:
        """Say the last thing again."""
        self.say(self._said)

    def back(self) -> None:
        """What there was to come back for goes on."""
        self._failures = 0
        if self._resuming:
            self._resuming = False
            self.counts.resumes_succeeded += 1
            self.counts.waits[Wait.RESUME].append(perf_counter() - self._opening)

    def trouble(self, what: str) -> None:
        """Count it, and try again later."""
        self.counts.trouble[what] += 1
        longest = min(LAST_RETRY_S, FIRST_RETRY_S * 2**self._failures)
        self._failures += 1
        self.away(longest * self.random.uniform(0.5, 1))

    def away(self, seconds: float) -> None:
        """Be without a connection for a while, then come back at the next place."""
        self._part()
        self.cut_off()
        if self.crowd.ending and not self.busy:
            self.go()
            return
        if self.busy and not self._resuming:
            self._resuming = True
            self.counts.resumes_tried += 1
        self._place += 1
        self.later(seconds, self.connect)

    def go(self) -> None:
        """Go for good."""
        self._part(in_order=True)
        if self._timer is not None:
            self._timer.cancel()
        self.crowd.left(self)

    def _part(self, in_order: bool = False) -> None:
        """Let go of the connection."""
        line, self._line = self._line, None
        self.counts.present -= self._greeted
        self._greeted, self._draining = False, None
        if self._reaching is not None:
            self._reaching.cancel()
        if line is not None and in_order:
            line.hang_up()
        elif line is not None:
            line.drop()

    def expect(self) -> None:
        """Something must be heard soon."""
        self.later(self.crowd.ways.patience_s, self._silent)

    def _silent(self) -> None:
        self.trouble(f"silence of {self.crowd.ways.patience_s:g} s")

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Do this then, and nothing of what was to be done before."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, do)
