"""The standings in the server's SQLite file: one connection writes them, another reads beside it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import aiosqlite
from msgspec import json

from server import schema, standings
from server.errors import LogUnavailable
from server.ports import Entry
from server.projections import tables
from server.projections.deltas import Deltas, Seat
from server.projections.rows import changes
from server.sqlite import SINCE_SQL
from server.standings import Served, Standing, Totals

LIVE = "SELECT * FROM standings_live WHERE match IN (SELECT value FROM json_each(?))"
BUSY = f"PRAGMA busy_timeout = {schema.BUSY_MS}"
PLAIN = ""
"""The collation by which texts are in order: SQLite's own is by bytes."""


def _numbered(sql: str) -> str:
    """The statement with its parameters as SQLite numbers them."""
    return sql.replace("$", "?")


async def fetched(reader: aiosqlite.Connection, sql: str, *parameters: Any) -> list[Any]:
    """All rows of a query; raises LogUnavailable."""
    try:
        return list(await reader.execute_fetchall(sql, parameters))
    except sqlite3.Error as error:
        raise LogUnavailable(str(error)) from error


class SqliteProjected:
    """Implements `Projected`; made by `opened`."""

    def __init__(self, writer: sqlite3.Connection, reader: aiosqlite.Connection) -> None:
        self._writer = writer
        self._reader = reader
        self._writing = Lock()

    async def position(self) -> int:
        ((position,),) = await self._fetch(tables.POSITION)
        return int(position)

    async def live(self, matches: Iterable[str]) -> dict[str, Seat]:
        found = await self._fetch(LIVE, json.encode(list(matches)).decode())
        return {match: Seat(match, player, bool(human), *played) for match, player, human, *played in found}

    async def apply(self, begin: int, end: int, deltas: Deltas) -> bool:
        return await asyncio.to_thread(self._apply, begin, end, deltas)

    async def reset(self) -> None:
        await asyncio.to_thread(self._reset)

    def _apply(self, begin: int, end: int, deltas: Deltas) -> bool:
        with self._transaction() as writing:
            moved = writing.execute(_numbered(tables.MOVE), (begin, end, deltas.matches, deltas.rounds))
            if moved.rowcount != 1:
                return False
            for sql, rows in changes(deltas):
                writing.executemany(_numbered(sql), rows)
        return True

    def _reset(self) -> None:
        with self._transaction() as writing:
            for sql in (*tables.FORGET, tables.START):
                writing.execute(sql)

    async def leaders(self) -> list[Standing]:
        return [Standing(*found) for found in await self._fetch(tables.LEADERS_SQL.format(collation=PLAIN))]

    async def served(self) -> list[Served]:
        found = await self._fetch(tables.VERSIONS_SQL.format(collation=PLAIN))
        return [standings.served(*row) for row in found]

    async def totals(self) -> Totals:
        return Totals(*(await self._fetch(tables.TOTALS_SQL))[0])

    async def _fetch(self, sql: str, *parameters: Any) -> list[Any]:
        return await fetched(self._reader, sql, *parameters)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is done in the block becomes durable at its end, or nothing.

        It is done in one go in a thread, so that one who is cancelled while it lasts leaves no half of it open.
        """
        try:
            with self._writing:
                self._writer.execute("BEGIN IMMEDIATE")
                with self._writer:
                    yield self._writer
        except sqlite3.Error as error:
            raise LogUnavailable(str(error)) from error

    def close(self) -> None:
        """Once nobody is writing any more."""
        with self._writing:
            self._writer.close()


class Beside:
    """The log of a file that a server may be writing; implements `History`."""

    def __init__(self, reader: aiosqlite.Connection) -> None:
        self._reader = reader

    async def since(self, position: int, limit: int) -> list[Entry]:
        return [Entry(*row) for row in await fetched(self._reader, SINCE_SQL, position, limit)]

    async def last_position(self) -> int:
        ((position,),) = await fetched(self._reader, "SELECT coalesce(max(position), 0) FROM log")
        return int(position)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[SqliteProjected]:
    """The standings in this file, which is a server's database; their tables are made where they are missing."""
    writer = await asyncio.to_thread(_prepared, path)
    async with aiosqlite.connect(path) as reader:
        await reader.execute(BUSY)
        found = SqliteProjected(writer, reader)
        try:
            yield found
        finally:
            await asyncio.to_thread(found.close)


def _prepared(path: Path) -> sqlite3.Connection:
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)  # by one thread at a time
    writer.execute(BUSY)
    writer.execute("PRAGMA synchronous = NORMAL")  # what a loss of power takes is added again from the log
    writer.executescript(tables.SQLITE)
    return writer
