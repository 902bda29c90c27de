"""A fast scripted player: `rps.v1` over the websockets library's sans-I/O protocol, one object for each socket."""

import asyncio
from collections.abc import Callable
from random import Random
from time import perf_counter
from typing import cast

from msgspec import Struct, json
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from game.moves import MOVES
from game.opponents import OPPONENTS
from game.wire import PROTOCOL, Hello, Leave, Start, Throw
from server.play import KIND_HEADER


class Heard(Struct):
    """What a player needs of any message."""

    type: str
    match: str = ""
    round: int = 0


_decoder = json.Decoder(Heard)
_encoder = json.Encoder()


class BenchPlayer(asyncio.Protocol):
    """Plays match after match as fast as it is answered; `latencies` are seconds from a move to its result."""

    def __init__(self, url: str, random: Random, rounds: Callable[[], bool], latencies: list[float]) -> None:
        self._random = random
        self._goes_on = rounds
        self._latencies = latencies
        self._socket = ClientProtocol(parse_uri(url), subprotocols=[Subprotocol(PROTOCOL)])
        self._transport: asyncio.Transport | None = None
        self._thrown = 0.0
        self.refused = 0
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's do not inherit from asyncio's
        request = self._socket.connect()
        request.headers[KIND_HEADER] = "bot"
        self._socket.send_request(request)
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        for future in (self.greeted, self.done):
            if not future.done():
                future.set_exception(ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._socket.receive_data(data)
        for event in self._socket.events_received():
            if isinstance(event, Frame):
                if event.opcode is Opcode.TEXT:
                    self._hear(_decoder.decode(event.data))
            else:
                self._say(Hello())
        self._flush()

    def play(self) -> None:
        """Begin the first match."""
        self._say(Start(self._random.choice(list(OPPONENTS))))
        self._flush()

    def _hear(self, message: Heard) -> None:
        if message.type == "round":
            if self._goes_on():
                self._thrown = perf_counter()
                self._say(Throw(message.match, message.round, self._random.choice(MOVES)))
            else:
                self._say(Leave(message.match))
        elif message.type == "result":
            self._latencies.append(perf_counter() - self._thrown)
        elif message.type == "over":
            if self._goes_on():
                self._say(Start(self._random.choice(list(OPPONENTS))))
            elif not self.done.done():
                self.done.set_result(None)
        elif message.type == "welcome":
            self.greeted.set_result(None)
        elif message.type == "refused":
            self.refused += 1

    def _say(self, message: Struct) -> None:
        self._socket.send_text(_encoder.encode(message))

    def _flush(self) -> None:
        assert self._transport is not None
        self._transport.write(b"".join(self._socket.data_to_send()))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
