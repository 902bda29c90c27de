"""Fast scripted players: the websockets library's sans-I/O protocol on the loop's own sockets, one object each."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from random import Random
from time import perf_counter
from typing import cast

from msgspec import Struct, json
from websockets.client import ClientProtocol
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from game.moves import MOVES
from game.opponents import OPPONENTS
from game.records import PlayerKind
from game.wire import PROTOCOL, Hello, Leave, Ping, Start, Throw
from server.play import KIND_HEADER


class Heard(Struct):
    """What a player needs of any message."""

    type: str
    match: str = ""
    round: int = 0


class Tally(Struct):
    """What a crowd has seen: seconds from each move to its result, and refusals. `goes_on` is asked before a throw."""

    goes_on: Callable[[], bool]
    latencies: list[float]
    refused: int = 0


_decoder = json.Decoder(Heard)
_encoder = json.Encoder()
_BOTS = tuple(OPPONENTS)


class Line(asyncio.Protocol, ABC):
    """A client's end of a WebSocket."""

    kind = PlayerKind.BOT
    """What it says to be."""

    def __init__(self, url: str) -> None:
        self._socket = ClientProtocol(parse_uri(url), subprotocols=[Subprotocol(PROTOCOL)])
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's do not inherit from asyncio's
        request = self._socket.connect()
        request.headers[KIND_HEADER] = self.kind.value
        self._socket.send_request(request)
        self.flush()

    def data_received(self, data: bytes) -> None:
        self._socket.receive_data(data)
        for event in self._socket.events_received():
            if not isinstance(event, Frame):
                self.connected()
            elif event.opcode is Opcode.TEXT:
                self.heard(bytes(event.data))
        self.flush()

    @abstractmethod
    def connected(self) -> None:
        """The handshake was answered."""

    @abstractmethod
    def heard(self, text: bytes) -> None:
        """A text frame came."""

    @property
    def open(self) -> bool:
        """Whether something may be said."""
        return self._socket.state is State.OPEN

    def say(self, message: Struct) -> None:
        """Send a message; it leaves with the next flush, which follows whatever is heard."""
        self._socket.send_text(_encoder.encode(message))

    def flush(self) -> None:
        if self._transport is not None:
            self._transport.write(b"".join(self._socket.data_to_send()))

    def hang_up(self) -> None:
        """Close the socket in order."""
        if self._transport is not None:
            if self.open:
                self._socket.send_close(CloseCode.NORMAL_CLOSURE)
                self.flush()
            self._transport.close()

    def drop(self) -> None:
        """End the connection at once, without a word."""
        if self._transport is not None:
            self._transport.abort()


class Socket(Line):
    """A client socket; `ready` once it may play and `done` once it has stopped."""

    def __init__(self, url: str, tally: Tally) -> None:
        super().__init__(url)
        loop = asyncio.get_running_loop()
        self.tally = tally
        self.ready: asyncio.Future[None] = loop.create_future()
        self.done: asyncio.Future[None] = loop.create_future()

    def connection_lost(self, error: Exception | None) -> None:
        for future in (self.ready, self.done):
            if not future.done():
                future.set_exception(ConnectionError("the server closed the connection"))

    def play(self) -> None:
        """Begin."""
        self.begin()
        self.flush()

    @abstractmethod
    def begin(self) -> None:
        """Say the first thing."""

    def close(self) -> None:
        if self._transport is not None:
            self.done.cancel()
            self.drop()


class BenchPlayer(Socket):
    """Plays match after match as fast as it is answered."""

    def __init__(self, url: str, tally: Tally, random: Random, opponents: Sequence[str] = _BOTS) -> None:
        super().__init__(url, tally)
        self._random = random
        self._opponents = opponents
        self._thrown = 0.0

    def connected(self) -> None:
        self.say(Hello())

    def begin(self) -> None:
        self.say(Start(self._random.choice(self._opponents)))

    def heard(self, text: bytes) -> None:
        message = _decoder.decode(text)
        if message.type == "round":
            self._throw(message)
        elif message.type == "result":
            self.tally.latencies.append(perf_counter() - self._thrown)
        elif message.type == "over":
            self._next()
        elif message.type == "welcome":
            self.ready.set_result(None)
        elif message.type == "refused":
            self.tally.refused += 1

    def _throw(self, round: Heard) -> None:
        if self.tally.goes_on():
            self._thrown = perf_counter()
            self.say(Throw(round.match, round.round, self._random.choice(MOVES)))
        else:
            self.say(Leave(round.match))

    def _next(self) -> None:
        if self.tally.goes_on():
            self.begin()
        elif not self.done.done():
            self.done.set_result(None)


class EchoPlayer(Socket):
    """Sends moves to the echo and waits for both of its messages."""

    def __init__(self, url: str, tally: Tally) -> None:
        super().__init__(url, tally)
        self._move = Throw("0" * 28, 7, MOVES[0])
        self._thrown = 0.0
        self._heard = 0

    def connected(self) -> None:
        self.ready.set_result(None)

    def begin(self) -> None:
        self._thrown = perf_counter()
        self.say(self._move)

    def heard(self, text: bytes) -> None:
        self._heard += 1
        if self._heard % 2:
            self.tally.latencies.append(perf_counter() - self._thrown)
        elif self.tally.goes_on():
            self.begin()
        elif not self.done.done():
            self.done.set_result(None)


class Idle(BenchPlayer):
    """Says hello and stays."""

    def begin(self) -> None:
        self.say(Ping(1))
