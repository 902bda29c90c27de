"""Scripted servers that are gone only when each of their connections is.

asyncio (here of Python 3.11) forgets whom it has accepted where the server is closed before the connection is made: the
socket stays open, and a later test finds it. So nobody is accepted any more first, and the server is closed later.
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
        await _shut(server)
        server.close()
        for writer in list(writers):
            writer.transport.abort()
        if talking:
            await asyncio.wait(talking, timeout=PATIENCE_S)


@asynccontextmanager
async def web_sockets(talk: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[Server]:
    """A scripted game server on a port of its own: `talk` carries each connection."""
    async with serve(talk, "127.0.0.1", 0, subprotocols=[Subprotocol(PROTOCOL)]) as server:
        try:
            yield server
        finally:
            await _shut(server)


async def _shut(server: asyncio.Server | Server) -> None:
    """Accept nobody any more, and wait until whoever was accepted has a connection."""
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(TURNS):
        await asyncio.sleep(0)
