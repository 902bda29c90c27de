"""The loop closed, live: habits change, a candidate climbs to Production, a sabotaged one is taken back.

What takes the sabotaged one back hangs on who stands where: a better candidate that comes meanwhile is promoted over
it, and then nothing is rolled back. So nothing more is learned by then, and it stands against the learned one alone.
"""

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
from msgspec import convert, json
from msgspec.structs import replace
from support.crowd import Crowd, cheapest, middle
from support.referee import check

from bench.system import System
from game.assignment import Alias
from game.settings import load
from models.bundle import version_of, write
from models.places import store_at
from models.store import SHIPPED, FolderStore, Pin
from trainer.data.turning import WIDTH
from trainer.fitting.graph import dense
from trainer.lifecycle import book
from trainer.lifecycle.decisions import Change, Lifecycle
from trainer.lifecycle.ledger import Kind
from trainer.settings import Settings

CLIENTS = 60
ROUNDS = 1500
"""New rounds after which the trainer learns."""
TOKEN = "a token for this test alone"
FAMILY = "logan"
"""They all play against one, so that its matches are many."""
NEVER = 10**9
"""So many new rounds do not come."""
PATIENCE_S = 600
"""For one decision; on two cores that nobody else uses each takes less than 90 s."""

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

    def __init__(self, system: System, crowd: Crowd) -> None:
        self._system = system
        self._crowd = crowd
        self.entries: list[Entry] = []

    def read(self) -> list[Entry]:
        last = self.entries[-1]["number"] if self.entries else 0
        found = self._system.get(f"/api/promotions?after={last}")["entries"]
        self.entries += [one["entry"] for one in found]
        return self.entries

    async def until(self, wanted: Callable[[Entry], bool]) -> Entry:
        """The first such decision about the family, waited for while the crowd plays."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    for entry in self.read():
                        if entry["family"] == FAMILY and wanted(entry):
                            return entry
                    self._crowd.check()
                    await asyncio.sleep(0.1)
        except TimeoutError:
            decided = "\n".join(f"{one['kind']} by {one['by']}: {one['reason']}" for one in self.entries)
            raise AssertionError(f"Nothing of the kind within {PATIENCE_S} s, but:\n{decided}") from None


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


async def alone(system: System, pin: Pin) -> None:
    """From now on nothing is learned, and every alias of the family means this version."""
    system.stop("trainer")
    system.change(RPS_RETRAIN_ROUNDS=str(NEVER))
    settings = load(Settings, system.environment)
    with book.opened(settings.address) as opened:
        Lifecycle(opened, store_at(settings.store, settings.data_dir, settings.bundle_key)).decide(
            Change(
                kind=Kind.ORDERED,
                family="",
                by="the test",
                reason="it shall stand against the sabotaged one alone",
                position=opened.position(),
                places={FAMILY: dict.fromkeys(Alias, pin)},
            )
        )
    system.start("trainer")
    async with asyncio.timeout(PATIENCE_S):
        while not takes_orders(system):
            await asyncio.sleep(0.1)


def takes_orders(system: System) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{system.environment['RPS_ADMIN_PORT']}/metrics", timeout=60) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def order(system: System, what: str, **body: str) -> Any:
    port = system.environment["RPS_ADMIN_PORT"]
    headers = {"Authorization": f"Bearer {TOKEN}"}
    request = Request(f"http://127.0.0.1:{port}/admin/{what}", json.encode(body), headers)
    with urlopen(request, timeout=60) as answer:
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


@pytest.mark.timeout(3 * PATIENCE_S)
async def test_a_candidate_climbs_and_a_sabotaged_one_is_taken_back(
    learning: System, crowd: Crowd, tmp_path: Path
) -> None:
    story = Story(learning, crowd)
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
    until_then = [one for one in story.entries if one["number"] <= promoted["number"]]
    climbed = [one["kind"] for one in until_then if one["family"] == FAMILY and rose(one, learned)]
    assert climbed[0] == "entered" and climbed[-2:] == ["raised", "promoted"]
    assert all(one["by"] == "comparison" for one in until_then if one["kind"] in ("ordered", "raised", "promoted"))

    await alone(learning, convert(promoted["after"][FAMILY][Alias.PRODUCTION], Pin))
    bad = sabotaged(tmp_path / "sabotaged")
    assert learning.run("trainer", "enter", str(tmp_path / "sabotaged"), "--json").returncode == 0
    assert order(learning, "promote", family=FAMILY, version=bad)["kind"] == "promoted"
    assert order(learning, "reload")["faults"] == {}
    back = await story.until(lambda one: one["kind"] == "rolled-back")
    assert version_at(back, Alias.PRODUCTION, "before") == bad and version_at(back, Alias.PRODUCTION) == learned
    assert version_at(back, Alias.SHADOW2) == bad and back["by"] == "comparison"

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
