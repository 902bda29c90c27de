"""The claims of other servers, as PostgreSQL tells them."""

import asyncio
import logging
from collections.abc import AsyncIterator

from msgspec import MsgspecError, Struct, json

from server.ports import Claim
from server.postgres.connect import FAULTS, connected, said

log = logging.getLogger(__name__)

CHANNEL = "rps_claims"
QUIET_S = 5.0
"""After so long without a claim it is tried whether the connection still holds."""
AGAIN_S = 1.0
STILL = "SELECT pg_listening_channels()"
"""Asks nothing that is needed, but shows in `pg_stat_activity` what the connection is for."""


class Taking(Struct, frozen=True):
    """Who claimed a player."""

    player: str
    epoch: int
    server: str


async def takings(address: str, own: str) -> AsyncIterator[Claim]:
    """The claims of all servers but `own`, for ever. Those made while PostgreSQL is away are missed."""
    hears = True
    while True:
        try:
            async for taking in _heard(address):
                hears = True
                if taking is not None and taking.server != own:
                    yield Claim(taking.player, taking.epoch)
        except FAULTS as error:
            if hears:  # told once, however long it lasts
                log.warning("The claims of other servers are not heard for a moment: %s", said(error))
            hears = False
        await asyncio.sleep(AGAIN_S)


async def _heard(address: str) -> AsyncIterator[Taking | None]:
    """What is told on one connection, while that lasts, and None as soon as it listens; raises one of FAULTS."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    connection = await connected(address)
    try:
        await connection.add_listener(CHANNEL, lambda _connection, _pid, _channel, payload: heard.put_nowait(payload))
        yield None
        while True:
            try:
                async with asyncio.timeout(QUIET_S):
                    payload = await heard.get()
            except TimeoutError:
                await connection.fetch(STILL)
                continue
            try:
                taking = json.decode(payload, type=Taking)
            except MsgspecError as error:
                log.warning("What was told of a claim cannot be read: %s", error)
            else:
                yield taking
    finally:
        connection.terminate()
