"""The mirror of the log: row for row what is in PostgreSQL, from the stream or without it, whatever happens to any."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo
from support import database, state

from bench.system import free_port
from game.records import Record
from trainer.data import log
from trainer.database import Database, refresh
from trainer.errors import LedgerUnavailable, MirrorUnusable, NoLog
from trainer.lifecycle import guard, outcomes
from trainer.mirror import follow
from trainer.mirror.file import MirrorFile
from trainer.postgres import Postgres
from trainer.scoreboard.report import report
from trainer.settings import Settings

pytestmark = pytest.mark.usefixtures("small_slices")

Records = Callable[..., Iterator[Record]]
Row = tuple[int, str, int, str, int, str]
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine's NATS is slow, and not away."""
    monkeypatch.setattr("trainer.mirror.stream._ANSWER_S", 120)


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream has all that is asked of it, and may take its time."""
    monkeypatch.setattr("trainer.mirror.stream.PATIENCE_S", 120.0)


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a test's few rows are many slices."""
    monkeypatch.setattr(follow, "SLICE", 50)


@pytest.fixture
def settings(tmp_path: Path, postgres: str, played: Records) -> Settings:
    """Of a trainer over PostgreSQL, whose log has some rows."""
    return Settings(data_dir=str(tmp_path), database_url=state.made(postgres, played(6, 4)))


@pytest.fixture
def streamed(settings: Settings, stream: tuple[str, str]) -> Settings:
    """The same, with a stream that holds all of these rows."""
    state.publish(stream, state.logged(settings.database_url))
    return replace(settings, stream_url=stream[0], stream_name=stream[1])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """After which positions rows are read from PostgreSQL."""
    found: list[int] = []
    fetch = Postgres.fetch

    def fetched(self: Postgres, sql: str, *parameters: object) -> list[object]:
        if "position >" in sql:
            found.append(int(str(parameters[0])))
        return fetch(self, sql, *parameters)

    monkeypatch.setattr(Postgres, "fetch", fetched)
    return found


def rows(path: Path) -> list[Row]:
    """The log of a SQLite file, which must be sound."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return connection.execute("SELECT position, match, round, kind, at, body FROM log ORDER BY position").fetchall()


def logged(settings: Settings) -> list[Row]:
    """The log of the settings' PostgreSQL."""
    return [
        (one.position, one.match, one.round, one.kind, one.at, one.body.decode())
        for one in state.logged(settings.database_url)
    ]


def follow_to_the_end(settings: Settings) -> None:
    with closing(Database(settings)) as found:
        while found.read_on():
            pass
        assert found.ready and found.lag == 0


def test_it_is_the_log_row_for_row_and_goes_on_where_it_was(settings: Settings, played: Records) -> None:
    with closing(Database(settings)) as found:
        while found.read_on():
            pass
        assert rows(settings.database) == logged(settings) and len(logged(settings)) > 200
        state.add(settings.database_url, renamed(played(2, 2)))
        while found.read_on():
            pass
        assert rows(settings.database) == logged(settings)
    state.add(settings.database_url, renamed(played(1, 1), "third"))
    refresh(settings)
    assert rows(settings.database) == logged(settings)


def renamed(records: Iterator[Record], name: str = "more") -> Iterator[Record]:
    """The same matches of other players."""
    for one in records:
        found = replace(one, match=f"{name}-{one.match}")
        yield replace(found, player=f"{name}-{found.player}") if hasattr(found, "player") else found


def test_readers_cannot_tell_it_from_the_servers_own_file(settings: Settings, tmp_path: Path, played: Records) -> None:
    own = database.made(tmp_path, played(6, 4))
    refresh(settings)

    def shape(path: Path, table: str) -> list[object]:
        with closing(sqlite3.connect(path)) as connection:
            found = [connection.execute(f"PRAGMA table_info({table})").fetchall()]
            if table == "log":
                names = [name for _, name, *_ in connection.execute("PRAGMA index_list(log)")]
                found += [connection.execute(f"PRAGMA index_xinfo({name})").fetchall() for name in sorted(names)]
            return found + connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()

    for table in ("log", "matches"):
        assert shape(settings.database, table) == shape(own, table)
    assert report(settings.database) == report(own)
    with log.opened(settings.database) as mirrored, log.opened(own) as first:
        assert guard.count_answered(mirrored, 0) == guard.count_answered(first, 0) != {}
        assert list(outcomes.read(mirrored, 0, 100)) == list(outcomes.read(first, 0, 100))
        assert log.played_since(mirrored, 50) == log.played_since(first, 50) > 0


def test_what_is_in_it_is_not_changed(settings: Settings) -> None:
    refresh(settings)
    with closing(sqlite3.connect(settings.database)) as connection:
        for sql in ("DELETE FROM log", "UPDATE log SET body = ''"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(sql)


@pytest.mark.usefixtures("complete")
def test_rows_come_from_the_stream_and_what_is_kept_is_acknowledged(
    streamed: Settings,
    stream: tuple[str, str],
    asked: list[int],
    played: Records,
) -> None:
    with closing(Database(streamed)) as found:
        while found.read_on():
            pass
        assert rows(streamed.database) == logged(streamed) and asked == []
        before = len(logged(streamed))
        state.add(streamed.database_url, renamed(played(2, 2)))
        state.publish(stream, state.logged(streamed.database_url)[before:])
        while found.read_on():
            pass
    assert rows(streamed.database) == logged(streamed) and asked == []
    came = state.consumer(stream)
    assert came.ack_floor is not None and came.ack_floor.stream_seq == len(logged(streamed))
    assert came.num_ack_pending == 0


def test_the_next_start_goes_on_with_the_consumer_as_it_stands(
    streamed: Settings,
    stream: tuple[str, str],
    asked: list[int],
    played: Records,
) -> None:
    follow_to_the_end(streamed)
    made = state.consumer(stream).created
    before = len(logged(streamed))
    state.add(streamed.database_url, renamed(played(2, 2)))
    state.publish(stream, state.logged(streamed.database_url)[before:])
    follow_to_the_end(streamed)
    assert rows(streamed.database) == logged(streamed) and asked == []
    assert state.consumer(stream).created == made


def test_a_mirror_that_was_deleted_is_made_again_from_the_streams_start(
    streamed: Settings,
    stream: tuple[str, str],
    asked: list[int],
) -> None:
    follow_to_the_end(streamed)
    streamed.database.unlink()
    follow_to_the_end(streamed)
    assert rows(streamed.database) == logged(streamed) and asked == []


def test_a_mirror_that_is_deleted_while_it_is_followed_is_made_again(streamed: Settings) -> None:
    with closing(Database(streamed)) as found:
        while found.read_on():
            pass
        streamed.database.unlink()
        while found.read_on():
            pass
        assert rows(streamed.database) == logged(streamed)


@pytest.mark.parametrize("parts", [[""], ["", "-wal", "-shm"]])
def test_a_mirror_that_a_command_makes_again_while_it_is_followed_is_followed_on(
    settings: Settings, played: Records, parts: list[str]
) -> None:
    with closing(Database(settings)) as found:
        while found.read_on():
            pass
        for part in parts:
            Path(f"{settings.database}{part}").unlink()
        refresh(settings)
        state.add(settings.database_url, renamed(played(1, 1)))
        while found.read_on():
            pass
        assert rows(settings.database) == logged(settings)


@pytest.mark.usefixtures("complete")
def test_a_consumer_that_is_behind_the_mirror_is_taken_forward(
    streamed: Settings,
    stream: tuple[str, str],
    asked: list[int],
    played: Records,
) -> None:
    """A command has read further, from PostgreSQL."""
    follow_to_the_end(streamed)
    published = len(logged(streamed))
    state.add(streamed.database_url, renamed(played(2, 2)))
    refresh(streamed)
    before = len(logged(streamed))
    state.add(streamed.database_url, renamed(played(1, 1), "third"))
    count = len(asked)
    entries = state.logged(streamed.database_url)
    state.publish(stream, entries[published:])
    follow_to_the_end(streamed)
    assert rows(streamed.database) == logged(streamed) and len(asked) == count
    came = state.consumer(stream)
    assert came.delivered is not None and came.delivered.consumer_seq == len(entries) - before


def test_what_retention_has_cut_off_and_what_is_missing_within_comes_from_postgresql(
    streamed: Settings,
    stream: tuple[str, str],
    asked: list[int],
) -> None:
    server, name = stream
    state.streaming(server, lambda context: context.purge_stream(name, seq=121))
    state.streaming(server, lambda context: context.delete_msg(name, 150))
    follow_to_the_end(streamed)
    assert rows(streamed.database) == logged(streamed)
    assert set(asked) == {0, 50, 100, 149}


def test_a_stream_that_is_behind_the_log_holds_nothing_up(
    settings: Settings,
    stream: tuple[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    entries = state.logged(settings.database_url)
    state.publish(stream, entries[:100])
    follow_to_the_end(replace(settings, stream_url=stream[0], stream_name=stream[1]))
    assert rows(settings.database) == logged(settings)
    assert caplog.text.count("The stream cannot be followed: it does not bring what the database has.") == 1


@pytest.mark.parametrize("failing", [True, False])
def test_a_fetch_that_ends_without_a_message_is_a_stream_that_is_behind(
    streamed: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, failing: bool
) -> None:
    """Whichever way nats-py says so on a slow machine: by an error that is not its own kind, or an empty list."""

    async def fetched(*args: Any, **options: Any) -> list[Msg]:
        if failing:
            raise TimeoutError
        return []

    monkeypatch.setattr(JetStreamContext.PullSubscription, "fetch", fetched)
    follow_to_the_end(streamed)
    assert rows(streamed.database) == logged(streamed)
    assert caplog.text.count("The stream cannot be followed: it does not bring what the database has.") == 1


def test_a_stream_that_is_deleted_and_filled_again_is_followed_again(
    streamed: Settings, stream: tuple[str, str], played: Records, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level("INFO")
    monkeypatch.setattr("trainer.pause.LEAST_S", 0.0)
    with closing(Database(streamed)) as found:
        while found.read_on():
            pass
        state.streaming(stream[0], lambda context: context.delete_stream(stream[1]))
        state.add(streamed.database_url, renamed(played(2, 2)))
        while found.read_on():
            pass
        assert rows(streamed.database) == logged(streamed)
        state.publish(stream, state.logged(streamed.database_url))
        state.add(streamed.database_url, renamed(played(1, 1), "third"))
        state.publish(stream, state.logged(streamed.database_url)[len(rows(streamed.database)) :])
        while found.read_on():
            pass
    assert rows(streamed.database) == logged(streamed)
    assert "Rounds come from the stream again." in caplog.text


def test_what_comes_by_the_stream_when_all_is_read_already_does_not_wait_there(
    settings: Settings, stream: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.pause.LEAST_S", 0.0)
    late = replace(settings, stream_url=stream[0], stream_name=stream[1])
    state.publish(stream, [])
    with closing(Database(late)) as found:
        while found.read_on():
            pass
        assert rows(late.database) == logged(late)
        state.publish(stream, state.logged(late.database_url))
        end = len(logged(late))
        while not behind_it(came := state.consumer(stream), end):
            assert not found.read_on()
    assert came.ack_floor is not None and came.ack_floor.stream_seq == end


def behind_it(consumer: ConsumerInfo, end: int) -> bool:
    """Whether nothing up to there waits to be delivered or acknowledged. A consumer that was made anew behind it has
    nothing waiting either, and has acknowledged nothing.
    """
    delivered = consumer.delivered
    waits = (consumer.num_pending or 0) + (consumer.num_ack_pending or 0)
    return delivered is not None and delivered.stream_seq == end and waits == 0


def test_a_stream_that_is_away_is_told_of_once_and_postgresql_is_read(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    address = f"nats://me:hidden@127.0.0.1:{free_port()}"
    follow_to_the_end(replace(settings, stream_url=address, stream_name="nothing"))
    assert rows(settings.database) == logged(settings)
    assert caplog.text.count("The stream cannot be followed") == 1 and "hidden" not in caplog.text


def test_another_logs_stream_is_not_believed(
    settings: Settings,
    stream: tuple[str, str],
    played: Records,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entries = state.logged(settings.database_url)
    state.publish(stream, [replace(one, match=f"x{one.match}") for one in entries])
    follow_to_the_end(replace(settings, stream_url=stream[0], stream_name=stream[1]))
    assert rows(settings.database) == logged(settings)
    assert "The stream cannot be followed: it holds another log." in caplog.text


def test_a_mirror_of_another_log_is_refused_with_the_way_out(settings: Settings, played: Records) -> None:
    follow_to_the_end(settings)
    state.run(settings.database_url, "TRUNCATE players, matches CASCADE")
    state.run(settings.database_url, "ALTER TABLE log DISABLE TRIGGER USER")
    state.run(settings.database_url, "UPDATE log SET match = 'x' || match")
    with pytest.raises(MirrorUnusable, match=r"mirror\.db cannot be used: its row \d+ is not that of PostgreSQL at"):
        refresh(settings)
    state.run(settings.database_url, "DELETE FROM log WHERE position > 20")
    with pytest.raises(MirrorUnusable, match="Delete it, and it is made again"):
        refresh(settings)
    settings.database.unlink()
    refresh(settings)
    assert rows(settings.database) == logged(settings) and len(logged(settings)) == 20


def test_a_mirror_that_is_damaged_or_of_another_form_is_refused(settings: Settings) -> None:
    refresh(settings)
    with closing(sqlite3.connect(settings.database)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(MirrorUnusable, match="another version of this program"):
        refresh(settings)
    settings.database.unlink()
    settings.database.write_bytes(b"no database" * 1000)
    with pytest.raises(MirrorUnusable, match="file is not a database"):
        refresh(settings)


def test_a_row_that_is_missing_in_the_database_is_not_passed_over(settings: Settings) -> None:
    state.run(settings.database_url, "ALTER TABLE log DISABLE TRIGGER USER")
    state.run(settings.database_url, "DELETE FROM log WHERE position = 75")
    with pytest.raises(MirrorUnusable, match="Row 75 of the log is missing"):
        refresh(settings)
    assert len(rows(settings.database)) == 50


def test_a_connection_that_broke_off_in_the_middle_of_itself_is_lost_and_made_again(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """asyncpg says so by an error of its own where the other side has gone and it has not noticed yet."""

    async def broken(*_: object, **__: object) -> None:
        raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")

    with closing(Postgres(postgres)) as server:
        assert [tuple(row) for row in server.fetch("SELECT 1")] == [(1,)]
        with monkeypatch.context() as patch:
            patch.setattr(asyncpg.Connection, "fetch", broken)
            with pytest.raises(LedgerUnavailable, match="cannot be used: cannot switch"):
                server.fetch("SELECT 1")
        assert [tuple(row) for row in server.fetch("SELECT 1")] == [(1,)]


def test_a_database_without_tables_or_away_is_told(tmp_path: Path, postgres: str) -> None:
    settings = Settings(data_dir=str(tmp_path), database_url=postgres)
    with pytest.raises(NoLog, match="There is no round log in PostgreSQL at"):
        refresh(settings)
    with pytest.raises(LedgerUnavailable, match="cannot be used"):
        refresh(replace(settings, database_url=f"postgresql://me:hidden@127.0.0.1:{free_port()}/game"))


def test_two_may_fill_it_at_once(settings: Settings) -> None:
    with ThreadPoolExecutor(4) as fillers:
        for _ in range(3):
            list(fillers.map(refresh, [settings] * 4))
            assert rows(settings.database) == logged(settings)
            settings.database.unlink()


def test_a_trainer_that_is_not_the_one_any_more_takes_nothing_from_the_one_that_is(
    streamed: Settings, stream: tuple[str, str], tmp_path: Path, played: Records
) -> None:
    """The consumer is one for both: what one of them gets the other reads from PostgreSQL."""
    other = replace(streamed, data_dir=str(tmp_path / "other"))
    with closing(Database(streamed)) as first, closing(Database(other)) as second:
        for number in range(4):
            before = len(logged(streamed))
            state.add(streamed.database_url, renamed(played(1, 2), f"more{number}"))
            state.publish(stream, state.logged(streamed.database_url)[before:])
            working = True
            while working:
                working = any([first.read_on(), second.read_on()])
    assert rows(streamed.database) == rows(other.database) == logged(streamed)


def test_kills_leave_a_sound_mirror(streamed: Settings) -> None:
    """At any moment it is a beginning of the log, and the next start goes on from there."""
    random, whole = Random(3), logged(streamed)
    command = [sys.executable, "-m", "support.filling", streamed.data_dir, streamed.database_url]
    command += [streamed.stream_url, streamed.stream_name]
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    lengths = set()
    for kill in range(12):
        without_stream = kill % 2 == 0
        told = [*command[:5], "", *command[6:]] if without_stream else command
        with subprocess.Popen(told, env=environ, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            Event().wait(random.uniform(0, 0.4))
            process.kill()
        if begun(streamed):
            found = rows(streamed.database)
            assert found == whole[: len(found)]
            lengths.add(len(found))
        if kill % 3 == 0:
            follow_to_the_end(streamed)
            assert rows(streamed.database) == whole
            streamed.database.unlink()
    assert len(lengths) > 2


def begun(settings: Settings) -> bool:
    """Whether the mirror was begun: its tables are made in one transaction."""
    if not settings.database.exists():
        return False
    with closing(sqlite3.connect(settings.database)) as connection:
        return bool(connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'log'").fetchone()[0])


def test_a_place_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "trainer").write_text("a file where the folder should be")
    with pytest.raises(MirrorUnusable, match=r"mirror\.db cannot be written: .*File exists"):
        MirrorFile(tmp_path / "trainer" / "mirror.db")
