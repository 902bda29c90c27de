"""The daemon over PostgreSQL: it learns from the mirror, tells there what it does, and waits while it is away."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec import json
from msgspec.structs import replace
from support import lessons, state
from support.photos import photo
from support.services import POSTGRES

from game.gestures import Label
from game.records import Record
from trainer import __main__ as command
from trainer import daemon, once
from trainer.cycle import Work
from trainer.gestures import decisions
from trainer.gestures.labelled import donations, gather
from trainer.lifecycle import book
from trainer.lifecycle.admin import Admin
from trainer.lifecycle.ledger import Kind
from trainer.meters import Meters
from trainer.mirror import follow
from trainer.scoreboard.report import report
from trainer.settings import Settings

Records = Callable[..., Iterator[Record]]
PATIENCE_S = 180


@pytest.fixture
def settings(tmp_path: Path, postgres: str) -> Settings:
    return Settings(
        data_dir=str(tmp_path), database_url=postgres, retrain_rounds=10, poll_s=0.01, admin_port=0, inference_port=9
    )  # fmt: skip


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from trainer.fitting import families

    monkeypatch.setattr(families, "NAMES", families.NAMES)
    monkeypatch.setattr(families, "configurations", families.configurations)
    lessons.only(lessons.RIGHT)


@contextmanager
def running(settings: Settings, work: Work) -> Iterator[Meters]:
    """A daemon in a thread of this process."""
    stop, meters = Event(), Meters()
    with daemon.working(settings, Admin(settings), work, lessons.registered, meters) as working:
        following = Thread(target=working.follow, args=(stop,))
        following.start()
        try:
            yield meters
        finally:
            stop.set()
            following.join(PATIENCE_S)
            assert not following.is_alive()


def until(true: Callable[[], bool]) -> None:
    end = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < end
        Event().wait(0.02)


def kinds(settings: Settings) -> list[Kind]:
    with book.opened(settings.address) as opened:
        return [one.entry.kind for one in opened.rows()]


def notice(settings: Settings, name: str) -> Any:
    found = state.run(settings.database_url, "SELECT body FROM notices WHERE name = $1", name)
    return json.decode(found[0][0]) if found else None


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize("streamed", [False, True])
def test_a_cycle_learns_from_the_mirror_and_is_on_record_in_postgresql(
    settings: Settings, played: Records, request: pytest.FixtureRequest, streamed: bool
) -> None:
    found = list(played(6, 4))
    state.made(settings.database_url, found)
    if streamed:
        stream = request.getfixturevalue("stream")
        state.publish(stream, state.logged(settings.database_url))
        settings = replace(settings, stream_url=stream[0], stream_name=stream[1])
    with running(settings, lessons.learn) as meters:
        until(lambda: Kind.TRAINED in kinds(settings))
        until(lambda: "waiting for rounds" in str(notice(settings, "progress")))
        until(lambda: (("mirror",), 0) in meters.now.lag)
        until(lambda: meters.unlearned == 0)
        assert isinstance(notice(settings, "comparisons"), list)
    assert kinds(settings) == [Kind.ADOPTED, Kind.ENTERED, Kind.TRAINED]
    with book.opened(settings.address) as opened:
        head = opened.head()
        assert head is not None and head.entry.position == opened.position() == len(found)
    assert not (Path(settings.data_dir) / "rps.db").exists()


@pytest.mark.usefixtures("made_up")
def test_one_cycle_without_a_daemon(settings: Settings, played: Records) -> None:
    state.made(settings.database_url, played(6, 4))
    made = once.run(settings, lessons.learn, lessons.registered)
    assert [one.kind for one in made.entries] == [Kind.ENTERED, Kind.TRAINED] == kinds(settings)[1:]


def test_nothing_is_decided_or_told_from_half_a_log(
    settings: Settings, played: Records, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Until the mirror has been at the end of the log, it is filled and the lease is kept, and that is all."""
    caplog.set_level("INFO")
    state.made(settings.database_url, played(2, 2))
    monkeypatch.setattr(follow, "_TOLD_S", 0.0)
    monkeypatch.setattr(follow.Mirror, "_next", lambda self, position, end: [])
    with running(settings, lessons.quick) as meters:
        until(lambda: (("mirror",), len(state.logged(settings.database_url))) in meters.now.lag)
        with book.opened(settings.address) as opened:
            seen = opened.lease("trainer")
            until(lambda: opened.lease("trainer") != seen)
        assert kinds(settings) == [] and notice(settings, "comparisons") is None
        assert "Reading the log into" in caplog.text
        monkeypatch.undo()
        until(lambda: Kind.ADOPTED in kinds(settings))


def test_the_daemon_waits_for_a_server_to_make_the_tables(
    settings: Settings, played: Records, caplog: pytest.LogCaptureFixture
) -> None:
    with running(settings, lessons.quick):
        until(lambda: "A server makes it when it starts. Waiting for it." in caplog.text)
        state.made(settings.database_url, played(1, 1))
        until(lambda: Kind.ADOPTED in kinds(settings))
    assert caplog.text.count("Waiting for it.") == 1


def test_a_database_that_is_away_is_told_of_once_and_taken_up_again(
    settings: Settings, played: Records, caplog: pytest.LogCaptureFixture
) -> None:
    address = urlsplit(settings.database_url)
    name = address.path[1:]
    with_password = address._replace(netloc=f"postgres:hidden@{address.netloc.rpartition('@')[2]}")
    settings = replace(settings, database_url=with_password.geturl())
    state.made(settings.database_url, played(1, 2))
    with running(settings, lessons.quick):
        until(lambda: notice(settings, "comparisons") is not None)
        state.run(POSTGRES, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        state.run(POSTGRES, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        until(lambda: "What serves stays as it is; trying again." in caplog.text)
        state.run(POSTGRES, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        with book.opened(settings.address) as opened:
            seen = opened.lease("trainer")
            until(lambda: opened.lease("trainer") != seen)
    told = [one for one in caplog.messages if "trying again" in one]
    assert len(set(told)) == len(told) <= 2 and "hidden" not in caplog.text


def test_donations_are_read_from_postgresql(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert donations(settings.address) == 0 and gather(settings).photos == []
    state.made(settings.database_url)
    state.run(settings.database_url, "INSERT INTO players (id, name, created_at) VALUES ('p', 'Pat', 0)")
    monkeypatch.setattr("trainer.gestures.labelled._PAGE", 2)
    labels = [Label.ROCK, Label.PAPER, Label.SCISSORS, Label.ROCK, Label.PAPER]
    for number, label in enumerate(labels):
        state.run(
            settings.database_url,
            "INSERT INTO donations (player, match, round, label, consented_at, image) VALUES ('p', 'm', $1, $2, 0, $3)",
            number, label.value, photo(label, number),
        )  # fmt: skip
    found = gather(settings)
    assert sorted(one.label for one in found.photos) == sorted(labels) and found.left_out == []
    assert {one.content() for one in found.photos} == {photo(label, n) for n, label in enumerate(labels)}
    assert donations(settings.address) == 5


def test_gesture_decisions_stand_in_postgresql(settings: Settings, played: Records) -> None:
    state.made(settings.database_url, played(1, 1))
    with decisions.opened(settings) as (gestures, position):
        assert position == len(state.logged(settings.database_url))
        decisions.refuse(gestures, position, "it is no better", {})
    found = state.run(settings.database_url, "SELECT body FROM gesture_ledger ORDER BY number")
    assert [json.decode(body)["kind"] for (body,) in found] == ["adopted", "refused"]


def test_commands_bring_the_mirror_up_to_date_first(
    settings: Settings, played: Records, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state.made(settings.database_url, played(3, 2))
    monkeypatch.setenv("RPS_DATA_DIR", settings.data_dir)
    monkeypatch.setenv("RPS_DATABASE_URL", settings.database_url)
    assert command.main(["scoreboard", "--json"]) == 0
    position = json.decode(capsys.readouterr().out)["position"]
    assert position == len(state.logged(settings.database_url)) == report(settings.database).position
    assert command.main(["parity", "--json"]) == 0
    assert json.decode(capsys.readouterr().out)["rounds"] > 0
    for arguments in (["rescore", "--json"], ["ledger", "verify", "--json"]):
        assert command.main(arguments) == 0
        assert capsys.readouterr().err == ""


def test_an_address_that_cannot_be_used_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ["postgres://me:hidden@host/name", "postgresql://me:hidden@host", "postgresql://me:hid/den@host/name"]
    wrong += ["postgresql://me:5432/hidden@host/name", "postgresql://me:5432?hidden@host/name"]
    for variable, urls in (("RPS_DATABASE_URL", [*wrong, "sqlite:///"]), ("RPS_STREAM_URL", ["http://me:hidden@host"])):
        for url in urls:
            monkeypatch.setenv(variable, url)
            assert command.main(["ledger", "show"]) == 1
            told = capsys.readouterr().err
            assert "must look like" in told and "hid" not in told
            monkeypatch.delenv(variable)
    assert Settings(database_url="postgresql://me:hidden@host/name").told == "PostgreSQL at host:5432/name"
