"""A crowd that plays on until it is told to stop, at the pace of people, with a habit that may change meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from random import Random

from support.stubborn import Message, Stubborn

MOVES = ("rock", "paper", "scissors")
Habit = Callable[[Message], str]
"""What a player with this habit throws when a round opens."""


def middle(round: Message) -> str:
    """The move that is worth neither least nor most."""
    return sorted(round["values"], key=lambda move: round["values"][move])[1]


def cheapest(round: Message) -> str:
    """The move that is worth least."""
    return min(round["values"], key=lambda move: round["values"][move])


class Thoughtful(Stubborn):
    """Takes some time over each throw, now more and now less: a player who does not is taken for a script."""

    def __init__(self, url: str, choose: Callable[[Message, list[Message]], str], random: Random) -> None:
        super().__init__(url, choose)
        self._random = random

    async def _throw(self, socket, round: Message) -> None:  # type: ignore[no-untyped-def]
        await asyncio.sleep(self._random.uniform(0.16, 0.4))
        await super()._throw(socket, round)


class Crowd:
    """Players who follow `habit` and now and then throw anything; `habit` may be changed while they play."""

    def __init__(self, url: str, size: int, habit: Habit, families: tuple[str, ...], noise: float = 0.1) -> None:
        self.habit = habit
        self._noise = noise
        self._families = families
        self._players = [Thoughtful(url, self._chooser(random), random) for random in map(Random, range(size))]
        self._matches = count()
        self._tasks: list[asyncio.Task[None]] = []

    def _chooser(self, random: Random) -> Callable[[Message, list[Message]], str]:
        def choose(round: Message, results: list[Message]) -> str:
            return random.choice(MOVES) if random.random() < self._noise else self.habit(round)

        return choose

    async def _play(self, player: Stubborn) -> None:
        for match in self._matches:
            player.told.clear()
            await player.play(self._families[match % len(self._families)], str(match))

    @asynccontextmanager
    async def playing(self) -> AsyncIterator[None]:
        """They play while this is open; what is under way when it closes is gone on with at the next time."""
        self._tasks = [asyncio.create_task(self._play(player)) for player in self._players]
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            for task in self._tasks:
                with suppress(asyncio.CancelledError):
                    await task

    def check(self) -> None:
        """Raise what made a player stop, if one has; they do not stop by themselves."""
        for task in self._tasks:
            if task.done():
                task.result()

    def some_finished(self, most: int) -> list[str]:
        """The names of some matches that were played to their end."""
        return [player.finished[-1] for player in self._players if player.finished][:most]
