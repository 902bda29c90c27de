"""The daemon waits for a log and for enough rounds, runs cycles in a child, and stops when told."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from game.settings import SettingsError, load
from trainer import daemon, position
from trainer.log import last_position, opened
from trainer.settings import Settings

LogOf = Callable[..., Path]
PATIENCE_S = 30.0


def learned(settings: Settings) -> None:
    """A cycle that only moves the position."""
    with opened(settings.database) as connection:
        position.store(settings.position, last_position(connection))


def failing(settings: Settings) -> None:
    sys.exit(3)


def endless(settings: Settings) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(settings.data_dir, "started").touch()
    Event().wait()


@pytest.fixture
def stop() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


def settings_at(database: Path, retrain_rounds: int = 10) -> Settings:
    return Settings(
        data_dir=str(database.parent), database_url=f"sqlite:///{database}", retrain_rounds=retrain_rounds, poll_s=0.01
    )


def test_a_cycle_runs_in_a_child_and_its_position_lasts(log_of: LogOf, stop: Event) -> None:
    settings = settings_at(log_of(1, 2))
    assert daemon.new_rounds(settings.database, settings.position) > 10
    assert daemon.retrain(settings, learned, stop)
    assert daemon.new_rounds(settings.database, settings.position) == 0
    assert multiprocessing.active_children() == []


def test_a_cycle_that_fails_moves_nothing(log_of: LogOf, stop: Event) -> None:
    settings = settings_at(log_of(1, 1))
    assert not daemon.retrain(settings, failing, stop)
    assert position.load(settings.position) == 0


def test_stopping_ends_a_child_that_will_not_end(log_of: LogOf, stop: Event) -> None:
    settings = settings_at(log_of(1, 2))
    following = Thread(target=daemon.follow, args=(settings, endless, stop))
    following.start()
    started = Path(settings.data_dir, "started")
    pause = Event()
    while not started.exists():
        pause.wait(0.01)
    stop.set()
    following.join(PATIENCE_S)
    assert not following.is_alive() and multiprocessing.active_children() == []
    assert position.load(settings.position) == 0


def test_too_few_new_rounds_start_nothing(log_of: LogOf, stop: Event) -> None:
    settings = settings_at(log_of(1, 1), retrain_rounds=1000)
    looked: list[Path] = []

    class Looking(Event):
        def wait(self, timeout: float | None = None) -> bool:
            looked.append(settings.database)
            self.set()
            return True

    daemon.follow(settings, failing, Looking())
    assert len(looked) == 1


def test_the_process_waits_for_the_log_without_libraries_and_stops_with_0(tmp_path: Path) -> None:
    environ = {**os.environ, "RPS_DATA_DIR": str(tmp_path), "RPS_POLL_S": "0.05"}
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "trainer"], env=environ, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        told = []
        for line in process.stderr:
            told.append(line)
            if "Waiting for it" in line:
                process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert sum("Waiting for it" in line for line in told) == 1 and "Stopped." in told[-1]
    imported = {line.rpartition("|")[2].strip() for line in told if line.startswith("import time:")}
    assert "numpy" in imported
    assert not imported & {"torch", "xgboost", "sklearn", "onnx", "onnxruntime"}


def test_the_process_runs_the_real_cycle_and_tells_what_it_did(log_of: LogOf, tmp_path: Path) -> None:
    log_of(1, 1)
    environ = {**os.environ, "RPS_DATA_DIR": str(tmp_path), "RPS_RETRAIN_ROUNDS": "1", "RPS_POLL_S": "0.05"}
    with subprocess.Popen([sys.executable, "-m", "trainer"], env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        told = []
        for line in process.stderr:
            told.append(line)
            if "nothing is fitted" in line or "ERROR" in line:
                break
        watch = Event()
        while not (tmp_path / "trainer" / "position.json").exists():
            watch.wait(0.01)
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert process.wait(PATIENCE_S) == 0
    assert [line.partition(": ")[2] for line in told[1:]] == [
        "3 new rounds: retraining.\n",
        "Read 3 rounds of 1 players in 1 matches.\n",
        "Too few matches to learn from some and be judged on others: nothing is fitted.\n",
    ]


def test_settings_come_from_variables_and_a_wrong_one_is_refused() -> None:
    settings = load(Settings, {"RPS_DATABASE_URL": "sqlite:////a/b.db", "RPS_STORE_URL": "file:///c"})
    assert (settings.database, settings.store) == (Path("/a/b.db"), Path("/c"))
    plain = Settings()
    assert (plain.database, plain.store) == (Path("var/rps.db"), Path("var/store"))
    assert plain.position == Path("var/trainer/position.json")
    for name, text in (("DATABASE_URL", "postgres://x"), ("STORE_URL", "s3://x"), ("RETRAIN_ROUNDS", "0")):
        with pytest.raises(SettingsError):
            load(Settings, {f"RPS_{name}": text})
