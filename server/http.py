"""uvicorn as a public server needs it: bounded frames, patience with limits, and a drain before it stops."""

import asyncio
import logging
import signal
import socket
from asyncio import Transport
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from game.wire import MAX_IMAGE, Draining
from server.parts import Parts

log = logging.getLogger(__name__)

REQUEST_S = 10
"""A connection that has not sent a whole request head by then is closed."""
RETRY_MS = 1000


class Patience(HttpToolsProtocol):
    """HTTP/1.1 that does not wait for ever for a request."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # uvicorn narrows it alike
        super().connection_made(transport)
        self.loop.call_later(REQUEST_S, self._hurry)

    def _hurry(self) -> None:
        upgraded = self.transport.get_protocol() is not self
        if self.cycle is None and not upgraded:
            self.transport.close()


class Server(uvicorn.Server):
    """Stops in order: no new matches, everybody told, moves under way finished, then the sockets closed."""

    def __init__(self, config: uvicorn.Config, parts: Parts) -> None:
        super().__init__(config)
        self._parts = parts
        self.listening = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM as the wish to stop, and exit cleanly after it."""
        loop = asyncio.get_running_loop()
        wishes = signal.SIGINT, signal.SIGTERM
        for wish in wishes:
            loop.add_signal_handler(wish, self.handle_exit, wish, None)
        try:
            yield
        finally:
            for wish in wishes:
                loop.remove_signal_handler(wish)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                log.info("Play at http://%s:%d", host, port)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        parts = self._parts
        parts.table.draining = True
        log.info("Stopping: telling %d connections.", parts.meters.counts.connections)
        connections = list(parts.audience)
        for connection in connections:
            connection.tell(Draining(RETRY_MS))
        try:
            async with asyncio.timeout(parts.settings.drain_s):
                await parts.table.seats.quiet()
                await asyncio.gather(*(connection.flushed() for connection in connections))
        except TimeoutError:
            log.warning("Stopping with play under way: it took longer than %g s.", parts.settings.drain_s)
        await super().shutdown(sockets)


def serve(app: ASGIApp, parts: Parts) -> Server:
    """The server, ready to run."""
    settings = parts.settings
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=Patience,
        ws="websockets-sansio",
        ws_max_size=MAX_IMAGE + 64 * 1024,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=int(settings.drain_s) + 1,
    )
    return Server(config, parts)
