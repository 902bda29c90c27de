"""The trainer's doctor: before the first start, over a log and its ledger, and over what is broken."""

import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import json
from support import database, state
from support.play import play_out
from support.play import records as written

from bench.system import System, free_port
from game.assignment import Alias
from models.store import FolderStore
from telemetry.doctor import Outcome
from trainer import doctor
from trainer.lifecycle import book
from trainer.lifecycle.decisions import Change, Lifecycle, Move
from trainer.lifecycle.ledger import Kind
from trainer.looks import beside, lifecycle, machine
from trainer.settings import Settings


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine may be busy."""
    monkeypatch.setattr("telemetry.doctor.PATIENCE_S", 120.0)


def seen(capsys: pytest.CaptureFixture[str], **variables: object) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit status and the checks by name."""
    status = doctor.main({f"RPS_{name.upper()}": str(text) for name, text in variables.items()}, as_json=True)
    return status, {check["name"]: check for check in json.decode(capsys.readouterr().out)["checks"]}


def test_before_the_first_start_nothing_fails_and_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "var"
    status, checks = seen(capsys, data_dir=data, admin_port=0, inference_port=free_port())
    assert status == 0 and not data.exists()
    assert "RPS_ADMIN_TOKEN is not set" in checks["admin port"]["found"]
    assert checks["sidecar"]["outcome"] == "warning" and "torch" in checks["libraries"]["found"]


def test_settings_that_are_wrong_are_failures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, checks = seen(capsys, data_dir=tmp_path, admin_port=0, retrain_families="brian bruno", bundle_key="short")
    assert status == 1
    assert "RPS_RETRAIN_FAMILIES names bruno" in checks["families"]["found"]
    assert "RPS_BUNDLE_KEY" in checks["settings"]["found"] and "short" not in checks["settings"]["found"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder with a log of one match and a ledger of two decisions."""
    database.made(tmp_path, written(play_out()[1]))
    store = FolderStore(tmp_path / "store")
    with book.opened(tmp_path / "rps.db") as opened:
        kept = Lifecycle(opened, store)
        pins = kept.settle().aliases["logan"]
        moves = (Move(pins[Alias.B], Alias.PRODUCTION),)
        kept.decide(Change(kind=Kind.PROMOTED, family="logan", by="test", reason="", position=1, moves=moves))
    return Settings(data_dir=str(tmp_path), retrain_rounds=3)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_all_of_a_sound_folder_is_read_and_nothing_in_it_changes(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(tmp_path)
    status, checks = seen(capsys, data_dir=tmp_path, admin_port=0, inference_port=free_port())
    assert status == 0 and files(tmp_path) == before
    assert checks["ledgers"]["found"] == "2 entries hold, and 0 of gestures"
    assert "generation 1" in checks["store"]["found"]
    assert checks["lease"]["found"] == "nobody has held it yet"


def test_a_ledger_that_was_changed_is_named(settings: Settings, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "rps.db")) as connection, connection:
        connection.execute("DROP TRIGGER ledger_unchanged")
        connection.execute("UPDATE ledger SET body = replace(body, 'promoted', 'expelled') WHERE number = 2")
    found = lifecycle.ledgers(settings)
    assert found.outcome is Outcome.FAILED and "Entry 2 was changed" in found.text


def test_aliases_that_the_ledger_does_not_know_are_named(settings: Settings, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    table = store.table()
    store.swap(table.generation, {"logan": table.aliases["logan"]}, "ab" * 32)
    found = lifecycle.ledgers(settings)
    assert found.outcome is Outcome.FAILED and "not in the ledger" in found.text


def test_a_database_that_is_none_is_a_failure(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "rps.db").write_bytes(b"no database " * 500)
    for look in (lifecycle.ledgers, lifecycle.holder, lifecycle.learning):
        assert look(settings).outcome is Outcome.FAILED


def test_a_bundle_that_is_not_there_is_a_failure(settings: Settings, tmp_path: Path) -> None:
    table = tmp_path / "store" / "aliases.json"
    table.write_text(table.read_text().replace("logan-", "nobody-"))
    found = lifecycle.store(settings)
    assert found.outcome is Outcome.FAILED and "not in the store" in found.text


def test_a_store_that_cannot_be_written_to_is_a_failure(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "cannot be written to" in lifecycle.store(settings).text
    bucket = Settings(store_url=f"s3://ACCESS:secret@127.0.0.1:{free_port()}/bucket?secure=0")
    found = lifecycle.store(bucket)
    assert found.outcome is Outcome.FAILED and "secret" not in found.text


@pytest.mark.parametrize(
    ("holder", "said"),
    [
        (f"{socket.gethostname()}:{os.getpid()}", f"process {os.getpid()} holds it"),
        (f"{socket.gethostname()}:{2**22 + 1}", "which is gone"),
        ("elsewhere:1", "elsewhere:1 holds it, elsewhere"),
    ],
    ids=["here", "gone", "elsewhere"],  # names of tests are alike in every process
)
def test_the_leases_holder_is_named(settings: Settings, tmp_path: Path, holder: str, said: str) -> None:
    with book.opened(tmp_path / "rps.db") as opened:
        assert opened.take("trainer", holder, None)
    assert said in lifecycle.holder(settings).text


def test_learning_that_does_not_keep_up_is_a_warning(settings: Settings, tmp_path: Path) -> None:
    """The match was played in 1970, and no cycle has ended since."""
    found = lifecycle.learning(settings)
    assert found.outcome is Outcome.WARNING and "there was no cycle yet" in found.text
    with book.opened(tmp_path / "rps.db") as opened:
        Lifecycle(opened, FolderStore(tmp_path / "store")).decide(
            Change(kind=Kind.TRAINED, family="", by="cycle 1", reason="", position=5)
        )
    found = lifecycle.learning(settings)
    assert found.outcome is Outcome.OK and "the last cycle ended 0 min ago" in found.text


def test_the_sidecar_and_the_admin_port(system: System) -> None:
    port = int(system.environment["RPS_INFERENCE_PORT"])
    assert "it holds" in beside.sidecar(Settings(inference_port=port)).text
    taken = beside.port(Settings(admin_port=port, admin_token="x" * 16))
    assert taken.outcome is Outcome.FAILED and "RPS_ADMIN_PORT" in taken.mend
    assert "orders need the token" in beside.port(Settings(admin_port=free_port(), admin_token="x" * 16)).text


def test_a_registry_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    settings = Settings(mlflow_tracking_uri=f"sqlite:///{path}")
    assert "the first cycle makes it" in beside.registry(settings).text and not path.exists()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE other (x)")
    assert beside.registry(settings).outcome is Outcome.FAILED
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE experiments (name, lifecycle_stage)")
        connection.execute("CREATE TABLE model_versions (name)")
        connection.execute("INSERT INTO experiments VALUES ('rps-quest', 'active')")
    assert beside.registry(settings).text == f"{path}, 0 versions"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE experiments SET lifecycle_stage = 'deleted'")
    assert "was deleted" in beside.registry(settings).text


def test_a_registry_elsewhere_is_told_of_without_its_password() -> None:
    found = beside.registry(Settings(mlflow_tracking_uri=f"http://user:secret@127.0.0.1:{free_port()}"))
    assert found.outcome is Outcome.WARNING and "does not answer" in found.text and "secret" not in found.text
    assert "secret" not in beside.registry(Settings(mlflow_tracking_uri="postgresql://user:secret@host/name")).text


def test_a_dataset(tmp_path: Path) -> None:
    settings = Settings(dataset=str(tmp_path / "rounds"))
    assert beside.dataset(Settings()).outcome is Outcome.OK
    assert "not there yet" in beside.dataset(settings).text
    (tmp_path / "rounds").mkdir()
    (tmp_path / "rounds" / "dataset.json").write_text('{"rounds": 7}')
    assert beside.dataset(settings).text.endswith("7 rounds")
    (tmp_path / "rounds" / "dataset.json").write_text("none")
    assert beside.dataset(settings).outcome is Outcome.FAILED


def test_over_postgresql_the_mirror_is_held_against_the_log(postgres: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path), database_url=postgres)
    assert "no round log" in lifecycle.ledgers(settings).text
    state.made(postgres, written(play_out()[1]))
    assert lifecycle.ledgers(settings).text == "0 entries hold, and 0 of gestures"
    assert "not there yet" in beside.mirror(settings).text
    (tmp_path / "trainer").mkdir()
    path = tmp_path / "trainer" / "mirror.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE log (position INTEGER)")
        connection.execute("INSERT INTO log VALUES (3)")
    assert "has come to row 3 of" in beside.mirror(settings).text
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO log VALUES (99999)")
    found = beside.mirror(settings)
    assert found.outcome is Outcome.FAILED and found.mend.startswith(f"rm -f {path}")


def test_what_learns_is_found_without_being_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.libraries().outcome is Outcome.OK
    found = machine.libraries(("torch", "nowhere_to_be_found"))
    assert found.outcome is Outcome.FAILED and found.text == "nowhere_to_be_found cannot be imported"
    assert machine.processors(Settings()).outcome is Outcome.OK
    assert machine.processors(Settings(fit_processes=10_000)).outcome is Outcome.WARNING


def test_a_cluster_is_knocked_at() -> None:
    assert machine.cluster(Settings()).outcome is Outcome.OK
    assert machine.cluster(Settings(ray_address="auto")).outcome is Outcome.OK
    assert machine.cluster(Settings(ray_address=f"127.0.0.1:{free_port()}")).outcome is Outcome.FAILED
    with socket.create_server(("127.0.0.1", 0)) as there:
        assert machine.cluster(Settings(ray_address=f"127.0.0.1:{there.getsockname()[1]}")).outcome is Outcome.OK
