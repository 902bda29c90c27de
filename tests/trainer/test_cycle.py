"""A cycle's steps: each in a child, in order, taken up again where they were left."""

import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from support import lessons
from support.database import made

from game.assignment import Alias
from models.store import FolderStore
from telemetry.traces import NO_TRACES
from trainer import once, steps
from trainer.cycle import Cycle, Work
from trainer.errors import TrainerError
from trainer.lifecycle import book
from trainer.lifecycle.decisions import Lifecycle
from trainer.lifecycle.ledger import Kind, verify
from trainer.meters import Meters
from trainer.registry.runs import Outbox
from trainer.settings import Settings

RecordsOf = Callable[..., Path]
PATIENCE_S = 180


def cycle_of(folder: Path, work: Work, *names: str) -> Cycle:
    return Cycle(Settings(data_dir=str(folder)), 4, list(names), len(names), work, Meters(), NO_TRACES)


def drive(cycle: Cycle) -> set[str]:
    """To its end; the phases it went through."""
    phases = set()
    while cycle.advance():
        cycle.wait(0.02)
        phases.add(cycle.progress.phase)
    return phases


def test_steps_run_one_after_the_other_and_progress_rises(tmp_path: Path) -> None:
    cycle = cycle_of(tmp_path, lessons.quick, "intake", "one", "two")
    assert (cycle.progress.percent, cycle.progress.eta_s, cycle.progress.cycle) == (0, None, 4)
    drive(cycle)
    assert (tmp_path / "done").read_text().split() == ["intake", "one", "two"]
    assert not cycle.failed and cycle.progress.percent == 100
    assert multiprocessing.active_children() == []


def test_a_step_that_fails_ends_the_cycle(tmp_path: Path) -> None:
    cycle = cycle_of(tmp_path, lessons.failing, "intake", "one")
    drive(cycle)
    assert cycle.failed and cycle.progress.percent == 0


def test_a_step_that_will_not_end_is_ended(tmp_path: Path) -> None:
    cycle = cycle_of(tmp_path, lessons.endless, "intake")
    assert cycle.advance()
    while not (tmp_path / "started").exists():
        Event().wait(0.01)
    cycle.end()
    assert multiprocessing.active_children() == []


@pytest.fixture
def settings(tmp_path: Path, cyclers: Path) -> Settings:
    """A database whose log holds six players who go round rock, paper, scissors."""
    import sqlite3
    from contextlib import closing

    made(tmp_path)
    with closing(sqlite3.connect(tmp_path / "rps.db")) as connection, connection:
        connection.execute("ATTACH ? AS other", (str(cyclers),))
        connection.execute("INSERT INTO log SELECT position, match, round, kind, at, body FROM other.log")
    return Settings(data_dir=str(tmp_path))


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process knows the made-up family only."""
    from trainer.fitting import families

    monkeypatch.setattr(families, "NAMES", families.NAMES)
    monkeypatch.setattr(families, "configurations", families.configurations)
    lessons.only(lessons.RIGHT)
    yield


@pytest.mark.usefixtures("made_up")
def test_a_cycle_lets_its_candidate_in_at_shadow2(settings: Settings) -> None:
    report = once.run(settings, lessons.learn, lessons.registered)
    assert [entry.kind for entry in report.entries] == [Kind.ENTERED, Kind.TRAINED]
    store = FolderStore(Path(settings.data_dir) / "store")
    pins = store.table().aliases["fixed"]
    assert store.bundle(pins[Alias.SHADOW2]).manifest.configuration["name"] == "right"
    with book.opened(settings.database) as opened:
        assert verify(opened.rows(), store.table()) == (3, None)
        lifecycle = Lifecycle(opened, store)
        trained = report.entries[-1]
        assert steps.learned(lifecycle) == trained.position > 0
        assert trained.evidence["rounds"] > 300 and trained.evidence["players"] == 6
        assert steps.next_number(lifecycle) == 2
    assert not settings.work.exists() and (Path(settings.data_dir) / "registered").exists()
    (waiting,) = Outbox(settings.outbox).waiting()
    run = Outbox(settings.outbox).read(waiting)
    assert run is not None and run.name == "cycle-00001-fixed-right"
    assert (run.chosen, run.passed, run.digest) == (True, True, pins[Alias.SHADOW2].digest)


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize("choice", [lessons.WRONG, lessons.RIGHT])
def test_what_is_worse_or_known_already_is_refused(settings: Settings, choice: lessons.Fixed) -> None:
    def nothing(phase: str, share: float) -> None: ...

    once.run(settings, lessons.learn, lessons.registered)
    store = FolderStore(Path(settings.data_dir) / "store")
    table = store.table()
    lessons.only(choice)
    with book.opened(settings.database) as opened:
        lifecycle = Lifecycle(opened, store)
        for step in steps.remaining(lifecycle, settings):
            steps.run(settings, step, nothing)
        entry = lifecycle.entries()[-1]
    assert entry.kind is Kind.REFUSED and store.table() == table
    assert ("serves already" if choice is lessons.RIGHT else "calibration error") in entry.reason


@pytest.mark.usefixtures("made_up")
def test_a_cycle_that_was_killed_goes_on_with_what_is_left(settings: Settings) -> None:
    with book.opened(settings.database) as opened:
        lifecycle = Lifecycle(opened, FolderStore(Path(settings.data_dir) / "store"))
        assert steps.remaining(lifecycle, settings) == ["intake", "fixed"]
        steps.run(settings, "intake", lambda phase, share: None)
        assert steps.remaining(lifecycle, settings) == ["fixed"]
        steps.run(settings, "fixed", lambda phase, share: None)
        assert steps.remaining(lifecycle, settings) == []
        steps.finish(settings, lifecycle)
        assert steps.remaining(lifecycle, settings) == ["intake", "fixed"]
        assert [entry.kind for entry in lifecycle.entries()] == [Kind.ADOPTED, Kind.ENTERED, Kind.TRAINED]


@pytest.mark.usefixtures("made_up")
def test_a_damaged_snapshot_begins_the_cycle_again(settings: Settings) -> None:
    steps.run(settings, "intake", lambda phase, share: None)
    (settings.work / "snapshot.npz").write_bytes(b"half")
    with pytest.raises(TrainerError, match="is damaged; the cycle begins again"):
        steps.run(settings, "fixed", lambda phase, share: None)
    with book.opened(settings.database) as opened:
        lifecycle = Lifecycle(opened, FolderStore(Path(settings.data_dir) / "store"))
        assert steps.remaining(lifecycle, settings) == ["intake", "fixed"]


def test_a_failed_cycle_says_so(settings: Settings) -> None:
    with pytest.raises(TrainerError, match="Cycle 1 failed"):
        once.run(settings, lessons.failing, lessons.registered)


@pytest.mark.usefixtures("made_up")
def test_an_empty_log_teaches_nothing_and_harms_nothing(tmp_path: Path) -> None:
    made(tmp_path)
    settings = Settings(data_dir=str(tmp_path))
    report = once.run(settings, lessons.learn, lessons.registered)
    assert [entry.kind for entry in report.entries] == [Kind.REFUSED, Kind.TRAINED]
    assert FolderStore(tmp_path / "store").table().generation == 0
