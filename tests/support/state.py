"""The round log in PostgreSQL and in a stream, as servers leave them, for tests of who reads it there."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import asyncpg
import nats
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo, StreamConfig

from game.records import Record
from server import database
from server.ports import Entry
from server.postgres.migrate import migrate
from server.settings import Settings
from server.stream import names

T = TypeVar("T")


def asked(url: str, doing: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """What comes of this over a connection of its own."""

    async def ask() -> T:
        connection = await asyncpg.connect(url)
        try:
            return await doing(connection)
        finally:
            await connection.close()

    return asyncio.run(ask())


def run(url: str, sql: str, *parameters: Any) -> list[Any]:
    """All rows of one statement."""
    return asked(url, lambda connection: connection.fetch(sql, *parameters))


def made(url: str, records: Iterable[Record] = ()) -> str:
    """A database with the server's tables, and these records in its log."""
    asked(url, migrate)
    add(url, records)
    return url


def add(url: str, records: Iterable[Record]) -> None:
    """Log these records too."""

    async def append() -> None:
        async with database.opened(Settings(database_url=url)) as opened:
            await opened.append(list(records), await opened.claim("somebody"))

    asyncio.run(append())


def logged(url: str) -> list[Entry]:
    """All rows of the log."""
    found = run(url, "SELECT position, match, round, kind, at, body FROM log ORDER BY position")
    return [Entry(*columns, body.encode()) for *columns, body in found]


def streaming(server: str, doing: Callable[[JetStreamContext], Awaitable[T]]) -> T:
    """What comes of this with a connection to JetStream of its own."""

    async def ask() -> T:
        client = await nats.connect(server)
        try:
            return await doing(client.jetstream())
        finally:
            await client.close()

    return asyncio.run(ask())


def publish(stream: tuple[str, str], entries: Sequence[Entry]) -> None:
    """These rows into the stream, which is made if it is not there, as the server that leads publishes them."""
    server, name = stream

    async def doing(context: JetStreamContext) -> None:
        await context.add_stream(StreamConfig(name=name, subjects=[names.subjects(name)]))
        for entry in entries:
            await context.publish(names.subject(name, entry), entry.body, headers=names.headers(entry))

    streaming(server, doing)


def consumer(stream: tuple[str, str]) -> ConsumerInfo:
    """How far the trainer has come in the stream."""
    server, name = stream
    return streaming(server, lambda context: context.consumer_info(name, f"{name}-trainer"))
