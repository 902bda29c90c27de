"""A backup that is taken while people play and things are decided is whole, and can take its source's place."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
from msgspec import convert, json
from msgspec.structs import replace
from support.client import Client, connected
from support.database import made
from support.house import House, Opening
from support.play import play_out, records

from bench.system import System
from game.assignment import Alias
from game.transcript import Transcript, verify
from models.store import SHIPPED, FolderStore
from server import backup, copies
from server.backup import backed_up
from server.errors import BackupError
from server.settings import Settings
from server.sources import dump_of
from server.whole import faults, told_by
from telemetry.progress import untold
from trainer.lifecycle import book, ledger
from trainer.lifecycle.decisions import Change, Lifecycle, Move
from trainer.lifecycle.ledger import Kind

FAMILY = "logan"
Asked = Callable[..., Settings]


@pytest.fixture
def settings(tmp_path: Path) -> Asked:
    """A data folder with a database in which one match was played, and these further settings."""

    def asked(**more: str) -> Settings:
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        if not (data / "rps.db").exists():
            made(data, records(play_out()[1]))
        return Settings(data_dir=str(data), **more)

    return asked


def put(path: Path, text: str = "as it is") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def played(database: Path) -> set[tuple[str, int]]:
    with closing(sqlite3.connect(database)) as connection:
        return set(connection.execute("SELECT match, round FROM log WHERE kind = 'played'"))


async def rounds_of(client: Client, acknowledged: set[tuple[str, int]]) -> None:
    """Play on and on, and note what the server has answered for."""
    while True:
        round = await client.start()
        while round["type"] == "round":
            result = await client.throw(round, "paper")
            acknowledged.add((result["match"], result["round"]))
            round = await client.until("round", "over")


async def test_backups_taken_while_people_play_hold_all_that_was_acknowledged(
    house: House, house_settings: Settings, tmp_path: Path, open_house: Opening
) -> None:
    acknowledged: set[tuple[str, int]] = set()
    tokens: dict[str, str] = {}
    playing: list[asyncio.Task[None]] = []
    folder = tmp_path / "backups"
    async with connected(house.url) as one, connected(house.url) as two:
        for client in (one, two):
            welcome = await client.hello()
            tokens[welcome["player"]] = welcome["token"]
            playing.append(asyncio.create_task(rounds_of(client, acknowledged)))
        for number in range(4):
            more = len(acknowledged) + 20
            while len(acknowledged) < more:
                await asyncio.sleep(0.01)
            before = set(acknowledged)
            target = folder / str(number)
            told = await asyncio.to_thread(backed_up, house_settings, target, untold)
            assert faults(target) == [] and told_by(target) == told
            assert before <= played(target / "rps.db")
        for task in playing:
            task.cancel()
        await asyncio.gather(*playing, return_exceptions=True)

    again = await open_house(data_dir=str(folder / "3"))
    for player, token in tokens.items():
        async with connected(again.url) as client:
            welcome = await client.hello(token=token)
            assert welcome["player"] == player
            if match := welcome.get("match"):
                await client.say("leave", match=match)
                await client.until("over")
            round = await client.start()
            assert (await client.throw(round))["round"] == 1


async def test_a_system_goes_on_from_a_backup(system: System, tmp_path: Path) -> None:
    async with connected(system.url) as client:
        token = (await client.hello(name="Ada"))["token"]
        over = await client.play_out(await client.start())
        round = await client.start()
    told = system.run("server", "backup", str(tmp_path / "kept"), "--json")
    assert told.returncode == 0, told.stderr
    assert json.decode(told.stdout)["log"]["rows"] > 0
    shutil.copytree(tmp_path / "kept", tmp_path / "restored")
    with System(tmp_path / "restored") as again:
        again.start("server")
        transcript = convert(await answered(again, f"/api/matches/{over['match']}"), Transcript)
        assert transcript.rounds and verify(transcript) == []
        async with connected(again.url) as client:
            welcome = await client.hello(token=token)
            assert (welcome["name"], welcome["match"]) == ("Ada", round["match"])


async def answered(system: System, path: str) -> Any:
    """What its server answers, once it is there; that it has no sidecar is no matter."""
    async with asyncio.timeout(120):
        while True:
            try:
                return await asyncio.to_thread(system.get, path)
            except (URLError, ConnectionError):
                assert system.ended("server") is None, system.log("server")
                await asyncio.sleep(0.05)


@pytest.fixture
def store(settings: Asked, tmp_path: Path) -> FolderStore:
    """A store that holds every bundle that its aliases name, and a ledger that has made these."""
    settings()
    found = FolderStore(tmp_path / "data" / "store")
    with book.opened(tmp_path / "data" / "rps.db") as opened:
        Lifecycle(opened, found).decide(swapped(found))
    for version in {pin.version for pins in found.table().aliases.values() for pin in pins.values()}:
        shutil.copytree(SHIPPED / "bundles" / version, tmp_path / "data" / "store" / "bundles" / version)
    return found


def at_one(folder: Path) -> int:
    """How many entries the ledger in this backup has; it is what its aliases say, and all their bundles are there."""
    copy = FolderStore(folder / "store", folder / "no bundles were shipped")
    with book.opened(folder / "rps.db") as opened:
        sound, fault = ledger.verify(opened.rows(), copy.table())
    assert fault is None
    for pins in copy.table().aliases.values():
        for pin in pins.values():
            copy.bundle(pin)
    return sound


def test_aliases_that_change_before_the_database_is_copied_are_read_again(
    settings: Asked, store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, decisions = copies.database, [swapped, swapped]

    def later(source: Path, target: Path, tell: copies.Copied) -> None:
        with book.opened(source) as opened:
            while decisions:
                Lifecycle(opened, store).decide(decisions.pop()(store))
        really(source, target, tell)

    monkeypatch.setattr(copies, "database", later)
    backed_up(settings(), tmp_path / "backup", untold)
    assert at_one(tmp_path / "backup") == 4
    done = subprocess.run(
        [sys.executable, "-m", "trainer", "ledger", "verify", "--json"],
        env=os.environ | {"RPS_DATA_DIR": str(tmp_path / "backup")}, capture_output=True, check=True,
    )  # fmt: skip
    assert json.decode(done.stdout) == {"entries": 4, "fault": None}


def test_aliases_that_never_rest_are_not_backed_up(
    settings: Asked, store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = copies.database

    def later(source: Path, target: Path, tell: copies.Copied) -> None:
        with book.opened(source) as opened:
            Lifecycle(opened, store).decide(swapped(store))
        really(source, target, tell)

    monkeypatch.setattr(copies, "database", later)
    with pytest.raises(BackupError, match="the aliases change all the time"):
        backed_up(settings(), tmp_path / "backup", untold)
    assert not (tmp_path / "backup").exists()


def swapped(store: FolderStore) -> Change:
    """B is to play in place of Production."""
    pins = store.table().aliases[FAMILY]
    moves = (Move(pins[Alias.B], Alias.PRODUCTION),)
    return Change(kind=Kind.PROMOTED, family=FAMILY, by="test", reason="", position=1, moves=moves)


def test_all_that_matters_is_in_it_and_what_can_be_made_again_is_named(settings: Asked, tmp_path: Path) -> None:
    data = tmp_path / "data"
    kept = [
        "store/aliases.json",
        "store/bundles/a/manifest.json",
        "store/bundles/a/model.onnx",
        "store/gestures/aliases.json",
        "store/gestures/bundles/b/model.onnx",
        "trainer/outbox/run.json",
        "trainer/networks/b.keras",
        "retrain_data/rock/1.jpg",
        "mlflow/artifacts/1/plots/a.png",
    ]
    again = [
        "cache/x/y",
        "trainer/work/cycle.json",
        "trainer/scoreboard",
        "trainer/mirror.db",
        "prometheus/1",
        "notes.txt",
    ]
    passing = ["store/.lock", "store/bundles/.draft-1/model.onnx", "rps.db.lock", "supervisord.pid"]
    asked = settings()
    for name in (*kept, *again, *passing):
        put(data / name, '{"aliases": {}}' if name.endswith("aliases.json") else name)
    registry(data / "mlflow" / "mlflow.db")
    told = backed_up(asked, tmp_path / "backup", untold)
    assert sorted(file.path for file in told.files) == sorted([*kept, "mlflow/mlflow.db", "rps.db"])
    assert told.left_out == [
        "cache", "notes.txt", "prometheus", "trainer/mirror.db", "trainer/scoreboard", "trainer/work",
    ]  # fmt: skip
    for name in kept:
        assert (tmp_path / "backup" / name).read_bytes() == (data / name).read_bytes()
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "data"]


def registry(path: Path, rows: int = 3) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE runs (id)")
        connection.executemany("INSERT INTO runs VALUES (?)", [(number,) for number in range(rows)])


def test_what_lies_elsewhere_is_found_by_its_variables(settings: Asked, tmp_path: Path) -> None:
    put(tmp_path / "bundles" / "aliases.json", '{"aliases": {}}')
    registry(tmp_path / "elsewhere" / "runs.db")
    put(tmp_path / "elsewhere" / "not of the registry")
    database = shutil.copy(made(tmp_path), tmp_path / "log.sqlite")
    told = backed_up(
        settings(
            store_url=f"file://{tmp_path / 'bundles'}",
            mlflow_tracking_uri=f"sqlite:///{tmp_path / 'elsewhere' / 'runs.db'}",
            database_url=f"sqlite:///{database}",
        ),
        tmp_path / "backup",
        untold,
    )
    assert sorted(file.path for file in told.files) == ["mlflow/mlflow.db", "rps.db", "store/aliases.json"]
    assert told.log is not None and told.log.rows == 0


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: put(folder / "store" / "aliases.json", "{}"), "store/aliases.json was changed."),
        (lambda folder: (folder / "retrain_data" / "rock" / "1.jpg").unlink(), "cannot be read: No such file"),
        (lambda folder: put(folder / "backup.json", "{}"), "is no backup"),
        (lambda folder: (folder / "backup.json").unlink(), "is no backup"),
    ],
)
def test_a_backup_that_was_changed_does_not_verify(
    settings: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str], harm: Callable[[Path], object], said: str
) -> None:
    asked = settings()
    put(tmp_path / "data" / "store" / "aliases.json", '{"aliases": {}}')
    put(tmp_path / "data" / "retrain_data" / "rock" / "1.jpg")
    folder = tmp_path / "backup"
    assert backup.main(asked, folder, as_json=False) == 0
    assert backup.main(asked, folder, as_json=False, verify=True) == 0
    assert f"{folder} is whole" in capsys.readouterr().out
    harm(folder)
    assert backup.main(asked, folder, as_json=False, verify=True) == 1
    assert said in "".join(capsys.readouterr())


def test_rows_that_are_gone_are_noticed_even_where_the_digest_was_made_to_fit(settings: Asked, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    told = backed_up(settings(), folder, untold)
    with closing(sqlite3.connect(folder / "rps.db")) as connection, connection:
        connection.execute("DROP TRIGGER log_append_only")
        connection.execute("DELETE FROM log WHERE position = 2")
    files = [copies.kept(folder / file.path, folder) for file in told.files]
    put(folder / "backup.json", json.encode(replace(told, files=files)).decode())
    assert faults(folder) == [f"{folder / 'rps.db'} lacks 1 rows of the round log."]


def test_a_place_that_cannot_be_filled_is_refused_and_left_as_it_was(
    settings: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = settings()
    put(tmp_path / "full" / "something")
    put(tmp_path / "data" / "store" / "aliases.json", '{"aliases": {}}')
    for folder, why in (
        (tmp_path / "full", "is there already"),
        (tmp_path / "full" / "something", "is there already"),
        (tmp_path / "data" / "store" / "mine", "is to be copied"),
        (tmp_path / "full" / "something" / "below", "cannot be written"),
    ):
        assert backup.main(asked, folder, as_json=False) == 1
        assert why in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["something"]
    assert [path.name for path in (tmp_path / "data" / "store").iterdir()] == ["aliases.json"]
    assert backup.main(Settings(data_dir=str(tmp_path / "new")), tmp_path / "b", as_json=False) == 1
    assert "no server has started here yet" in capsys.readouterr().err and not (tmp_path / "new").exists()
    (tmp_path / "empty").mkdir()
    assert backup.main(asked, tmp_path / "empty", as_json=True) == 0


def test_of_one_that_breaks_off_nothing_is_left(
    settings: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = settings()
    put(tmp_path / "data" / "retrain_data" / "rock" / "1.jpg")

    def full(path: Path, folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copies, "kept", full)
    with pytest.raises(BackupError, match="No space left on device"):
        backed_up(asked, tmp_path / "backup", untold)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_what_cannot_be_read_is_named(settings: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, photo = settings(), tmp_path / "data" / "retrain_data" / "rock" / "1.jpg"
    put(photo)

    def closed(source: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied", str(source))

    monkeypatch.setattr(copies, "plain", closed)
    with pytest.raises(BackupError, match=f"Permission denied \\({photo}\\)"):
        backed_up(asked, tmp_path / "backup", untold)


def test_a_database_is_copied_as_it_was_when_the_copy_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page at a time, with a write after each of the first hundred."""
    source, steps = made(tmp_path, records(play_out()[1])), []
    before = played(source)

    def write(count: int) -> None:
        steps.append(count)
        if len(steps) <= 100:
            with closing(sqlite3.connect(source)) as connection, connection:
                connection.execute(
                    "INSERT INTO log (match, round, kind, at, body) VALUES ('x', ?, 'played', 0, '{}')", (len(steps),)
                )

    monkeypatch.setattr(copies, "PAGES", 1)
    copies.database(source, tmp_path / "copy.db", write)
    assert played(tmp_path / "copy.db") == before and before < played(source)
    assert sum(steps) == (tmp_path / "copy.db").stat().st_size and len(steps) > 10


def test_a_file_that_never_stands_still_is_not_passed_off_as_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "growing")
    plain = copies.plain

    def grow(source: Path, target: Path) -> None:
        plain(source, target)
        with source.open("a") as file:
            file.write("more")

    monkeypatch.setattr(copies, "plain", grow)
    with pytest.raises(BackupError, match="is being written all the time"):
        copies.copied(tmp_path / "growing", tmp_path / "copy", lambda count: None)


def test_with_postgresql_the_rest_is_copied_and_the_dump_is_named(
    settings: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "data" / "store" / "aliases.json", '{"aliases": {}}')
    asked = settings(database_url="postgresql://rps:secret@db.example:5433/game", store_url="")
    assert backup.main(asked, tmp_path / "backup", as_json=False) == 0
    out = capsys.readouterr().out
    assert f"pg_dump --format=custom --file={tmp_path}/backup/rps.dump postgresql://rps@db.example:5433/game" in out
    assert "secret" not in out
    assert [file.path for file in told_by(tmp_path / "backup").files] == ["store/aliases.json"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://rps@db/game?sslmode=require&password=secret", "'postgresql://rps@db/game?sslmode=require'"),
        ("postgresql://rps:sec/secret@db/game", "postgresql://rps@db/game"),
        ("postgresql://rps:secret@one:5432,two:5433/game", "postgresql://rps@one:5432,two:5433/game"),
        ("postgresql:///game?host=/run/postgresql", "'postgresql:///game?host=/run/postgresql'"),
    ],
)
def test_the_dump_can_be_typed_and_has_no_password(url: str, said: str) -> None:
    command = dump_of(url, Path("my backup"))
    assert command == f"pg_dump --format=custom --file='my backup/rps.dump' {said}" and "sec" not in command


def test_what_is_no_file_of_this_machine_is_said(
    settings: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = settings(store_url="s3://key:secret@host/bucket", mlflow_tracking_uri="http://user:secret@host:5000")
    assert backup.main(asked, tmp_path / "backup", as_json=False) == 0
    out = capsys.readouterr().out
    assert "in a bucket" in out and "MLFLOW_TRACKING_URI" in out and "secret" not in out
