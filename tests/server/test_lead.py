"""One server leads, by no clock but its own; who loses the lead stops, and who waits takes over."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.logged import under_way, until

from server.errors import LogUnavailable
from server.settings import Durability
from server.sqlite import SqliteLog, opened
from server.stream import lead
from server.stream.lead import EXPIRES_S, Lead


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    async with opened(tmp_path / "rps.db", Durability.PROCESS) as log:
        yield log


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_the_first_leads_and_the_others_wait(log: SqliteLog) -> None:
    first, second = Lead(log, "first"), Lead(log, "second")
    assert [await first.beat(), await second.beat(), await first.beat(), await second.beat()] == [True, False] * 2
    assert (first.held, second.held) == (True, False)


async def test_one_who_beats_is_never_taken_over_however_long_another_waits(log: SqliteLog) -> None:
    clock = Clock()
    first, second = Lead(log, "first", Clock()), Lead(log, "second", clock)
    for _ in range(5):
        assert await first.beat()
        assert not await second.beat()
        clock.now += EXPIRES_S - 0.1


async def test_one_who_stands_still_is_taken_over_and_finds_out_at_the_next_beat(log: SqliteLog) -> None:
    clock = Clock()
    first, second = Lead(log, "first", Clock()), Lead(log, "second", clock)
    assert await first.beat() and not await second.beat()
    clock.now += EXPIRES_S
    assert not await second.beat(), "it may have stood still for just as long as it may"
    clock.now += 0.1
    assert await second.beat()
    assert not await first.beat()
    assert (first.held, second.held) == (False, True)


async def test_of_two_who_take_over_at_once_one_does(log: SqliteLog) -> None:
    clock = Clock()
    waiting = [Lead(log, f"waits {number}", clock) for number in range(5)]
    assert await Lead(log, "gone", clock).beat()
    for each in waiting:
        assert not await each.beat()
    clock.now += EXPIRES_S + 0.1
    took = await asyncio.gather(*(each.beat() for each in waiting))
    assert sum(took) == 1


async def test_a_beat_whose_answer_is_lost_loses_nothing(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    take = log.take

    async def unanswered(name: str, holder: str, seen: tuple[str, int] | None) -> bool:
        await take(name, holder, seen)
        raise LogUnavailable("the connection broke")

    first = Lead(log, "first", Clock())
    for already_held in (False, True):
        assert first.held is already_held
        with monkeypatch.context() as patch:
            patch.setattr(log, "take", unanswered)
            with pytest.raises(LogUnavailable):
                await first.beat()
        assert await first.beat() and first.held
    assert "Another server leads" not in caplog.text


class Work:
    """Counts who is at it."""

    def __init__(self) -> None:
        self.begun = self.ended = 0

    async def __call__(self) -> None:
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.ended += 1


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lead, "BEAT_S", 0.01)


@pytest.mark.usefixtures("quick")
async def test_the_work_is_done_while_leading_and_stopped_when_the_lead_is_lost(log: SqliteLog) -> None:
    work, clock = Work(), Clock()
    async with under_way(Lead(log, "first", clock).run(work)):
        await until(lambda: work.begun == 1)
        assert work.ended == 0
        async with asyncio.timeout(120):
            while not await log.take("relay", "second", await log.lease("relay")):
                pass  # the first has just beaten again
        await until(lambda: work.ended == 1)
        assert work.begun == 1

        def later() -> bool:
            clock.now += EXPIRES_S / 2  # the second says no more
            return work.begun == 2

        await until(later)
    assert work.ended == 2, "who stops leading stops working"


@pytest.mark.usefixtures("quick")
async def test_who_cannot_reach_the_database_leads_on_for_as_long_as_others_wait(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, clock, asked = Work(), Clock(), []

    async def away(name: str) -> None:
        asked.append(name)
        raise LogUnavailable("away")

    first = Lead(log, "first", clock)
    async with under_way(first.run(work)):
        await until(lambda: work.begun == 1)
        with monkeypatch.context() as patch:
            patch.setattr(log, "lease", away)
            await until(lambda: len(asked) > 3)
            assert first.held and work.ended == 0
            clock.now += EXPIRES_S + 0.1
            await until(lambda: work.ended == 1)
            assert not first.held
        clock.now += EXPIRES_S + 0.1
        await until(lambda: work.begun == 2)


@pytest.mark.usefixtures("quick")
async def test_work_that_fails_is_told_of_and_begun_again(log: SqliteLog, caplog: pytest.LogCaptureFixture) -> None:
    times = []

    async def work() -> None:
        times.append(1)
        raise ValueError("a mistake")

    async with under_way(Lead(log, "first").run(work)):
        await until(lambda: len(times) > 1)
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert told and "begun again" in told[0].message and "a mistake" in str(told[0].exc_info)
