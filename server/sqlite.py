"""The round log and the players in a SQLite file: one connection writes, another reads beside it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from secrets import token_hex
from time import time
from typing import Any
from weakref import WeakValueDictionary

import aiosqlite
from msgspec import Struct

from game.fairness import sha256_hex
from game.moves import Move
from game.records import Record
from game.wire import Record as HeadToHead
from server import schema, standings
from server.commit import Committer
from server.ending import ended
from server.errors import DatabaseError, LogUnavailable, Overtaken
from server.meters import Meters
from server.ports import Claim, Entry, Player
from server.rows import Row, decoded, row
from server.rows import known as as_known
from server.settings import Durability
from server.standings import Served, Standing, Totals
from server.tables import TOKENS_KEPT

APPEND = "INSERT INTO log (match, round, kind, at, body) VALUES (?, ?, ?, ?, ?)"
"""SQLite gives a row the number after the highest. No row is ever deleted, and one that is rolled back leaves none, so
that positions are without gaps; there is one writer, so that they are in the order of the commits."""
SINCE_SQL = """
SELECT position, match, round, kind, at, CAST(body AS BLOB) FROM log WHERE position > ? ORDER BY position LIMIT ?
"""
AFTER_SQL = "SELECT number, hash, CAST(body AS BLOB) FROM ledger WHERE number > ? ORDER BY number LIMIT ?"
NEWEST_SQL = """
SELECT * FROM (SELECT number, hash, CAST(body AS BLOB) FROM ledger ORDER BY number DESC LIMIT ?) ORDER BY number
"""
GIVE_SQL = """
INSERT INTO donations (player, match, round, label, consented_at, image) SELECT ?1, ?2, ?3, ?4, ?5, ?6
WHERE (SELECT count(*) FROM donations WHERE player = ?1) < ?7
"""


class Change(Struct, frozen=True):
    """Log rows and other statements that become durable together."""

    rows: Sequence[Row] = ()
    statements: Sequence[tuple[str, Row]] = ()


class Writer:
    """The connection that writes."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def perform(self, changes: Sequence[Change]) -> None:
        """Make all of them durable or none; raises LogUnavailable."""
        try:
            rows = [row for change in changes for row in change.rows]
            if rows:
                await self._connection.executemany(APPEND, rows)
            for change in changes:
                for sql, parameters in change.statements:
                    await self._connection.execute(sql, parameters)
            await self._connection.commit()
        except (sqlite3.Error, OSError) as error:
            await self._connection.rollback()
            raise LogUnavailable(str(error)) from error


class SqliteLog:
    """Implements `Database`; made by `opened`."""

    def __init__(self, reader: aiosqlite.Connection, committer: Committer[Change], path: Path) -> None:
        self._reader = reader
        self._committer = committer
        self._path = path
        self._claims: WeakValueDictionary[str, Claim] = WeakValueDictionary()
        """The latest of each player, while somebody holds it. It needs no table: no other server can open the file."""

    @property
    def commits(self) -> int:
        """How many groups have been committed."""
        return self._committer.commits

    @property
    def fault(self) -> str | None:
        """What keeps the database from being used: of a file that is open, nothing is known beforehand."""
        return None

    async def claim(self, player: str) -> Claim:
        before = self._claims.get(player)
        claim = self._claims[player] = Claim(player, 1 if before is None else before.epoch + 1)
        await self.settled()
        return claim

    async def append(self, records: Sequence[Record], claim: Claim) -> None:
        if self._claims.get(claim.player) is not claim:
            raise Overtaken(f"{claim.player} is somebody else's")
        await self._committer.submit(Change([row(record) for record in records]))

    async def taken_over(self) -> AsyncIterator[Claim]:
        """None: no other server can open the file."""
        return
        yield

    async def since(self, position: int, limit: int) -> list[Entry]:
        found = await self.fetch(SINCE_SQL, position, limit)
        return [Entry(*columns) for columns in found]

    async def last_position(self) -> int:
        ((position,),) = await self.fetch("SELECT coalesce(max(position), 0) FROM log")
        return int(position)

    async def lease(self, name: str) -> tuple[str, int] | None:
        for holder, beat in await self.fetch("SELECT holder, beat FROM lease WHERE name = ?", name):
            return str(holder), int(beat)
        return None

    async def take(self, name: str, holder: str, seen: tuple[str, int] | None) -> bool:
        if seen is None:
            await self._write("INSERT INTO lease VALUES (?, ?, 1) ON CONFLICT DO NOTHING", name, holder)
        else:
            sql = "UPDATE lease SET holder = ?, beat = beat + 1 WHERE name = ? AND holder = ? AND beat = ?"
            await self._write(sql, holder, name, *seen)
        return await self.lease(name) == (holder, 1 if seen is None else seen[1] + 1)

    async def ledger(self, after: int | None, limit: int) -> list[tuple[int, str, bytes]]:
        sql, given = (NEWEST_SQL, ()) if after is None else (AFTER_SQL, (after,))
        return [(number, hash, body) for number, hash, body in await self.fetch(sql, *given, limit)]

    async def last_entry(self) -> int:
        ((last,),) = await self.fetch("SELECT coalesce(max(number), 0) FROM ledger")
        return int(last)

    async def notice(self, name: str) -> tuple[bytes, int] | None:
        for body, at in await self.fetch("SELECT CAST(body AS BLOB), at FROM notices WHERE name = ?", name):
            return body, at
        return None

    async def give(
        self, player: str, match: str, round: int, move: Move, consented_at: int, image: bytes, most: int
    ) -> None:
        await self._write(GIVE_SQL, player, match, round, move.value, consented_at, image, most)

    async def given(self, player: str) -> int:
        await self.settled()
        ((count,),) = await self.fetch("SELECT count(*) FROM donations WHERE player = ?", player)
        return int(count)

    async def take_back(self, player: str) -> None:
        await self._write("DELETE FROM donations WHERE player = ?", player)

    async def records(self, match: str) -> list[Record]:
        found = await self.fetch("SELECT position, body FROM log WHERE match = ? ORDER BY position", match)
        return [decoded(position, body) for position, body in found]

    async def live_match(self, player: str) -> str | None:
        return await self._one("SELECT id FROM matches WHERE player = ? AND closed_at IS NULL", player)

    async def match_of_ref(self, player: str, client_ref: str) -> str | None:
        return await self._one("SELECT id FROM matches WHERE player = ? AND client_ref = ?", player, client_ref)

    async def idle_players(self, before: int) -> list[str]:
        found = await self.fetch(
            "SELECT player FROM matches WHERE closed_at IS NULL AND opened_at < ?1 "
            "AND (SELECT max(at) FROM log WHERE match = matches.id) < ?1",
            before,
        )
        return [str(player) for (player,) in found]

    async def register(self, player: Player) -> None:
        values = player.id, player.name, int(time() * 1000)
        sql = "INSERT INTO players (id, name, created_at) VALUES (?, ?, ?)"
        await self._committer.submit(Change(statements=[(sql, values)]))

    async def admit(self, token: str) -> Player | None:
        found = await self.fetch(
            "SELECT players.id, name, known, number FROM tokens JOIN players ON players.id = player WHERE hash = ?",
            sha256_hex(token),
        )
        for id, name, known, number in found:
            sql = "DELETE FROM tokens WHERE player = ? AND number < ?"
            await self._committer.submit(Change(statements=[(sql, (id, number))]))
            return Player(id, name, as_known(known))
        return None

    async def issue(self, player: str, token: str) -> None:
        keep = (
            "DELETE FROM tokens WHERE player = ?1 AND number <= "
            "(SELECT number FROM tokens WHERE player = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)"
        )
        add = "INSERT INTO tokens (hash, player) VALUES (?, ?)"
        statements = [(add, (sha256_hex(token), player)), (keep, (player, TOKENS_KEPT))]
        await self._committer.submit(Change(statements=statements))

    async def player(self, id: str) -> Player | None:
        for name, known in await self.fetch("SELECT name, known FROM players WHERE id = ?", id):
            return Player(id, name, as_known(known))
        return None

    async def rename(self, player: str, name: str) -> None:
        await self._committer.submit(Change(statements=[("UPDATE players SET name = ? WHERE id = ?", (name, player))]))

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
        await self._committer.submit(Change(statements=[(sql, (token_hex(16),))]))
        return str(await self._one("SELECT value FROM settings WHERE name = 'salt'"))

    async def fetch(self, sql: str, *parameters: Any) -> list[Any]:
        """All rows of a query; raises LogUnavailable."""
        try:
            return list(await self._reader.execute_fetchall(sql, parameters))
        except sqlite3.Error as error:
            raise LogUnavailable(str(error)) from error

    async def _write(self, sql: str, *parameters: Any) -> None:
        """Make one statement durable; raises LogUnavailable."""
        await self._committer.submit(Change(statements=[(sql, parameters)]))

    async def settled(self) -> None:
        """Wait until everything written before is durable."""
        await self._committer.submit(Change())

    async def scrub(self) -> None:
        """Take what was deleted out of the write-ahead log too, where the pages of before still stand."""
        try:
            async with aiosqlite.connect(self._path) as beside:
                await beside.execute(f"PRAGMA busy_timeout = {schema.BUSY_MS}")
                for busy, *_ in await beside.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)"):
                    if busy:
                        raise LogUnavailable("somebody reads the database all the time")
        except sqlite3.Error as error:
            raise LogUnavailable(str(error)) from error

    async def _one(self, sql: str, *parameters: Any) -> str | None:
        """The single text that a query finds."""
        found = await self.fetch(sql, *parameters)
        return str(found[0][0]) if found else None


@asynccontextmanager
async def opened(path: Path, durability: Durability, meters: Meters | None = None) -> AsyncIterator[SqliteLog]:
    """The log in this file, created if it is not there; raises DatabaseError where it cannot be used.

    `meters` are told of its commits.
    """
    try:
        lock = await asyncio.to_thread(schema.prepare, path)
    except OSError as error:
        raise DatabaseError(f"{path} cannot be opened: {error.strerror}.") from error
    async with aiosqlite.connect(path) as writer, aiosqlite.connect(f"file:{path}?mode=ro", uri=True) as reader:
        await writer.executescript(schema.pragmas(durability))
        committer = Committer(Writer(writer), meters or Meters())
        writing = asyncio.create_task(committer.run())
        try:
            yield SqliteLog(reader, committer, path)
        finally:
            with suppress(LogUnavailable):
                await committer.submit(Change())
            await ended([writing])
            lock.close()
