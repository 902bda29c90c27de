"""A connection to NATS. Each attempt makes a fresh one: nothing that an earlier one had in hand can come late."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from nats.aio.client import Client
from nats.errors import Error, NoServersError
from nats.js.errors import APIError

from server.ending import ended
from server.stream.errors import StreamAway

ANSWER_S = 5.0
"""How long NATS may take for an answer."""
CONNECT_S = 2.0
PING_S = 5
"""A connection over which nothing comes is noticed after two of these."""


async def visit(url: str, work: Callable[[Client], Coroutine[None, None, None]]) -> None:
    """Do this work over a connection of its own; raises what it raises, and StreamAway.

    It is done in a task of its own, which the caller's is not at the mercy of: a connection that closes cancels those
    who wait for its answers, and one who is cancelled beside a closed connection is told of the connection alone.
    """
    task = asyncio.create_task(_visited(url, work))
    try:
        await asyncio.wait([task])
    finally:
        await ended([task])
    if task.cancelled():
        raise StreamAway("The connection to NATS has broken off.")
    await task


async def _visited(url: str, work: Callable[[Client], Coroutine[None, None, None]]) -> None:
    async with connected(url) as client:
        await work(client)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    """A connection of this block's; whatever NATS fails at within it is raised as StreamAway."""
    where = _place(url)
    faults: list[Exception] = []
    client = Client()
    connecting = asyncio.create_task(
        client.connect(
            url,
            allow_reconnect=False,
            max_reconnect_attempts=1,  # else one that refuses is tried for minutes all the same
            reconnect_time_wait=0,
            ping_interval=PING_S,
            error_cb=_kept(faults),
        )
    )
    try:
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.shield(connecting)
            yield client
        finally:
            await _closed(client, connecting)
    except APIError as error:
        raise StreamAway(f"JetStream at {where} refuses: {error.description or error}.") from error
    except (Error, OSError, TimeoutError) as error:
        fault = faults[-1] if isinstance(error, NoServersError) and faults else error
        raise StreamAway(f"NATS at {where} does not answer: {str(fault) or 'it takes too long'}.") from error


def _place(url: str) -> str:
    """Host and port, without a password that may stand in the address; raises StreamAway where it cannot be read."""
    try:
        address = urlsplit(url)
        if "@" not in address.path + address.query + address.fragment:
            return f"{address.hostname}:{address.port or 4222}"
    except ValueError:  # its text may hold a part of the password
        pass
    raise StreamAway(
        "RPS_STREAM_URL cannot be read. It must look like nats://host:4222; in a user and password write %2F for /, "
        "%3F for ?, %23 for # and %40 for @."
    )


async def _closed(client: Client, connecting: "asyncio.Task[None]") -> None:
    """Close it, without waiting for one who is gone.

    An attempt that is under way is waited for, and has ended when this closes: broken off at the wrong moment it would
    leave a socket open, or open one behind us. What it failed at, whoever waited for it has been told.
    """
    await asyncio.wait([connecting], timeout=CONNECT_S)
    await ended([connecting])
    with suppress(Error, OSError, TimeoutError):
        async with asyncio.timeout(CONNECT_S):
            await client.close()


def _kept(faults: list[Exception]) -> Callable[[Exception], Awaitable[None]]:
    """Takes a connection's faults, of which the last may say more than what is raised then."""

    async def keep(error: Exception) -> None:
        faults[:] = [error]

    return keep
