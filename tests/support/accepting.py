"""Scripted servers that are gone only when each of their connections is.

A server that is closed no longer hears of whoever was accepted in that very moment: the connection stays open, and a
later test finds it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from game.wire import PROTOCOL

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]
Start = Callable[[Talk], Awaitable[asyncio.Server]]
PATIENCE_S = 5
TURNS = 5
"""Turns of the loop within which whoever was accepted has a connection; asyncio takes three."""


@asynccontextmanager
async def accepting(start: Start, talk: Talk) -> AsyncIterator[asyncio.Server]:
    """Let `talk` carry each connection, which is closed behind it; `start` is told to call a function for each."""
    talking: set[asyncio.Task[None]] = set()
    writers: set[asyncio.StreamWriter] = set()

    async def carried(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        writers.add(writer)
        try:
            await talk(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            writers.discard(writer)
            talking.discard(task)

    server = await start(carried)
    try:
        yield server
    finally:
        server.close()
        await _turns()
        for writer in list(writers):
            writer.transport.abort()
        if talking:
            await asyncio.wait(talking, timeout=PATIENCE_S)


@asynccontextmanager
async def web_sockets(talk: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[Server]:
    """A scripted game server on a port of its own: `talk` carries each connection."""
    held: dict[asyncio.BaseTransport, asyncio.Future[None]] = {}

    class Held(ServerConnection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            held[transport] = asyncio.get_running_loop().create_future()
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            held.pop(self.transport).set_result(None)

    protocols = [Subprotocol(PROTOCOL)]
    async with serve(talk, "127.0.0.1", 0, subprotocols=protocols, create_connection=Held) as server:
        yield server
    await _turns()
    for transport in held:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.abort()
    if held:
        await asyncio.wait(list(held.values()), timeout=PATIENCE_S)


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)
