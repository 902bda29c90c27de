"""The Unix socket that match servers ask on: bytes to requests, responses to bytes (`game.ask`)."""

import asyncio
import logging
from collections.abc import Callable
from socket import socket
from typing import cast

from msgspec import DecodeError

from game.ask import FrameError, Frames, Greeting, Response, frame, request_decoder
from inference.batch import Desk

log = logging.getLogger(__name__)

CLOSING = 1.0
"""Seconds that a peer has to take its last answers when the process stops."""


class Connection(asyncio.Protocol):
    """One match server. It greets, then answers; many requests may be under way."""

    _transport: asyncio.Transport

    def __init__(self, desk: Desk, greeting: Callable[[], Greeting], open_: set["Connection"]) -> None:
        self._desk = desk
        self._greeting = greeting
        self._open = open_
        self._frames = Frames()
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self)
        self._transport.write(frame(self._greeting()))

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._frames.feed(data):
                self._desk.ask(request_decoder.decode(body), self)
        except (FrameError, DecodeError) as error:
            log.warning("A connection is closed: %s", error)
            self._transport.close()

    def waiting(self) -> bool:
        return not self._transport.is_closing()

    def tell(self, responses: list[Response]) -> None:
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

    def __init__(self, server: asyncio.Server, desk: Desk, connections: set[Connection]) -> None:
        self._server = server
        self._desk = desk
        self._connections = connections

    async def close(self) -> None:
        """Accept nobody, answer what was asked, and let every connection go within `CLOSING` seconds."""
        self._server.close()
        self._desk.drain()
        connections = list(self._connections)
        for connection in connections:
            connection.finish()
        if connections:
            await asyncio.wait([connection.closed for connection in connections], timeout=CLOSING)
        for connection in list(self._connections):
            connection.abort()


async def listen(bound: socket, desk: Desk, greeting: Callable[[], Greeting]) -> Listener:
    """Answer on this bound socket from now on."""
    connections: set[Connection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_unix_server(lambda: Connection(desk, greeting, connections), sock=bound)
    return Listener(server, desk, connections)
