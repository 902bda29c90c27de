"""The real processes over PostgreSQL and NATS: people play, the trainer learns from the stream and says so to all."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec import json
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from support.crowd import Crowd, cheapest
from support.services import postgres, stream  # noqa: F401 - fixtures

from bench.system import System

CLIENTS = 30
ROUNDS = 200
"""New rounds after which the trainer learns."""
FAMILY = "logan"


@pytest.fixture
def system(tmp_path: Path, postgres: str, stream: tuple[str, str]) -> Iterator[System]:  # noqa: F811
    variables = {
        "RPS_STREAM_NAME": stream[1],
        "RPS_RETRAIN_ROUNDS": str(ROUNDS),
        "RPS_RETRAIN_FAMILIES": FAMILY,
        "RPS_POLL_S": "0.2",
    }
    with System(tmp_path, database_url=postgres, stream_url=stream[0], **variables) as system:
        system.start("trainer")
        yield system.play()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    while not await true():
        await asyncio.sleep(0.1)


async def told(system: System, sql: str) -> list[tuple[Any, ...]]:
    """What PostgreSQL holds."""
    connection = await asyncpg.connect(system.environment["RPS_DATABASE_URL"])
    try:
        return [tuple(found) for found in await connection.fetch(sql)]
    finally:
        await connection.close()


def mirrored(system: System) -> list[tuple[Any, ...]]:
    """What the mirror holds."""
    with closing(sqlite3.connect(f"file:{system.folder / 'trainer' / 'mirror.db'}?mode=ro", uri=True)) as connection:
        return connection.execute(LOG).fetchall()


LOG = "SELECT position, match, round, kind, at, body FROM log ORDER BY position"


def scoreboard(system: System) -> Any:
    done = system.run("trainer", "scoreboard", "--json")
    assert done.returncode == 0, done.stderr
    return json.decode(done.stdout)


async def waiting(name: str, url: str) -> tuple[int, int]:
    """How many rows the stream was given, and how many of these the trainer's consumer has yet before it."""
    client = Client()
    await client.connect(url)
    try:
        context = client.jetstream()
        given = (await context.stream_info(name)).state.last_seq
        try:
            found = await context.consumer_info(name, f"{name}-trainer")
        except NotFoundError:  # it is being placed, anew perhaps
            return given, given
    finally:
        await client.close()
    return given, (found.num_pending or 0) + (found.num_ack_pending or 0)


@pytest.mark.timeout(1800)
async def test_a_cycle_learns_from_the_stream_and_a_deleted_mirror_is_made_again(
    system: System,
    stream: tuple[str, str],  # noqa: F811
) -> None:
    async def trained() -> bool:
        return any(one["entry"]["kind"] == "trained" for one in system.get("/api/promotions")["entries"])

    async with Crowd(system.url, CLIENTS, cheapest, (FAMILY,)).playing():
        await until(trained)
    shown = system.get("/api/promotions")["entries"]
    assert "cycle 1" in [one["entry"]["by"] for one in shown if one["entry"]["family"] == FAMILY]
    kept = await told(system, "SELECT number, hash FROM ledger ORDER BY number")
    assert [(one["number"], one["hash"]) for one in shown] == kept[: len(shown)]
    assert system.get("/api/stats")["trainer"] is not None
    assert not list(system.folder.glob("rps.db*"))

    async def complete() -> bool:
        log = await told(system, LOG)
        return mirrored(system) == log and await waiting(stream[1], stream[0]) == (len(log), 0)

    await until(complete)
    first = scoreboard(system)
    assert first["position"] > ROUNDS
    system.kill("trainer")
    for part in (system.folder / "trainer").glob("mirror.db*"):
        part.unlink()
    system.start("trainer")

    async def made_again() -> bool:
        try:
            return await complete()
        except sqlite3.OperationalError:  # it is not there yet
            return False

    await until(made_again)
    assert scoreboard(system) == first
    assert system.run("trainer", "ledger", "verify").returncode == 0
    assert "Traceback" not in system.log("trainer")
