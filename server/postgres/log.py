"""The round log in PostgreSQL, and with it everything that is kept: what several servers share."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from game.records import Record
from server import standings
from server.commit import Committer
from server.ending import ended
from server.errors import DatabaseError, LogUnavailable
from server.meters import Meters
from server.ports import Claim, Entry
from server.postgres.connect import CONNECT_S, FAULTS, LONGEST_NAME, connected, unusable
from server.postgres.desk import Desk
from server.postgres.migrate import migrate
from server.postgres.people import People
from server.postgres.pool import Pool, made
from server.postgres.takings import takings
from server.postgres.writer import Step, Wish, Writer
from server.rows import decoded, row
from server.standings import Served, Standing, Totals

log = logging.getLogger(__name__)

SINCE_SQL = """
SELECT position, match, round, kind, at, body FROM log WHERE position > $1 ORDER BY position LIMIT $2
"""
IDLE_SQL = f"""
SELECT player FROM matches LEFT JOIN claims USING (player) WHERE closed_at IS NULL AND opened_at < $1
AND (SELECT max(at) FROM log WHERE match = matches.id) < $1
AND (claims.server = $2 OR NOT EXISTS (
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = left(claims.server, {LONGEST_NAME})
))
"""
"""Whom another server has that is connected, that server looks after: it knows whether they are present."""


class PostgresLog(People, Desk):
    """Implements `Database`; made by `opened`. While PostgreSQL is away everything raises LogUnavailable, and soon."""

    def __init__(self, address: str, pool: Pool, writer: Writer, committer: Committer[Step | Wish]) -> None:
        People.__init__(self, address, pool)
        self._writer = writer
        self._committer = committer

    @property
    def commits(self) -> int:
        """How many groups have been committed."""
        return self._committer.commits

    @property
    def fault(self) -> str | None:
        """What keeps the database from being used, in plain words."""
        return self._writer.fault

    async def claim(self, player: str) -> Claim:
        wish = Wish(player)
        await self._committer.submit(wish)
        return Claim(player, wish.epoch)

    async def append(self, records: Sequence[Record], claim: Claim) -> None:
        await self._committer.submit(Step([row(record) for record in records], [claim]))

    def taken_over(self) -> AsyncIterator[Claim]:
        return takings(self._address, self._writer.name)

    async def settled(self) -> None:
        """Wait until everything appended before is durable."""
        await self._committer.submit(Step())

    async def records(self, match: str) -> list[Record]:
        found = await self._pool.read("SELECT position, body FROM log WHERE match = $1 ORDER BY position", match)
        return [decoded(position, body) for position, body in found]

    async def live_match(self, player: str) -> str | None:
        return await self._one("SELECT id FROM matches WHERE player = $1 AND closed_at IS NULL", player)

    async def match_of_ref(self, player: str, client_ref: str) -> str | None:
        return await self._one("SELECT id FROM matches WHERE player = $1 AND client_ref = $2", player, client_ref)

    async def idle_players(self, before: int) -> list[str]:
        return [str(player) for (player,) in await self._pool.read(IDLE_SQL, before, self._writer.name)]

    async def since(self, position: int, limit: int) -> list[Entry]:
        found = await self._pool.read(SINCE_SQL, position, limit)
        return [Entry(number, match, round, kind, at, body.encode()) for number, match, round, kind, at, body in found]

    async def last_position(self) -> int:
        ((position,),) = await self._pool.read("SELECT position FROM log_head")
        return int(position)

    async def leaders(self) -> list[Standing]:
        return [Standing(*found) for found in await self._pool.read(standings.LEADERS_SQL)]

    async def served(self) -> list[Served]:
        return [standings.served(*found) for found in await self._pool.read(standings.SERVED_SQL)]

    async def totals(self) -> Totals:
        return Totals(*(await self._pool.read(standings.TOTALS_SQL))[0])

    async def fetch(self, sql: str, *parameters: Any) -> list[Any]:
        """All rows of a query; raises LogUnavailable."""
        return await self._pool.read(sql, *parameters)

    async def _one(self, sql: str, *parameters: Any) -> str | None:
        """The single text that a query finds."""
        found = await self._pool.read(sql, *parameters)
        return str(found[0][0]) if found else None


@asynccontextmanager
async def opened(address: str, meters: Meters | None = None) -> AsyncIterator[PostgresLog]:
    """The log at this address, its tables made if there are none; raises DatabaseError where it cannot be used.

    `meters` are told of its commits.
    """
    try:
        await _prepare(address)
        pool = await made(address)
    except (*FAULTS, ValueError) as error:
        raise DatabaseError(unusable(address, error)) from error
    writer = Writer(address)
    committer: Committer[Step | Wish] = Committer(writer, meters or Meters())
    works = [asyncio.create_task(work) for work in (committer.run(), writer.watch())]
    try:
        yield PostgresLog(address, Pool(pool, lambda: writer.fault), writer, committer)
    finally:
        with suppress(LogUnavailable):
            await committer.submit(Step())
        for fault in await ended(works):
            log.error("What looks after PostgreSQL had failed.", exc_info=fault)
        await writer.close()
        try:
            async with asyncio.timeout(CONNECT_S):
                await pool.close()
        except FAULTS:
            pool.terminate()


async def _prepare(address: str) -> None:
    connection = await connected(address)
    try:
        await migrate(connection)
    finally:
        await connection.close()
