"""A program that appends to a PostgreSQL log without end, in large groups: `python -m support.writes URL PLAYERS`."""

import asyncio
import sys

from msgspec.structs import replace

from server.errors import Overtaken
from server.postgres.log import opened
from support.databases import opening_of
from support.play import play_out, records


async def write(address: str, players: int) -> None:
    """Play so many players' matches, one after another, until the players are claimed by somebody else."""
    async with opened(address) as log:
        await asyncio.gather(*(play(log, number) for number in range(players)), return_exceptions=True)


async def play(log, number: int) -> None:  # type: ignore[no-untyped-def]
    player = f"p{number}"
    claim = await log.claim(player)
    print("claimed", player, flush=True)  # noqa: T201  # what the test waits for
    _, effects = play_out(opening_of("m", player))
    played = records(effects)
    for turn in range(1_000_000):
        try:
            await log.append([replace(record, match=f"m{number}-{turn}") for record in played], claim)
        except Overtaken:
            print("overtaken", player, flush=True)  # noqa: T201
            return


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], int(sys.argv[2])))
