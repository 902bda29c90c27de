"""What befalls servers: they are killed, stopped in order and paused in turn; the stream and the database go away."""

import asyncio
import subprocess
from collections import Counter
from enum import StrEnum
from itertools import count
from random import Random

from bench.places import Broker, cut
from bench.system import System


class Blow(StrEnum):
    KILLED = "killed"
    PAUSED = "paused"
    STOPPED = "stopped in order"
    STREAM_LOST = "stream taken away"
    DATABASE_CUT = "database connections cut"


TURNS = (Blow.KILLED, Blow.PAUSED, Blow.STOPPED)


class Upheaval:
    """Deals blows one after another for so many seconds; afterwards everything runs again."""

    def __init__(self, system: System, broker: Broker | None, postgres: str, seconds: float, random: Random) -> None:
        self._system = system
        self._broker = broker
        self._postgres = postgres
        self._seconds = seconds
        self._random = random
        self.dealt: Counter[Blow] = Counter()
        self.failures: list[str] = []
        self._paused: str | None = None

    async def run(self) -> None:
        """All of it at once: servers in turn, and meanwhile stream and database."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._servers())
            if self._broker is not None:
                group.create_task(self._stream(self._broker))
            if self._postgres:
                group.create_task(self._database(self._postgres))

    async def end(self, name: str) -> None:
        """Have it stop in order; one that does not is a failure, and is killed."""
        try:
            status = await asyncio.to_thread(self._system.stop, name)
            if status:
                self.failures.append(f"{name} stopped with the status {status}.")
        except subprocess.TimeoutExpired:
            self.failures.append(f"{name} did not stop when it was told to.")
            await asyncio.to_thread(self._system.kill, name)

    async def back(self, name: str) -> None:
        """Wait until it takes players; one that does not is a failure."""
        try:
            await asyncio.to_thread(self._system.until_ready, name)
        except TimeoutError as error:
            self.failures.append(f"{name} did not come back: {error}")

    async def _servers(self) -> None:
        """A blow every few seconds; one server may be paused while others are struck."""
        loop, servers = asyncio.get_running_loop(), self._system.servers
        end = loop.time() + self._seconds
        async with asyncio.TaskGroup() as group:
            pausing = group.create_task(asyncio.sleep(0))
            for turn in count():
                await asyncio.sleep(self._random.uniform(0.5, 2))
                blow = TURNS[turn % len(TURNS)]
                if blow is Blow.PAUSED or len(servers) == 1:
                    await pausing
                if loop.time() > end:
                    return
                name = self._random.choice([one for one in servers if one != self._paused])
                if (status := self._system.ended(name)) is not None:
                    self.failures.append(f"{name} had ended by itself, with the status {status}.")
                if blow is Blow.PAUSED:
                    self._paused = name
                    pausing = group.create_task(self._pause(name))
                else:
                    await (self._kill(name) if blow is Blow.KILLED else self._stop(name))
                self.dealt[blow] += 1

    async def _kill(self, name: str) -> None:
        await asyncio.to_thread(self._system.kill, name)
        await self._again(name)

    async def _stop(self, name: str) -> None:
        await self.end(name)
        await self._again(name)

    async def _again(self, name: str) -> None:
        await asyncio.sleep(self._random.uniform(0.2, 2))
        self._system.start(name)
        await self.back(name)

    async def _pause(self, name: str) -> None:
        self._system.pause(name)
        try:
            await asyncio.sleep(self._random.uniform(5, 10))
        finally:
            self._system.wake(name)
            self._paused = None

    async def _stream(self, broker: Broker) -> None:
        await asyncio.sleep(self._seconds * 0.4)
        await asyncio.to_thread(broker.kill)
        try:
            await asyncio.sleep(min(15, self._seconds / 5))
        finally:
            await asyncio.to_thread(broker.start)
        self.dealt[Blow.STREAM_LOST] += 1

    async def _database(self, postgres: str) -> None:
        await asyncio.sleep(self._seconds * 0.7)
        await cut(postgres)
        self.dealt[Blow.DATABASE_CUT] += 1
