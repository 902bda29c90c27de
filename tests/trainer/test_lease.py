"""Two trainers: one works, the other waits, and takes over only when the first is gone or stands still."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.database import made

from trainer.lifecycle import book
from trainer.lifecycle.book import Book
from trainer.lifecycle.lease import EXPIRES_S, Lease


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Book]:
    with book.opened(made(tmp_path)) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_first_works_and_the_second_waits(shared: Book, clock: Clock) -> None:
    first, second = Lease("a:1", clock), Lease("b:1", clock)
    for _ in range(10):
        assert first.beat(shared) and not second.beat(shared)
        clock.now += EXPIRES_S / 2


def test_a_holder_that_stands_still_loses_it_and_notices(shared: Book, clock: Clock) -> None:
    first, second = Lease("a:1", clock), Lease("b:1", clock)
    assert first.beat(shared) and not second.beat(shared)
    clock.now += EXPIRES_S
    assert not second.beat(shared)
    clock.now += 0.1
    assert second.beat(shared)
    assert not first.beat(shared) and second.beat(shared) and not first.beat(shared)


def test_of_two_who_take_it_at_once_one_has_it(shared: Book, clock: Clock) -> None:
    assert shared.take("trainer", "a:1", None) and not shared.take("trainer", "b:1", None)
    seen = shared.lease("trainer")
    assert shared.take("trainer", "b:1", seen) and not shared.take("trainer", "c:1", seen)


def test_a_clock_that_jumps_takes_nothing_from_a_holder_that_beats(shared: Book, clock: Clock) -> None:
    """Only the waiting side's own clock counts, and only while the number stands still."""
    first, second = Lease("a:1", Clock()), Lease("b:1", clock)
    first.beat(shared)
    second.beat(shared)
    first.beat(shared)
    clock.now += 10 * EXPIRES_S
    assert not second.beat(shared)


def test_a_process_of_this_machine_that_has_ended_is_not_waited_for(shared: Book) -> None:
    ended = Lease()
    ended.holder = ended.holder.rpartition(":")[0] + ":999999999"
    assert ended.beat(shared)
    assert Lease().beat(shared)
