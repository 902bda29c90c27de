"""What the sidecar will not serve does not stay in the aliases: the guard and the sidecar over their real wire."""

import asyncio
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from bench.system import System
from game.assignment import Alias
from models.bundle import MODEL, version_of, write
from models.store import BUNDLES, SHIPPED, FolderStore
from trainer.data.turning import WIDTH
from trainer.fitting.graph import dense

FAMILY = "forrest"


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[System]:
    with System(tmp_path, RPS_POLL_S="0.1") as system:
        system.play()
        system.start("trainer")
        yield system


def own_bundle(folder: Path) -> str:
    """A sound bundle of the family; its version."""
    store = FolderStore(SHIPPED)
    manifest = store.bundle(store.table().aliases[FAMILY][Alias.PRODUCTION]).manifest
    model = dense([(np.zeros((WIDTH, 3)), np.array([0.2, 0.1, 0.0]))])
    version = version_of(FAMILY, model)
    write(folder, replace(manifest, version=version, model_sha256=sha256(model).hexdigest()), model)
    return version


async def entries(system: System, least: int) -> list[dict[str, object]]:
    """The ledger's entries once there are so many."""
    while True:
        found = system.get("/api/promotions?after=0")["entries"]
        if len(found) >= least:
            return [one["entry"] for one in found]
        await asyncio.sleep(0.05)


@pytest.mark.timeout(1800)
async def test_a_bundle_that_was_damaged_in_the_store_is_expelled(guarded: System, tmp_path: Path) -> None:
    await entries(guarded, 1)
    guarded.stop("inference")
    version = own_bundle(tmp_path / "own")
    assert guarded.run("trainer", "enter", str(tmp_path / "own")).returncode == 0
    with (tmp_path / "store" / BUNDLES / version / MODEL).open("ab") as file:
        file.write(b"!")
    guarded.start("inference")
    adopted, entered, expelled = await entries(guarded, 3)
    assert (adopted["kind"], entered["kind"], expelled["kind"]) == ("adopted", "entered", "expelled")
    assert expelled["by"] == "guard" and "does not match the digest in its manifest" in str(expelled["reason"])
    now = FolderStore(tmp_path / "store").table().aliases[FAMILY]
    assert version not in {pin.version for pin in now.values()}
    assert guarded.run("trainer", "ledger", "verify").returncode == 0
