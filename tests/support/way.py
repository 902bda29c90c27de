"""The way to PostgreSQL through a test's own hands: it can be closed, go silent, or lose what is said on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from support.accepting import accepting

SYNC = b"S\0\0\0\4"
"""The message with which a client ends what it asks; without it PostgreSQL tells nothing and waits."""


class Way:
    """What connects through here is connected with PostgreSQL, as far as the switches say."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 5432
        self._address = parts
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.closed = False
        """Whether nobody gets through."""
        self.deaf = False
        """Whether what PostgreSQL says is lost."""
        self.unfinished = False
        """Whether the end of what clients ask is held back."""
        self.held_back = asyncio.Event()

    @property
    def address(self) -> str:
        """The database's address by this way."""
        login = self._address.netloc.rpartition("@")[0]
        return self._address._replace(netloc=f"{login}@127.0.0.1:{self.port}").geturl()

    def cut(self) -> None:
        """Close all connections at once."""
        for writer in list(self._open):
            writer.transport.abort()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        if self.closed:
            return
        self._open.add(writer)
        try:
            there, back = await asyncio.open_connection(self._host, self._port)
            self._open.add(back)
            try:
                await asyncio.gather(self._ask(reader, back), self._answer(there, writer))
            finally:
                self._open.discard(back)
                back.transport.abort()
                await back.wait_closed()
        except OSError:
            pass  # one of the two ends is gone, so the other one goes too
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(65536):
            if self.unfinished and said.endswith(SYNC):
                said = said.removesuffix(SYNC)
                self.held_back.set()
            writer.write(said)
            await writer.drain()
        raise ConnectionResetError

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(65536):
            if not self.deaf:
                writer.write(said)
                await writer.drain()
        raise ConnectionResetError


@asynccontextmanager
async def way_to(address: str) -> AsyncIterator[Way]:
    """A way to this database, open."""
    way = Way(address)
    async with accepting(lambda talk: asyncio.start_server(talk, "127.0.0.1", 0), way.connect) as server:
        way.port = server.sockets[0].getsockname()[1]
        try:
            yield way
        finally:
            way.cut()
