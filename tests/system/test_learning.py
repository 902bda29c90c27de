"""The loop closed, live: habits change, a candidate climbs to Production, a sabotaged one is taken back."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pytest
from msgspec import json
from msgspec.structs import replace
from support.crowd import Crowd, cheapest, middle
from support.referee import check

from bench.system import System
from game.assignment import Alias
from models.bundle import version_of, write
from models.store import SHIPPED, FolderStore
from trainer.data.turning import WIDTH
from trainer.fitting.graph import dense

CLIENTS = 60
ROUNDS = 1500
"""New rounds after which the trainer learns."""
TOKEN = "a token for this test alone"
FAMILY = "logan"
"""They all play against one, so that its matches are many."""

Entry = dict[str, Any]


@pytest.fixture
def learning(tmp_path: Path) -> Iterator[System]:
    variables = {
        "RPS_RETRAIN_ROUNDS": str(ROUNDS),
        "RPS_RETRAIN_FAMILIES": FAMILY,
        "RPS_POLL_S": "0.2",
        "RPS_ADMIN_TOKEN": TOKEN,
    }
    with System(tmp_path, **variables) as system:
        for name in ("inference", "server", "trainer"):
            system.start(name)
        system.until_ready()
        yield system


class Story:
    """What the ledger tells, as the server shows it."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.entries: list[Entry] = []

    def read(self) -> list[Entry]:
        last = self.entries[-1]["number"] if self.entries else 0
        found = self._system.get(f"/api/promotions?after={last}")["entries"]
        self.entries += [one["entry"] for one in found]
        return self.entries

    async def until(self, wanted: Callable[[Entry], bool]) -> Entry:
        """The first such decision about the family, waited for."""
        while True:
            for entry in self.read():
                if entry["family"] == FAMILY and wanted(entry):
                    return entry
            await asyncio.sleep(0.1)


def version_at(entry: Entry, alias: Alias, when: str = "after") -> str:
    return str(entry[when][FAMILY][alias]["version"])


def rose(entry: Entry, version: str) -> bool:
    """Whether the version has a better place after the entry than before it."""
    before, after = (
        [pins[alias]["version"] for alias in Alias] for pins in (entry["before"][FAMILY], entry["after"][FAMILY])
    )
    return version in after and (version not in before or after.index(version) < before.index(version))


def learned_of(promoted: Entry, entries: list[Entry]) -> int:
    """The cycle that the version in production comes from; 0 if it was shipped."""
    version = version_at(promoted, Alias.PRODUCTION)
    found = [one for one in entries if one["kind"] == "entered" and version_at(one, Alias.SHADOW2) == version]
    return int(found[0]["evidence"]["cycle"]) if found else 0


def sabotaged(folder: Path) -> str:
    """A bundle that is formally sound and always sure of what nobody who plays here throws; its version."""
    store = FolderStore(SHIPPED)
    manifest = store.bundle(store.table().aliases[FAMILY][Alias.PRODUCTION]).manifest
    model = dense([(np.zeros((WIDTH, 3)), np.array([3.0, 0.0, -3.0]))])
    version = version_of(FAMILY, model)
    write(folder, replace(manifest, version=version, model_sha256=sha256(model).hexdigest()), model)
    return version


def order(system: System, what: str, **body: str) -> Any:
    port = system.environment["RPS_ADMIN_PORT"]
    headers = {"Authorization": f"Bearer {TOKEN}"}
    request = Request(f"http://127.0.0.1:{port}/admin/{what}", json.encode(body), headers)
    with urlopen(request, timeout=10) as answer:
        return json.decode(answer.read())


@pytest.fixture
async def crowd(learning: System) -> AsyncIterator[Crowd]:
    found = Crowd(learning.url, CLIENTS, cheapest, (FAMILY,))
    async with found.playing():
        yield found


async def read_once(system: System) -> None:
    """Until the first cycle has read the log."""
    while (told := system.get("/api/stats")["trainer"]) is None or told["progress"]["percent"] < 25:
        await asyncio.sleep(0.1)


@pytest.mark.timeout(1800)
async def test_a_candidate_climbs_and_a_sabotaged_one_is_taken_back(
    learning: System, crowd: Crowd, tmp_path: Path
) -> None:
    story = Story(learning)
    shipped = {pin.version for pin in FolderStore(SHIPPED).table().aliases[FAMILY].values()}
    await read_once(learning)
    crowd.habit = middle
    relearned = await story.until(lambda one: one["kind"] == "entered" and one["evidence"]["cycle"] > 1)
    assert version_at(relearned, Alias.SHADOW2) not in shipped
    promoted = await story.until(lambda one: one["kind"] == "promoted" and learned_of(one, story.entries) > 0)
    evidence = promoted["evidence"]
    assert evidence["e_value"] >= 20 and evidence["won"][0] > evidence["won"][1]
    learned = version_at(promoted, Alias.PRODUCTION)
    assert version_at(promoted, Alias.B) == version_at(promoted, Alias.PRODUCTION, "before")
    climbed = [one["kind"] for one in story.entries if one["family"] == FAMILY and rose(one, learned)]
    assert climbed[0] == "entered" and climbed[-2:] == ["raised", "promoted"]
    assert all(one["by"] == "comparison" for one in story.entries if one["kind"] in ("ordered", "raised", "promoted"))

    bad = sabotaged(tmp_path / "sabotaged")
    assert learning.run("trainer", "enter", str(tmp_path / "sabotaged"), "--json").returncode == 0
    assert order(learning, "promote", family=FAMILY, version=bad)["kind"] == "promoted"
    assert order(learning, "reload")["faults"] == {}
    back = await story.until(lambda one: one["kind"] == "rolled-back")
    assert version_at(back, Alias.PRODUCTION, "before") == bad and version_at(back, Alias.PRODUCTION) != bad
    assert version_at(back, Alias.SHADOW2) == bad

    served = {one["version"]: one for one in learning.get("/api/stats")["served"]}
    assert learned in served and bad in served
    for match in crowd.some_finished(5):
        check(learning.get(f"/api/matches/{match}"))
    the_ledger_holds_and_one_byte_breaks_it(learning, tmp_path)


def the_ledger_holds_and_one_byte_breaks_it(system: System, folder: Path) -> None:
    system.stop("trainer")
    assert system.run("trainer", "ledger", "verify").returncode == 0
    with closing(sqlite3.connect(folder / "rps.db")) as connection, connection:
        connection.execute("DROP TRIGGER ledger_unchanged")
        connection.execute("UPDATE ledger SET body = replace(body, '\"promoted\"', '\"promotes\"') WHERE number > 3")
    found = system.run("trainer", "ledger", "verify", "--json")
    assert found.returncode == 1 and "was changed" in json.decode(found.stdout)["fault"]
