"""Matches written into a log, and the log written into by somebody all the time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count

from msgspec.structs import replace

from server.ports import Claim, Database, Entry, Player
from support.play import opening, play_out, records

PATIENCE_S = 180
ALL = 1_000_000


class Scribe:
    """Writes whole matches of some players, one record after another."""

    def __init__(self, log: Database, players: int = 3) -> None:
        self._log = log
        self._players = [f"p{number}" for number in range(players)]
        self._claims: dict[str, Claim] = {}
        self._numbers = count(1)

    async def match(self) -> str:
        """One match more; its id."""
        number = next(self._numbers)
        player, match = self._players[number % len(self._players)], f"m{number}"
        if player not in self._claims:
            await self._log.register(Player(player, player.upper()))
            self._claims[player] = await self._log.claim(player)
        _, effects = play_out(replace(opening(seed=f"{number:032x}"), match=match, player=player))
        for record in records(effects):
            await self._log.append([record], self._claims[player])
        return match

    async def matches(self, many: int) -> None:
        for _ in range(many):
            await self.match()


async def rows(log: Database) -> list[Entry]:
    """The whole log."""
    return await log.since(0, ALL)


async def until(holds: Callable[[], object]) -> None:
    """Wait for it, not for ever."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def under_way(*works: object) -> AsyncIterator[list["asyncio.Task[None]"]]:
    """These coroutines run during the block; a fault of one of them is the test's."""
    tasks = [asyncio.create_task(work) for work in works]  # type: ignore[arg-type]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
