"""The server's doctor: before the first start, beside a running server, and over what is broken."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import time

import pytest
from msgspec import json
from nats.js.api import StreamConfig
from support import services
from support.accepting import accepting
from support.client import connected
from support.database import made
from support.databases import asked, opening_of
from support.house import House
from support.jetstream import outsider
from support.play import play_out, records

from bench.system import free_port
from game import ask
from game.assignment import Alias
from game.features import CONTRACT
from server import database, doctor, schema
from server.looks import file, process
from server.looks.postgres import database as look_at
from server.looks.stream import stream as streamed
from server.settings import Settings
from server.stream import names
from telemetry import ports
from telemetry.doctor import Found, Outcome

stream = services.stream


def seen(capsys: pytest.CaptureFixture[str], **variables: object) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit status and the checks by name."""
    status = doctor.main({f"RPS_{name.upper()}": str(text) for name, text in variables.items()}, as_json=True)
    return status, {check["name"]: check for check in json.decode(capsys.readouterr().out)["checks"]}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine may be busy."""
    monkeypatch.setattr("telemetry.doctor.PATIENCE_S", 120.0)


def files(folder: Path) -> dict[str, bytes]:
    """All files but the one by which those who read and write a database at once agree."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_before_the_first_start_nothing_fails_and_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "var"
    status, checks = seen(capsys, data_dir=data, port=0)
    assert status == 0 and not data.exists()
    assert {name for name, check in checks.items() if check["outcome"] != "ok"} <= {
        "sidecar",
        "memory",
        "open files",
        "packages",
    }
    assert "the first start makes it" in checks["database"]["found"]
    assert "python -m inference" in checks["sidecar"]["mend"]


async def test_beside_a_running_server_nothing_changes(
    house: House, house_settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with connected(house.url) as client:
        await client.hello()
        await client.start()
        await client.settled()
        before = files(tmp_path)
        port = int(house.url.rpartition(":")[2])
        status, checks = await asyncio.to_thread(seen, capsys, data_dir=tmp_path, port=port)
        assert files(tmp_path) == before
        await client.say("ping", t=1)
        await client.until("pong")
    assert status == 0
    assert checks["port"]["found"] == "a server of RPS Quest answers there and is ready"
    assert "2 rows, the newest" in checks["database"]["found"]
    assert "a server has it open" in checks["database"]["found"]


async def test_a_server_that_is_not_ready_says_why(house: House) -> None:
    house.oracle.fault = "down"
    port = int(house.url.rpartition(":")[2])
    found = await asyncio.to_thread(process.port, Settings(port=port))
    assert found.outcome is Outcome.WARNING and "not ready (" in found.text


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b'{"status": "fine"}', b'{"status": 1}', b"{}"])
def test_whoever_answers_otherwise_is_somebody_else(body: bytes) -> None:
    assert process._ours(ports.Answer(200, body)) is None


def test_settings_that_are_wrong_are_a_failure_and_the_rest_is_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, checks = seen(
        capsys, data_dir=tmp_path / "var", port=0, database_url="mysql://user:secret@host/name", lean="x"
    )
    assert status == 1
    assert "RPS_LEAN" in checks["settings"]["found"]
    assert checks["database"]["outcome"] == "failed" and "sqlite:///path" in checks["database"]["found"]
    assert checks["web files"]["outcome"] == "ok"
    assert "secret" not in str(checks)


def played(folder: Path) -> Path:
    return made(folder, records(play_out()[1]))


def rewritten(path: Path, sql: str) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(sql)
    return path


def garbled(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + b"\xff" * (len(whole) - len(whole) // 2))
    return path


def text(path: Path) -> Path:
    path.write_text("this is no database, but a text that is longer than a header" * 20)
    return path


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (garbled, ""),
        (text, "not a database"),
        (lambda path: rewritten(path, "PRAGMA user_version = 99"), "newer version"),
        (lambda path: rewritten(path, "PRAGMA application_id = 7"), "another program"),
    ],
)
def test_a_database_that_cannot_be_used_is_a_failure_with_a_way_out(
    tmp_path: Path, harm: Callable[[Path], Path], said: str
) -> None:
    found = file.database(harm(played(tmp_path)))
    assert found.outcome is Outcome.FAILED and said in found.text and found.mend


def test_an_older_form_and_an_empty_file_are_no_faults(tmp_path: Path) -> None:
    path = played(tmp_path)
    rewritten(path, "PRAGMA user_version = 2")
    assert f"form 2, which a start takes to {schema.SCHEMA}" in file.database(path).text
    (tmp_path / "empty.db").touch()
    assert file.database(tmp_path / "empty.db").outcome is Outcome.OK


def test_a_row_from_the_future_is_a_matter_of_the_clock(tmp_path: Path) -> None:
    ahead = int((time() + 3600) * 1000)
    found = file.database(made(tmp_path, [opening_of("m", "p", at=ahead)]))
    assert found.outcome is Outcome.WARNING and "future" in found.text


def test_a_file_that_this_user_may_not_write_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = played(tmp_path)
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    for place in (path, tmp_path / "new" / "rps.db"):
        assert file.database(place).outcome is Outcome.FAILED


def test_looking_does_not_keep_a_server_out(tmp_path: Path) -> None:
    path = played(tmp_path)
    assert not file.in_use(path)
    lock = schema.prepare(path)
    assert file.in_use(path) and "a server has it open" in file.database(path).text
    lock.close()
    assert not file.in_use(path) and not file.in_use(tmp_path / "none")


@pytest.mark.parametrize(
    ("seconds", "said"), [(-5, "0 s"), (59, "59 s"), (150, "2 min"), (10_000, "3 h"), (200_000, "2 days")]
)
def test_an_age_is_told_in_the_unit_that_fits(seconds: float, said: str) -> None:
    assert file.age(seconds) == said


def test_a_page_that_asks_for_what_is_not_there_is_found_out(tmp_path: Path) -> None:
    assert process.web().outcome is Outcome.OK
    (tmp_path / "index.html").write_text('<script src="/static/main.js"></script><link href="/static/s.css">')
    (tmp_path / "lab.html").write_text("")
    (tmp_path / "main.js").write_text(
        "import {\n  a,\n} from './view/a.js';\n/** import('./types.js') */\nexport * from './b.js';\n"
    )
    (tmp_path / "view").mkdir()
    (tmp_path / "view" / "a.js").write_text("import { b } from '../b.js';\n")
    found = process.web(tmp_path)
    assert found.outcome is Outcome.FAILED and found.text.endswith("lacks b.js, s.css")
    for name in ("b.js", "s.css"):
        (tmp_path / name).write_text("")
    assert process.web(tmp_path).text.startswith("6 files")


def test_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    assert process.clock().outcome is Outcome.OK
    monkeypatch.setattr(process, "time", lambda: 1.0)
    assert process.clock().outcome is Outcome.FAILED


async def greeted(path: Path, said: bytes | None) -> Found:
    """What is found of a sidecar that greets so, or with None says nothing."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if said is not None:
            writer.write(said)
            await writer.drain()
        if said != b"":
            await reader.read()

    async with accepting(lambda carried: asyncio.start_unix_server(carried, path), answer):
        return await asyncio.to_thread(process.sidecar, Settings(inference_socket=str(path)))


VERSIONS = {"brian": {Alias.PRODUCTION: "brian-1", Alias.B: "brian-2", Alias.SHADOW1: "brian-2"}}


@pytest.mark.parametrize(
    ("said", "outcome", "words"),
    [
        (ask.frame(ask.Greeting(CONTRACT, VERSIONS)), Outcome.OK, "brian 2"),
        (ask.frame(ask.Greeting(CONTRACT, {})), Outcome.WARNING, "no model"),
        (ask.frame(ask.Greeting("other", VERSIONS)), Outcome.FAILED, "other features"),
        (b"GET / HTTP/1.1\r\n\r\n", Outcome.FAILED, "does not speak"),
        (b"", Outcome.FAILED, "does not speak"),
        (None, Outcome.WARNING, "nobody speaks"),
    ],
)
async def test_the_sidecar_is_known_by_its_greeting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes | None, outcome: Outcome, words: str
) -> None:
    monkeypatch.setattr(process, "GREETING_S", 0.3 if said is None else 60.0)
    found = await greeted(tmp_path / "s.sock", said)
    assert found.outcome is outcome and words in found.text


async def test_postgresql_before_its_tables_and_with_them(postgres: str) -> None:
    before = await asyncio.to_thread(look_at, postgres)
    assert before.outcome is Outcome.OK and "form 0, which a start takes to 3" in before.text
    assert await asked(postgres, "SELECT to_regclass('schema_steps')") == [(None,)]
    async with database.opened(Settings(database_url=postgres)) as log:
        await log.append([opening_of("m", "p", at=int(time() * 1000))], await log.claim("p"))
    after = await asyncio.to_thread(look_at, postgres)
    assert after.outcome is Outcome.OK and "form 3, 1 rows" in after.text


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("CREATE TABLE theirs (x integer)", "another program's"),
        ("CREATE TABLE schema_steps (number integer, digest text); INSERT INTO schema_steps VALUES (1, 'x')", "Step 1"),
    ],
)
async def test_a_database_of_another_program_is_a_failure(postgres: str, sql: str, said: str) -> None:
    await asked(postgres, sql)
    found = await asyncio.to_thread(look_at, postgres)
    assert found.outcome is Outcome.FAILED and said in found.text and found.mend


async def test_postgresql_that_does_not_answer_is_told_without_its_password(closed_port: int) -> None:
    found = await asyncio.to_thread(look_at, f"postgresql://user:secret@127.0.0.1:{closed_port}/name")
    assert found.outcome is Outcome.FAILED and "secret" not in found.text and str(closed_port) in found.text


async def test_the_stream_is_held_against_the_log(stream: tuple[str, str], tmp_path: Path) -> None:
    url, name = stream
    settings = Settings(data_dir=str(tmp_path), stream_url=url, stream_name=name)
    assert (await asyncio.to_thread(streamed, settings)).text.endswith("is made by the first server")
    async with outsider(url) as client:
        context = client.jetstream()
        await context.add_stream(StreamConfig(name=name, subjects=[names.subjects(name)]))
        found = await asyncio.to_thread(streamed, settings)
        assert found.outcome is Outcome.WARNING and "cannot be asked" in found.text
        made(tmp_path, [opening_of("m", "p")])
        found = await asyncio.to_thread(streamed, settings)
        assert found.outcome is Outcome.OK and found.text.endswith("has come to row 0 of 1")
        for _ in range(2):
            await context.publish(f"{name}.opened", b"{}")
    found = await asyncio.to_thread(streamed, settings)
    assert found.outcome is Outcome.FAILED and "another database's" in found.text
    assert found.mend.startswith(f"nats stream rm {name}")


async def test_the_stream_is_held_against_postgresql(stream: tuple[str, str], postgres: str) -> None:
    url, name = stream
    async with outsider(url) as client:
        await client.jetstream().add_stream(StreamConfig(name=name, subjects=[names.subjects(name)]))
    async with database.opened(Settings(database_url=postgres)) as log:
        await log.append([opening_of("m", "p")], await log.claim("p"))
        settings = Settings(database_url=postgres, stream_url=url, stream_name=name)
        found = await asyncio.to_thread(streamed, settings)
    assert found.text.endswith("has come to row 0 of 1")


def test_nats_that_does_not_answer_is_a_failure(closed_port: int) -> None:
    found = streamed(Settings(stream_url=f"nats://user:secret@127.0.0.1:{closed_port}"))
    assert found.outcome is Outcome.FAILED and "does not answer" in found.text and "secret" not in found.text
    assert streamed(Settings()).outcome is Outcome.OK


@pytest.mark.parametrize("url", ["nats://user:sec/ret@host:4222", "nats://host:secret", "nats://[secret"])
def test_an_address_of_nats_that_cannot_be_read_is_told_without_its_password(url: str) -> None:
    found = streamed(Settings(stream_url=url))
    assert found.outcome is Outcome.FAILED and "RPS_STREAM_URL cannot be read" in found.text
    assert "sec" not in found.text + found.mend


@pytest.fixture
def closed_port() -> int:
    return free_port()
