"""The Unix sockets that match servers ask on: bytes to requests, responses to bytes (`game.ask`, `game.look`)."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from socket import socket
from typing import cast

from msgspec import DecodeError, Struct

from game.ask import MAX_FRAME, FrameError, Frames, Greeting, frame, request_decoder
from inference.batch import Desk

log = logging.getLogger(__name__)

CLOSING = 1.0
"""Seconds that a peer has to take its last answers when the process stops."""


class Service(Struct, frozen=True):
    """What is served on a socket: frames of at most so many bytes, each taken as one request.

    `take` answers it at once or later, and raises DecodeError where it is none. `drain` answers all that waits. `greet`
    is what a connection begins with.
    """

    most: int
    take: Callable[[bytes, "Connection"], None]
    drain: Callable[[], None]
    greet: Callable[[], bytes] = bytes


class Connection(asyncio.Protocol):
    """One match server. It may be greeted, then is answered; many requests may be under way."""

    _transport: asyncio.Transport

    def __init__(self, service: Service, open_: set["Connection"]) -> None:
        self._service = service
        self._open = open_
        self._frames = Frames(service.most)
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self)
        self._transport.write(self._service.greet())

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                self._service.take(body, self)
        except (FrameError, DecodeError) as error:
            log.warning("A connection is closed: %s", error)
            self._transport.close()

    def waiting(self) -> bool:
        return not self._transport.is_closing()

    def tell(self, responses: Sequence[Struct]) -> None:
        self._transport.write(b"".join([frame(response) for response in responses]))

    def pause_writing(self) -> None:
        """The peer does not take its answers: take no more of its requests."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def finish(self) -> None:
        """Take no more requests; close when what was told has been sent."""
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._open.discard(self)
        self.closed.set_result(None)


class Listener:
    """All connections on one socket."""

    def __init__(self, server: asyncio.Server, service: Service, connections: set[Connection]) -> None:
        self._server = server
        self._service = service
        self._connections = connections

    def tell(self, message: Struct) -> None:
        """Send this to everybody who is connected."""
        for connection in list(self._connections):
            if connection.waiting():
                connection.tell([message])

    async def close(self) -> None:
        """Accept nobody, answer what was asked, and let every connection go within `CLOSING` seconds."""
        self._server.close()
        self._service.drain()
        connections = list(self._connections)
        for connection in connections:
            connection.finish()
        if connections:
            await asyncio.wait([connection.closed for connection in connections], timeout=CLOSING)
        for connection in list(self._connections):
            connection.abort()


async def listen(bound: socket, desk: Desk, greeting: Callable[[], Greeting]) -> Listener:
    """Answer questions about rounds on this bound socket from now on."""

    def take(body: bytes, asker: Connection) -> None:
        desk.ask(request_decoder.decode(body), asker)

    return await serve(bound, Service(MAX_FRAME, take, desk.drain, lambda: frame(greeting())))


async def serve(bound: socket, service: Service) -> Listener:
    """Answer on this bound socket from now on."""
    connections: set[Connection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_unix_server(lambda: Connection(service, connections), sock=bound)
    return Listener(server, service, connections)
