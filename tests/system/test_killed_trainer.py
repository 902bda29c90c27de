"""kill -9 the trainer anywhere in a cycle: store, ledger and registry hold together, and the next start goes on.

The cycle is the real one, from intake to MLflow; only its family is made up, so that many cycles fit into a minute.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from bench import journal
from models.bundle import read
from models.store import BUNDLES, FolderStore
from trainer.lifecycle import book
from trainer.lifecycle.ledger import Kind, verify
from trainer.registry.reconcile import PREFIX
from trainer.registry.runs import Outbox
from trainer.registry.tracking import Tracking
from trainer.settings import Settings

# MLflow asks SQLAlchemy in a way that its next release will not know; this process reads the registry
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning")

KILLS = 20
ROOT = Path(__file__).parents[2]
PATIENCE_S = 180


def start(settings: Settings) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "RPS_DATA_DIR": settings.data_dir, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    with Path(settings.data_dir, "trainer.data.log").open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "support.small_cycle"],
            env=environ, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


def store_of(settings: Settings) -> FolderStore:
    return FolderStore(Path(settings.data_dir) / "store")


def kinds(settings: Settings) -> list[Kind]:
    """The ledger's entries, once all of it holds: the chain, what it says of the store, and every bundle in there."""
    store = store_of(settings)
    with book.opened(settings.database) as opened:
        rows = opened.rows()
    assert verify(rows)[1] is None
    table = store.table()
    if rows:
        last = rows[-1].entry
        unfinished = last.generation - 1, last.before
        assert (table.generation, table.aliases) in ((last.generation, last.after), unfinished)
    for pins in table.aliases.values():
        for pin in pins.values():
            assert store.bundle(pin).manifest.version == pin.version
    for folder in (Path(settings.data_dir) / "store" / BUNDLES).glob("[!.]*/"):
        assert read(folder).manifest.version == folder.name
    return [one.entry.kind for one in rows]


@pytest.mark.timeout(1800)
def test_twenty_kills_leave_nothing_half_done(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path))
    journal.write(settings.database, 400)
    began = time.monotonic()
    assert start(settings).wait(PATIENCE_S) == 0, (tmp_path / "trainer.data.log").read_text()
    whole = time.monotonic() - began
    random, before = Random(5), kinds(settings)
    assert before == [Kind.ADOPTED, Kind.ENTERED, Kind.TRAINED]
    for _ in range(KILLS):
        process = start(settings)
        try:
            process.wait(random.uniform(0, whole))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_S)
        now = kinds(settings)
        assert now[: len(before)] == before
        before = now
    assert start(settings).wait(PATIENCE_S) == 0, (tmp_path / "trainer.data.log").read_text()
    assert kinds(settings).count(Kind.TRAINED) >= 2
    the_registry_is_up_to_date(settings)


def the_registry_is_up_to_date(settings: Settings) -> None:
    """Nothing waits for it, no run is there twice, and its aliases mean what the store's mean."""
    assert Outbox(settings.outbox).waiting() == []
    tracking = Tracking(settings.tracking_uri)
    tracking.open()
    models, aliases = tracking.models(PREFIX), store_of(settings).table().aliases
    assert set(models) == set(aliases)
    for family, pins in aliases.items():
        for alias, pin in pins.items():
            assert tracking.version(f"{PREFIX}{family}", pin.version) == (models[family].aliases[alias], pin.digest)
    for cycle in range(1, kinds(settings).count(Kind.TRAINED) + 1):
        assert len(tracking.fits(f"cycle-{cycle:05d}-fixed-level")) == 1
