"""The one who commits for all goes on whatever comes."""

import asyncio
from collections.abc import Sequence

import pytest

from server.commit import Committer
from server.errors import LogUnavailable
from server.meters import Meters


class Broken:
    """A database's way to write that has a fault of its own with one change."""

    def __init__(self) -> None:
        self.written: list[str] = []

    async def perform(self, changes: Sequence[str]) -> None:
        if "odd" in changes:
            raise ValueError("never thought of")
        self.written.extend(changes)


async def test_a_fault_that_nobody_thought_of_is_told_to_those_who_wait_and_the_next_commit_goes_on() -> None:
    broken = Broken()
    committer: Committer[str] = Committer(broken, Meters())
    running = asyncio.create_task(committer.run())
    try:
        async with asyncio.timeout(120):
            with pytest.raises(LogUnavailable):
                await committer.submit("odd")
            await committer.submit("even")
    finally:
        running.cancel()
    assert broken.written == ["even"]
