"""A look at the stream: NATS, JetStream in it, and whether what is there is this log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiosqlite
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from server.looks.postgres import Beside as BesidePostgres
from server.ports import History
from server.postgres.connect import FAULTS, connected
from server.projections.sqlite import Beside
from server.settings import Settings
from server.stream.connection import ANSWER_S, visit
from server.stream.errors import NotOurs, StreamError
from server.stream.place import checked
from telemetry.doctor import Found, failed, ok, warning
from telemetry.places import size
from telemetry.untouched import address_of

LITTLE = 0.1
"""The share of JetStream's room that should be left."""


def stream(settings: Settings) -> Found:
    """Whether rows get into the stream."""
    if not settings.stream_url:
        return ok("there is none: RPS_STREAM_URL is not set")
    return asyncio.run(_seen(settings))


async def _seen(settings: Settings) -> Found:
    found: list[Found] = []

    async def look(client: Client) -> None:
        found.append(await _described(client, settings))

    try:
        await visit(settings.stream_url, look)
    except NotOurs as error:
        return failed(str(error), f"nats stream rm {settings.stream_name}, or set RPS_STREAM_NAME.")
    except StreamError as error:
        return failed(str(error), "start nats-server -js, or set RPS_STREAM_URL right.")
    return found[0]


async def _described(client: Client, settings: Settings) -> Found:
    context = client.jetstream(timeout=ANSWER_S)
    account = await context.account_info()
    most, name = account.limits.max_storage, settings.stream_name
    room = "no limit" if most < 0 else f"{size(account.storage)} of {size(most)} used"
    if most > 0 and most - account.storage < LITTLE * most:
        return warning(f"JetStream has little room left: {room}", "raise its limit, or set RPS_STREAM_DAYS.")
    try:
        info = await context.stream_info(name)
    except NotFoundError:
        return ok(f"JetStream at {urlsplit(settings.stream_url).hostname}, {room}; {name} is made by the first server")
    async with _history(settings) as history:
        if history is None:
            return warning(f"{name} has come to row {info.state.last_seq}; the log cannot be asked", "see database.")
        last, end = await checked(context, info, name, history), await history.last_position()
    return ok(f"{name}, {room}, has come to row {last} of {end}")


@asynccontextmanager
async def _history(settings: Settings) -> AsyncIterator[History | None]:
    """The log to hold the stream against, None where it cannot be read; the look at the database says why."""
    if settings.postgres is not None:
        try:
            connection = await connected(settings.postgres)
        except (*FAULTS, ValueError):
            yield None
            return
        try:
            yield BesidePostgres(connection)
        finally:
            connection.terminate()
    elif _there(settings.database):
        async with aiosqlite.connect(address_of(settings.database), uri=True) as reader:
            yield Beside(reader)
    else:
        yield None


def _there(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0
