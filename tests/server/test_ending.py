"""Tasks end when they are told to, even one that forgets the first time."""

import asyncio
from contextlib import suppress

import pytest

from server import ending
from server.ending import ended


async def for_ever() -> None:
    await asyncio.Event().wait()


async def stubborn() -> None:
    with suppress(asyncio.CancelledError):
        await for_ever()
    await for_ever()


async def failed() -> None:
    raise ValueError("broken")


async def test_all_are_over_then_and_faults_are_told() -> None:
    tasks = [asyncio.create_task(work) for work in (for_ever(), stubborn(), failed())]
    await asyncio.wait([tasks[2]])
    assert [str(fault) for fault in await ended(tasks)] == ["broken"]
    assert all(task.done() for task in tasks)


async def test_one_who_is_told_again_to_end_still_waits_for_what_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN_S", 0.01)
    inner = asyncio.create_task(_slow())

    async def outer() -> None:
        try:
            await for_ever()
        finally:
            await ended([inner])

    task = asyncio.create_task(outer())
    await asyncio.sleep(0)
    assert await ended([task]) == []
    assert task.cancelled() and inner.done()


async def _slow() -> None:
    """Has to be told four times."""
    for _ in range(3):
        with suppress(asyncio.CancelledError):
            await for_ever()
    await for_ever()
