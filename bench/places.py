"""Where a trial's log is kept and told: PostgreSQL or a SQLite file, and a stream of NATS. Read as they are."""

import asyncio
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, Self
from urllib.parse import urlsplit

import asyncpg
import nats
import nats.errors
from nats.errors import TimeoutError as Silence
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from bench.book import Kept, Row
from bench.system import PATIENCE_S, free_port

LOG = "SELECT position, match, round, kind, at, body FROM log ORDER BY position"
MATCHES = "SELECT id, player, opponent, alias, winner, reason, rounds, player_score, version FROM matches"
_BATCH = 500


class Broker:
    """A nats-server with JetStream of our own, to be taken away and given back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"nats://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it listens; raises FileNotFoundError where there is no nats-server."""
        program = shutil.which("nats-server")
        if program is None:
            raise FileNotFoundError("nats-server is not there; name a NATS server with --nats, or install it.")
        with (self._folder / "nats.log").open("ab") as out:
            command = [program, "-js", "-sd", str(self._folder / "nats"), "-a", "127.0.0.1", "-p", str(self._port)]
            self._process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return
            time.sleep(0.02)
        raise TimeoutError(f"nats-server does not listen after {PATIENCE_S} s.")

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None


@asynccontextmanager
async def database(server: str) -> AsyncIterator[str]:
    """A new database on the PostgreSQL server of this address, gone afterwards."""
    name = f"rps_trial_{token_hex(6)}"
    await _told(server, f'CREATE DATABASE "{name}"')
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        await _told(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def cut(url: str) -> int:
    """End every connection to this database; how many there were."""
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid != {}"
    return len(await _told(url, sql.format("pg_backend_pid()")))


async def _told(url: str, sql: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(sql))
    finally:
        await connection.close()


async def fetch(url: str, sql: str) -> list[Any]:
    """All rows of a query on the database of a server's `RPS_DATABASE_URL`."""
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(f"file:{url.removeprefix('sqlite:///')}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()
    return await _told(url, sql)


async def rows(url: str) -> list[Row]:
    """The whole log."""
    return [Row(*row) for row in await fetch(url, LOG)]


async def matches(url: str) -> list[Kept]:
    """The projection of it."""
    return [Kept(*row) for row in await fetch(url, MATCHES)]


async def stream(url: str, name: str, expected: int, within_s: float) -> list[Row]:
    """All messages of the stream in their order, once it has as many as are expected or the time is over; none where
    there is no such stream.
    """
    client = await nats.connect(url)
    try:
        context = client.jetstream()
        end, held = time.monotonic() + within_s, 0
        while held < expected and time.monotonic() < end:
            with suppress(NotFoundError, Silence):
                held = (await context.stream_info(name)).state.messages
            if held < expected:
                await asyncio.sleep(0.2)
        if not held:
            return []
        config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE)
        reader = await context.pull_subscribe(f"{name}.*", stream=name, config=config)
        found: list[Row] = []
        while len(found) < held:
            found += [_row(message) for message in await reader.fetch(min(_BATCH, held - len(found)), timeout=10)]
        return found
    finally:
        await client.close()


def _row(message: Any) -> Row:
    """What the message says that it is; at the position 0 where it says different things."""
    head = message.headers or {}
    match, round, kind, at = (head.get(f"Rps-{name}", "") for name in ("Match", "Round", "Kind", "At"))
    place = message.metadata.sequence.stream
    told = head.get("Nats-Msg-Id"), head.get("Rps-Position"), message.subject.rpartition(".")[2]
    position = place if told == (f"{match}:{round}:{kind}", str(place), kind) else 0
    return Row(position, match, int(round or -1), kind, int(at or -1), message.data.decode())


async def reach(url: str) -> None:
    """Connect to NATS once; raises ConnectionError where that cannot be within five seconds."""
    try:
        async with asyncio.timeout(5):
            client = await nats.connect(url, error_cb=_unsaid)
    except (OSError, nats.errors.Error, ValueError) as error:
        where = url.rpartition("@")[2].removeprefix("nats://")
        raise ConnectionError(f"No NATS server answers at {where}.") from error
    await client.close()


async def _unsaid(_: Exception) -> None:
    """What is raised need not be told as well."""


async def forget(url: str, name: str) -> None:
    """Delete the stream, if it is there."""
    client = await nats.connect(url)
    try:
        await client.jetstream().delete_stream(name)
    except NotFoundError:
        pass
    finally:
        await client.close()
