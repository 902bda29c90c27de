"""The daemon retrains gesture models when it is asked to, one at a time, and tells how it goes and how it ended."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest
from support import lessons, retraining
from support.database import made

from game.assignment import Alias
from models.gesture_bundle import Family
from trainer import daemon
from trainer.cycle import Work
from trainer.errors import Overtaken, Unwanted
from trainer.gestures import decisions
from trainer.gestures.job import Job, State
from trainer.gestures.retrain import alone
from trainer.lifecycle.admin import Admin
from trainer.lifecycle.ledger import Kind
from trainer.settings import Settings

PATIENCE_S = 180


def until(true: Callable[[], bool]) -> None:
    end = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < end
        Event().wait(0.01)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made(tmp_path)
    return Settings(data_dir=str(tmp_path), poll_s=0.01, inference_port=9)


def driven(job: Job) -> Job:
    """To its end."""
    assert job.ask()
    until(lambda: job.advance() or job.told.state is not State.RUNNING)  # type: ignore[func-returns-value]
    return job


def kinds(settings: Settings) -> list[Kind]:
    with decisions.opened(settings) as (gestures, _):
        return [one.kind for one in gestures.entries()]


def test_what_is_published_serves_and_is_told(settings: Settings) -> None:
    told = driven(Job(settings, retraining.published)).told
    assert (told.state, told.percent, told.message) == (State.PUBLISHED, 100.0, "as good")
    assert retraining.serves(settings).startswith("gesture-pixels-")
    assert kinds(settings) == [Kind.ADOPTED, Kind.PROMOTED]


def test_what_is_refused_serves_not_and_says_why(settings: Settings) -> None:
    first = driven(Job(settings, retraining.published))
    version = retraining.serves(settings)
    told = driven(Job(settings, retraining.refused)).told
    assert (told.state, told.message) == (State.REFUSED, "worse on one")
    assert retraining.serves(settings) == version and first.told.state is State.PUBLISHED


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (retraining.faulty, "There are no photos."),
        (retraining.idle, "Nothing was decided."),
        (lessons.failing, "It broke off; the trainer's log says why."),
    ],
)
def test_what_fails_says_why_and_may_be_asked_for_again(settings: Settings, work: Work, said: str) -> None:
    job = driven(Job(settings, work))
    assert (job.told.state, job.told.message) == (State.FAILED, said)
    assert driven(job).told.message == said


def test_while_it_runs_it_tells_how_far_it_is_and_is_not_asked_for_twice(settings: Settings) -> None:
    job = Job(settings, retraining.endless)
    assert job.ask() and not job.ask()
    assert job.told.phase == "waiting to begin"
    until(lambda: job.advance() or job.told.phase == "learning for ever")  # type: ignore[func-returns-value]
    assert (job.told.state, job.told.percent) == (State.RUNNING, 25.0) and job.told.eta_s is not None
    assert not job.ask()
    until((Path(settings.data_dir) / "started").exists)
    job.end()
    assert job.told.state is State.FAILED and multiprocessing.active_children() == []
    assert job.ask()


def test_the_daemon_does_what_the_admin_port_asks_for(settings: Settings) -> None:
    stop, admin = Event(), Admin(settings, retraining.published)
    with daemon.working(settings, admin, lessons.quick, lessons.registered) as working:
        following = Thread(target=working.follow, args=(stop,))
        following.start()
        try:
            assert admin.gestures.ask()
            until(lambda: admin.gestures.told.state is State.PUBLISHED)
            assert not (Path(settings.data_dir) / "done").exists()
        finally:
            stop.set()
            following.join(PATIENCE_S)
    assert not following.is_alive() and multiprocessing.active_children() == []


def test_stopping_the_daemon_ends_a_retraining(settings: Settings) -> None:
    stop, admin = Event(), Admin(settings, retraining.endless)
    with daemon.working(settings, admin, lessons.quick, lessons.registered) as working:
        following = Thread(target=working.follow, args=(stop,))
        following.start()
        admin.gestures.ask()
        until((Path(settings.data_dir) / "started").exists)
        stop.set()
        following.join(PATIENCE_S)
    assert not following.is_alive() and multiprocessing.active_children() == []


def test_of_two_retrainings_at_once_the_second_cannot_begin(settings: Settings) -> None:
    with alone(settings), pytest.raises(Unwanted, match="under way already"), alone(settings):
        raise AssertionError("both are inside")
    with alone(settings):
        pass


def test_what_was_decided_meanwhile_is_not_overruled(settings: Settings) -> None:
    driven(Job(settings, retraining.published))
    driven(Job(settings, retraining.published))
    with decisions.opened(settings) as (gestures, position):
        table = gestures.settle(position)
        decisions.rollback(gestures, position, "operator")
        pin = table.aliases[Family.PIXELS][Alias.B]
        with pytest.raises(Overtaken, match="at generation"):
            decisions.publish(gestures, {Family.PIXELS: pin}, table.generation, position, "late", {})
