"""A week that is played without a process leaves a log like any other, and a trainer that can be asked about it."""

from pathlib import Path

from support.lessons import RIGHT

from bench import week
from game.assignment import Alias
from models.bundle import version_of
from models.places import store_at
from models.store import Pin, Store
from trainer import parity, steps
from trainer.data.log import opened
from trainer.data.rows import Rows
from trainer.data.snapshot import take
from trainer.lifecycle import book, guard
from trainer.lifecycle.decisions import Lifecycle
from trainer.lifecycle.ledger import Kind
from trainer.rescore import rescore
from trainer.settings import Settings

BEGIN = 1_767_603_600_000


def a_store(folder: Path) -> Store:
    return store_at(folder / "store", str(folder))


def played(folder: Path, visitors: int = 4, hours: int = 2) -> Path:
    """The log after so many hours."""
    database = folder / "rps.db"
    people = list(week.people(visitors, seed=3))
    sidecar = week.InProcess(a_store(folder))
    for hour in range(hours):
        week.play(database, sidecar, people, ["logan", "forrest"], BEGIN + hour * week.HOUR_MS, seed=3)
    return database


def bodies(database: Path) -> list[bytes]:
    with opened(database) as reader:
        return [bytes(body) for (body,) in reader.execute("SELECT body FROM log ORDER BY position")]


def test_the_log_holds_by_the_rules_and_what_was_served_is_what_the_bundles_say(tmp_path: Path) -> None:
    database = played(tmp_path)
    snapshot = take(database, 1.0, lambda phase, share: None)
    assert not snapshot.faults
    assert (len(snapshot.players), len(snapshot.matches)) == (4, 8)
    assert parity.compare(database).differences == []
    found = rescore(database, a_store(tmp_path))
    assert found.versions
    assert not found.missing
    assert all(one.predictions and not one.differences for one in found.versions)


def test_rows_stand_in_the_order_of_their_times(tmp_path: Path) -> None:
    with opened(played(tmp_path)) as reader:
        times = [at for (at,) in reader.execute("SELECT at FROM log ORDER BY position")]
    assert times == sorted(times)
    assert BEGIN <= times[0] < BEGIN + week.HOUR_MS < times[-1]


def test_the_same_seed_is_the_same_week(tmp_path: Path) -> None:
    assert bodies(played(tmp_path / "one")) == bodies(played(tmp_path / "other"))


def test_what_may_not_be_served_is_refused_and_the_guard_hears_of_it(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    table = store.table()
    production = table.aliases["logan"][Alias.PRODUCTION]
    sidecar = week.InProcess(store)
    sidecar.swap()
    bad = Pin(version_of("logan", b"damaged"), production.digest)
    store.swap(table.generation, {**table.aliases, "logan": {**table.aliases["logan"], Alias.SHADOW2: bad}})
    sidecar.swap()
    assert {one.version for one in sidecar.index() if one.state != "READY"} == {bad.version}
    (change,) = guard.refused(store.table().aliases, sidecar.index(), position=0)
    assert (change.kind, change.evidence["version"]) == (Kind.EXPELLED, bad.version)


def test_visitors_are_known_from_hour_to_hour(tmp_path: Path) -> None:
    people, sidecar = list(week.people(3, seed=3)), week.InProcess(a_store(tmp_path))
    rounds = [
        week.play(tmp_path / "rps.db", sidecar, people, ["logan"], BEGIN + hour * week.HOUR_MS, seed=3)
        for hour in range(2)
    ]
    assert sum(one.known.rounds for one in people) == sum(rounds)


def test_a_cycle_chooses_among_the_configurations_it_is_given(tmp_path: Path) -> None:
    played(tmp_path, visitors=8, hours=3)
    settings = Settings(data_dir=str(tmp_path), retrain_families="logan")
    steps.run(settings, steps.INTAKE, lambda phase, share: None)
    steps.run(settings, "logan", lambda phase, share: None, lambda family: [RIGHT])
    with book.opened(settings.address) as found:
        last = Lifecycle(found, a_store(tmp_path)).entries()[-1]
    assert last.family == "logan"
    made = RIGHT.fit(Rows.none(), Rows.none(), seed=1).model
    assert last.evidence["verdict"]["version"] == version_of("logan", made)
