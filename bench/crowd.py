"""Many people who play at once, on one server or on several."""

import asyncio
from itertools import count
from ssl import SSLContext, create_default_context
from typing import Self
from urllib.parse import urlsplit

from msgspec import Struct

from bench.counts import Counts
from bench.guest import Guest
from bench.human import Human
from bench.told import Told
from game.opponents import OPPONENTS


class Url(Struct, frozen=True):
    """Where a server is reached."""

    socket: str
    host: str
    port: int
    ssl: SSLContext | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """Of ws, wss, http or https, with or without the path; raises ValueError."""
        parts = urlsplit(text if "//" in text else f"ws://{text}")
        secure = {"ws": False, "http": False, "wss": True, "https": True}.get(parts.scheme)
        if secure is None or not parts.hostname:
            raise ValueError(f"{text} is not the address of a server; say ws://host:port/ws.")
        port = parts.port or (443 if secure else 80)
        path = parts.path if parts.path.strip("/") else "/ws"
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        socket = f"{'wss' if secure else 'ws'}://{host}:{port}{path}"
        return cls(socket, parts.hostname, port, create_default_context() if secure else None)


class Ways(Struct, frozen=True):
    """How the people are: `think` is the median in seconds and the spread of its logarithm; shares are of matches that
    are left by the player, in which the connection drops once, and after which somebody else takes the place. Who
    waits for something and hears nothing for `patience_s` connects anew.
    """

    think: tuple[float, float] = (1.5, 0.5)
    pause_s: float = 3.0
    patience_s: float = 5.0
    leaves: float = 0.03
    drops: float = 0.05
    goes: float = 0.1
    opponents: tuple[str, ...] = tuple(OPPONENTS)


class Crowd:
    """The people, and what they have seen. With `keep`, what each match was told as is kept in `matches`."""

    def __init__(self, urls: list[Url], ways: Ways, seed: int, keep: bool = False) -> None:
        self.urls = urls
        self.ways = ways
        self.seed = seed
        self.counts = Counts()
        self.matches: list[Told] = []
        self.ending = False
        self.leaving = False
        self._keep = keep
        self._numbers = count()
        self._people: set[Human] = set()
        self._empty = asyncio.Event()

    def arrive(self) -> None:
        """One more comes."""
        if not self.ending:
            human = Human(self, next(self._numbers))
            self._people.add(human)
            human.connect()

    def left(self, guest: Guest) -> None:
        """Somebody went; somebody else takes their place."""
        self._people.discard(guest)
        self.arrive()
        if not self._people:
            self._empty.set()

    def played(self, told: Told) -> None:
        """A match is over, or goes no further."""
        if self._keep:
            self.matches.append(told)

    async def end(self, leaving: bool, within_s: float) -> int:
        """Let all come to an end, their matches played out or left; returns how many had not by then."""
        self.ending, self.leaving = True, leaving
        for human in list(self._people):
            human.end()
        try:
            async with asyncio.timeout(within_s):
                while self._people:
                    await self._empty.wait()
        except TimeoutError:
            for human in self._people:
                if human.told is not None:
                    self.played(human.told)
        return len(self._people)
