"""A player followed by the real server and sidecar: every round in the log was foretold as its past says."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from urllib.error import HTTPError

import httpx
import pytest
from support.client import connected
from support.gates import FAMILY, Replay, gate, manifest

from bench.system import System, free_port
from game.assignment import Alias
from game.fold import apply, begin
from game.match import question, resume
from game.moves import MOVES
from game.past import BEGINS
from game.records import Opened, Record, Sealed, decode
from models.store import FolderStore

SEEDS = range(3)
ENOUGH = 20
"""Matches in which a version that is new must have come to answer, however busy the machine is."""


@pytest.fixture
def port() -> int:
    """The sidecar's."""
    return free_port()


@pytest.fixture
def system(tmp_path: Path, port: int) -> Iterator[System]:
    """Waits for a model as long as it takes: how long that is belongs in `bench`."""
    publish(tmp_path, 0, 1)
    with System(tmp_path, RPS_INFERENCE_TIMEOUT_MS="10000", RPS_INFERENCE_PORT=str(port)) as system:
        yield system.play()


def publish(folder: Path, production: int, b: int) -> None:
    """Let the gates of these seeds serve, and nothing else."""
    store = FolderStore(folder / "store")
    pins = [store.put(manifest(gate(seed)), gate(seed)) for seed in (production, b)]
    store.swap(store.table().generation, {FAMILY: dict(zip(Alias, pins, strict=False))})


def logged(system: System) -> list[Record]:
    with closing(sqlite3.connect(system.folder / "rps.db")) as database:
        return [decode(body) for (body,) in database.execute("SELECT body FROM log ORDER BY position")]


def served(records: list[Record]) -> set[str]:
    """The versions that answered."""
    return {one.version for record in records if isinstance(record, Sealed) for one in record.predictions.values()}


async def restarted(system: System) -> None:
    """Another sidecar serves, and the server has noticed."""
    system.kill("inference")
    with suppress(HTTPError):
        while system.get("/readyz"):
            await asyncio.sleep(0.01)
    system.start("inference")
    await asyncio.to_thread(system.until_ready)


async def test_every_round_of_every_match_was_foretold_as_the_past_says(system: System, port: int) -> None:
    random = Random(7)
    async with connected(system.url) as client:
        await client.hello()
        for match in range(4):
            if match == 2:
                await restarted(system)
            if match == 3:
                publish(system.folder, 2, 0)
                load = f"http://127.0.0.1:{port}/v2/repository/models/{FAMILY}/load"
                (await asyncio.to_thread(httpx.post, load)).raise_for_status()
            await client.play_out(await client.start(FAMILY), lambda round: random.choice(MOVES))
        more = 0
        while len(served(logged(system))) < len(SEEDS) and more < ENOUGH:  # the newcomer answers once it has read all
            await client.play_out(await client.start(FAMILY), lambda round: random.choice(MOVES))
            more += 1

    replays = {manifest(gate(seed)).version: Replay(gate(seed)) for seed in SEEDS}
    records = logged(system)
    rounds = matches = 0
    for record in records:
        if isinstance(record, Opened):
            played, matches = begin(record), matches + 1
            continue
        if isinstance(record, Sealed):
            ask = question(played)
            assert ask.past.count(BEGINS) == matches
            assert record.predictions
            for one in record.predictions.values():
                told = replays[one.version].says(ask.past, ask.features)
                assert one.probabilities == pytest.approx(told, abs=1e-5)
            rounds += 1
        played = apply(played, record)
    assert matches == 4 + more
    assert rounds > 4 * 6
    assert served(records) == set(replays)
    assert resume(played) == []
