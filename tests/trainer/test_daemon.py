"""The daemon waits for a log and for enough rounds, runs cycles in children, tells of it, and stops when told."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest
from msgspec import json
from msgspec.structs import replace
from support import lessons
from support.database import add, made

from game.records import Record
from game.settings import SettingsError, load
from trainer import daemon
from trainer.cycle import Work
from trainer.lifecycle import book
from trainer.lifecycle.admin import Admin
from trainer.lifecycle.lease import Lease
from trainer.lifecycle.ledger import Kind
from trainer.pause import Pause
from trainer.settings import Settings

Records = Callable[..., Iterator[Record]]
PATIENCE_S = 180
CLIENTS = ("asyncpg", "nats")
"""Of PostgreSQL and the stream: who has neither does not load them."""


def settings_at(folder: Path, retrain_rounds: int = 10) -> Settings:
    return Settings(data_dir=str(folder), retrain_rounds=retrain_rounds, poll_s=0.01, admin_port=0, inference_port=9)


@contextmanager
def running(settings: Settings, work: Work, register: Work = lessons.registered) -> Iterator[Admin]:
    """A daemon in a thread of this process."""
    stop, admin = Event(), Admin(settings)
    with daemon.working(settings, admin, work, register) as working:
        following = Thread(target=working.follow, args=(stop,))
        following.start()
        try:
            yield admin
        finally:
            stop.set()
            following.join(PATIENCE_S)
            assert not following.is_alive() and multiprocessing.active_children() == []


def until(true: Callable[[], bool]) -> None:
    end = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < end
        Event().wait(0.01)


def kinds(settings: Settings) -> list[Kind]:
    with book.opened(settings.database) as opened:
        return [one.entry.kind for one in opened.rows()]


def notice(settings: Settings, name: str) -> object:
    with closing(sqlite3.connect(settings.database)) as connection:
        found = connection.execute("SELECT body FROM notices WHERE name = ?", (name,)).fetchone()
    return found and json.decode(found[0])


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from trainer.fitting import families

    monkeypatch.setattr(families, "NAMES", families.NAMES)
    monkeypatch.setattr(families, "configurations", families.configurations)
    lessons.only(lessons.RIGHT)


@pytest.mark.usefixtures("made_up")
def test_enough_rounds_begin_a_cycle_and_its_end_is_on_record(tmp_path: Path, played: Records) -> None:
    made(tmp_path, played(6, 4))
    settings = settings_at(tmp_path)
    with running(settings, lessons.learn):
        until(lambda: Kind.TRAINED in kinds(settings))
        until((tmp_path / "registered").exists)
        until(lambda: "waiting for rounds" in str(notice(settings, "progress")))
    assert kinds(settings) == [Kind.ADOPTED, Kind.ENTERED, Kind.TRAINED]
    assert isinstance(notice(settings, "comparisons"), list)


def test_too_few_rounds_begin_nothing_until_it_is_ordered(tmp_path: Path, played: Records) -> None:
    made(tmp_path, played(1, 1))
    settings = settings_at(tmp_path, 1000)
    with running(settings, lessons.quick) as admin:
        until(lambda: notice(settings, "progress") is not None)
        assert not (tmp_path / "done").exists()
        admin.retrain.set()
        until((tmp_path / "done").exists)


def test_a_cycle_that_fails_is_told_of_and_not_tried_at_once(
    tmp_path: Path, played: Records, caplog: pytest.LogCaptureFixture
) -> None:
    made(tmp_path, played(1, 2))
    settings = settings_at(tmp_path)
    with running(settings, lessons.failing):
        until(lambda: "Cycle 1 failed; trying again in 30 s." in caplog.text)
    assert caplog.text.count("failed; trying") == 1 and kinds(settings) == [Kind.ADOPTED]


def test_stopping_ends_a_step_that_will_not_end(tmp_path: Path, played: Records) -> None:
    made(tmp_path, played(1, 2))
    with running(settings_at(tmp_path), lessons.endless):
        until((tmp_path / "started").exists)


def test_a_registry_that_is_down_stops_nothing(
    tmp_path: Path, played: Records, caplog: pytest.LogCaptureFixture
) -> None:
    made(tmp_path, played(1, 1))
    settings = settings_at(tmp_path)
    with running(settings, lessons.quick, lessons.failing):
        until(lambda: "The registry is not up to date; trying again" in caplog.text)
        add(settings.database, [])
        until(lambda: notice(settings, "comparisons") is not None)


def test_the_second_trainer_waits_and_takes_over(
    tmp_path: Path, played: Records, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    made(tmp_path, played(1, 2))
    settings = settings_at(tmp_path, 1000)
    with book.opened(settings.database) as opened:
        other = Lease("elsewhere:1")
        assert other.beat(opened)
        with running(settings, lessons.quick):
            until(lambda: "Waiting: elsewhere:1 is the trainer." in caplog.text)
            assert kinds(settings) == []
            assert opened.take("trainer", f"{Lease().holder.rpartition(':')[0]}:999999999", opened.lease("trainer"))
            until(lambda: Kind.ADOPTED in kinds(settings))


def test_a_store_that_is_down_is_told_of_once_and_nothing_is_decided(
    tmp_path: Path, played: Records, caplog: pytest.LogCaptureFixture
) -> None:
    made(tmp_path, played(1, 2))
    away = replace(settings_at(tmp_path), store_url="s3://key:secret@127.0.0.1:9/bucket?secure=0")
    with running(away, lessons.quick):
        until(lambda: "Waiting for it." in caplog.text)
        with book.opened(away.database) as opened:
            seen = opened.lease("trainer")
            until(lambda: opened.lease("trainer") != seen)
            assert opened.rows() == []
    assert caplog.text.count("cannot be used") == 1 and "secret" not in caplog.text


def test_a_pause_doubles_and_success_ends_it() -> None:
    now = [0.0]
    pause = Pause(lambda: now[0])
    assert pause.over and [pause.failed() for _ in range(3)] == [30, 60, 120]
    assert not pause.over
    now[0] += 120
    assert pause.over
    pause.succeeded()
    assert pause.failed() == 30


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
    assert not imported & {"torch", "xgboost", "sklearn", "onnx", "onnxruntime", "mlflow", "matplotlib", "optuna"}
    assert not imported & set(CLIENTS)


def test_only_the_families_that_are_named_are_retrained() -> None:
    known = ("brian", "logan", "maxine")
    assert Settings().retrained(known) == list(known)
    assert load(Settings, {"RPS_RETRAIN_FAMILIES": "maxine  brian"}).retrained(known) == ["brian", "maxine"]
    with pytest.raises(SettingsError, match="names mary; there are brian, logan, maxine"):
        Settings(retrain_families="logan mary").retrained(known)


def test_a_family_that_there_is_not_is_told_of_at_the_start(tmp_path: Path) -> None:
    variables = {"RPS_DATA_DIR": str(tmp_path), "RPS_RETRAIN_FAMILIES": "mary"}
    command = [sys.executable, "-m", "trainer"]
    said = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 1 and "RPS_RETRAIN_FAMILIES names mary" in said.stderr


def test_settings_come_from_variables_and_a_wrong_one_is_refused() -> None:
    settings = load(Settings, {"RPS_DATABASE_URL": "sqlite:////a/b.db", "RPS_STORE_URL": "file:///c"})
    assert (settings.database, settings.store) == (Path("/a/b.db"), Path("/c"))
    plain = Settings()
    assert (plain.database, plain.store) == (Path("var/rps.db"), Path("var/store"))
    assert plain.tracking_uri == f"sqlite:///{Path('var/mlflow/mlflow.db').absolute()}"
    assert load(Settings, {"MLFLOW_TRACKING_URI": "http://there"}).tracking_uri == "http://there"
    wrong = [("DATABASE_URL", "postgres://x"), ("STORE_URL", "s3://x"), ("RETRAIN_ROUNDS", "0"), ("BOT_SHARE", "2")]
    for name, text in [*wrong, ("PROMOTION_RULE", "best")]:
        with pytest.raises(SettingsError):
            load(Settings, {f"RPS_{name}": text})
