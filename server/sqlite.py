"""The round log and the players in a SQLite file: one connection writes, another reads beside it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from secrets import token_hex
from time import time
from typing import Any

import aiosqlite
from msgspec import MsgspecError, json

from game import records
from game.errors import CorruptRecord
from game.fairness import sha256_hex
from game.knowledge import NOTHING, Knowledge
from game.records import Record
from game.wire import Record as HeadToHead
from server import schema, standings
from server.commit import Committer, Row
from server.errors import DatabaseError, LogUnavailable
from server.ports import Player
from server.settings import Durability
from server.standings import Served, Standing, Totals

TOKENS_KEPT = 8
"""Tokens of one player that can be valid at once: replies that were lost on their way must not lock anybody out."""


def row(record: Record) -> Row:
    """A record as a row of `log`."""
    kind = type(record).__name__.lower()
    return record.match, record.round, kind, record.at, records.encode(record)


class SqliteLog:
    """Implements `RoundLog` and `Players`; made by `opened`."""

    def __init__(self, reader: aiosqlite.Connection, committer: Committer) -> None:
        self._reader = reader
        self._committer = committer

    @property
    def commits(self) -> int:
        """How many groups have been committed."""
        return self._committer.commits

    async def append(self, records: Sequence[Record]) -> None:
        await self._committer.submit(rows=[row(record) for record in records])

    async def records(self, match: str) -> list[Record]:
        found = await self.fetch("SELECT position, body FROM log WHERE match = ? ORDER BY position", match)
        return [_decoded(position, body) for position, body in found]

    async def live_match(self, player: str) -> str | None:
        return await self._one("SELECT id FROM matches WHERE player = ? AND closed_at IS NULL", player)

    async def match_of_ref(self, player: str, client_ref: str) -> str | None:
        return await self._one("SELECT id FROM matches WHERE player = ? AND client_ref = ?", player, client_ref)

    async def idle_players(self, before: int) -> list[Player]:
        found = await self.fetch(
            "SELECT players.id, name, known FROM matches JOIN players ON players.id = player "
            "WHERE closed_at IS NULL AND opened_at < ?1 "
            "AND (SELECT max(at) FROM log WHERE match = matches.id) < ?1",
            before,
        )
        return [Player(id, name, _known(known)) for id, name, known in found]

    async def register(self, player: Player) -> None:
        values = player.id, player.name, int(time() * 1000)
        sql = "INSERT INTO players (id, name, created_at) VALUES (?, ?, ?)"
        await self._committer.submit(statements=[(sql, values)])

    async def admit(self, token: str) -> Player | None:
        found = await self.fetch(
            "SELECT players.id, name, known, number FROM tokens JOIN players ON players.id = player WHERE hash = ?",
            sha256_hex(token),
        )
        for id, name, known, number in found:
            sql = "DELETE FROM tokens WHERE player = ? AND number < ?"
            await self._committer.submit(statements=[(sql, (id, number))])
            return Player(id, name, _known(known))
        return None

    async def issue(self, player: str, token: str) -> None:
        keep = (
            "DELETE FROM tokens WHERE player = ?1 AND number <= "
            "(SELECT number FROM tokens WHERE player = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)"
        )
        add = "INSERT INTO tokens (hash, player) VALUES (?, ?)"
        statements = [(add, (sha256_hex(token), player)), (keep, (player, TOKENS_KEPT))]
        await self._committer.submit(statements=statements)

    async def player(self, id: str) -> Player | None:
        for name, known in await self.fetch("SELECT name, known FROM players WHERE id = ?", id):
            return Player(id, name, _known(known))
        return None

    async def rename(self, player: str, name: str) -> None:
        await self._committer.submit(statements=[("UPDATE players SET name = ? WHERE id = ?", (name, player))])

    async def head_to_head(self, player: str) -> dict[str, HeadToHead]:
        found = await self.fetch(
            "SELECT opponent, sum(winner = 'player'), sum(winner = 'bot'), sum(winner = 'tie') "
            "FROM matches WHERE player = ? AND closed_at IS NOT NULL GROUP BY opponent",
            player,
        )
        return {opponent: HeadToHead(*counts) for opponent, *counts in found}

    async def leaders(self) -> list[Standing]:
        return [Standing(*found) for found in await self.fetch(standings.LEADERS_SQL)]

    async def served(self) -> list[Served]:
        return [standings.served(*found) for found in await self.fetch(standings.SERVED_SQL)]

    async def totals(self) -> Totals:
        return Totals(*(await self.fetch(standings.TOTALS_SQL))[0])

    async def salt(self, given: str) -> str:
        """The assignment salt: the one given, else this database's own, drawn once."""
        if given:
            return given
        sql = "INSERT INTO settings (name, value) VALUES ('salt', ?) ON CONFLICT DO NOTHING"
        await self._committer.submit(statements=[(sql, (token_hex(16),))])
        return str(await self._one("SELECT value FROM settings WHERE name = 'salt'"))

    async def fetch(self, sql: str, *parameters: Any) -> list[Any]:
        """All rows of a query; raises LogUnavailable."""
        try:
            return list(await self._reader.execute_fetchall(sql, parameters))
        except sqlite3.Error as error:
            raise LogUnavailable(str(error)) from error

    async def _one(self, sql: str, *parameters: Any) -> str | None:
        """The single text that a query finds."""
        found = await self.fetch(sql, *parameters)
        return str(found[0][0]) if found else None


def _known(text: str | None) -> Knowledge:
    return NOTHING if text is None else json.decode(text, type=Knowledge)


def _decoded(position: int, body: str) -> Record:
    try:
        return records.decode(body)
    except MsgspecError as error:
        raise CorruptRecord(f"Row {position} of the log cannot be read: {error}.") from error


@asynccontextmanager
async def opened(path: Path, durability: Durability) -> AsyncIterator[SqliteLog]:
    """The log in this file, created if it is not there; raises DatabaseError where it cannot be used."""
    try:
        lock = await asyncio.to_thread(schema.prepare, path)
    except OSError as error:
        raise DatabaseError(f"{path} cannot be opened: {error.strerror}.") from error
    async with aiosqlite.connect(path) as writer, aiosqlite.connect(f"file:{path}?mode=ro", uri=True) as reader:
        await writer.executescript(schema.pragmas(durability))
        committer = Committer(writer)
        writing = asyncio.create_task(committer.run())
        try:
            yield SqliteLog(reader, committer)
        finally:
            await committer.drained()
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            lock.close()
