"""Those who play, their tokens and what they gave, in PostgreSQL."""

import asyncio
import re
from time import time

import asyncpg

from game.fairness import sha256_hex
from game.moves import Move
from game.wire import Record as HeadToHead
from server.errors import LogUnavailable
from server.ports import Player
from server.postgres.connect import FAULTS, connected, said
from server.postgres.pool import Pool
from server.rows import known as as_known
from server.tables import TOKENS_KEPT

SCRUB_S = 120
"""How long writing the remaining images anew may take."""
STILL_READ_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 1.6)
"""Waited between tries, where a transaction is open that may still see what was deleted."""
HEAD_TO_HEAD_SQL = """
SELECT opponent, count(*) FILTER (WHERE winner = 'player'), count(*) FILTER (WHERE winner = 'bot'),
    count(*) FILTER (WHERE winner = 'tie')
FROM matches WHERE player = $1 AND closed_at IS NOT NULL GROUP BY opponent
"""


class People:
    """Implements `Players` and `Gifts`."""

    def __init__(self, address: str, pool: Pool) -> None:
        self._address = address
        self._pool = pool
        self._giving = asyncio.Lock()

    async def register(self, player: Player) -> None:
        sql = "INSERT INTO players (id, name, created_at) VALUES ($1, $2, $3)"
        await self._pool.write(sql, player.id, player.name, int(time() * 1000))

    async def admit(self, token: str) -> Player | None:
        sql = "SELECT id, name, known FROM admit_token($1) LEFT JOIN knowledge ON player = id"
        for id, name, known in await self._pool.read(sql, sha256_hex(token)):
            return Player(id, name, as_known(known))
        return None

    async def issue(self, player: str, token: str) -> None:
        await self._pool.write("SELECT issue_token($1, $2, $3)", player, sha256_hex(token), TOKENS_KEPT)

    async def player(self, id: str) -> Player | None:
        sql = "SELECT name, known FROM players LEFT JOIN knowledge ON player = id WHERE id = $1"
        for name, known in await self._pool.read(sql, id):
            return Player(id, name, as_known(known))
        return None

    async def rename(self, player: str, name: str) -> None:
        await self._pool.write("UPDATE players SET name = $2 WHERE id = $1", player, name)

    async def head_to_head(self, player: str) -> dict[str, HeadToHead]:
        return {opponent: HeadToHead(*counts) for opponent, *counts in await self._pool.read(HEAD_TO_HEAD_SQL, player)}

    async def give(
        self, player: str, match: str, round: int, move: Move, consented_at: int, image: bytes, most: int
    ) -> None:
        async with self._giving:
            sql = "SELECT give($1, $2, $3, $4, $5, $6, $7)"
            await self._pool.write(sql, player, match, round, move.value, consented_at, image, most)

    async def given(self, player: str) -> int:
        async with self._giving:  # behind those that wait to be given here; the function waits for other servers'
            ((count,),) = await self._pool.read("SELECT count_given($1)", player)
            return int(count)

    async def take_back(self, player: str) -> None:
        await self._pool.write("DELETE FROM donations WHERE player = $1", player)

    async def scrub(self) -> None:
        """Write the table of images anew without what was deleted. Copies and PostgreSQL's own log are others' part.

        A row stays for as long as some transaction began before its deletion: it is waited for.
        """
        try:
            connection = await connected(self._address)
            try:
                await connection.execute(f"SET statement_timeout = '{SCRUB_S}s'; SET lock_timeout = '4s'")
                for pause in STILL_READ_S:
                    if not await _left(connection):
                        return
                    await asyncio.sleep(pause)
            finally:
                connection.terminate()
        except FAULTS as error:
            raise LogUnavailable(said(error)) from error
        raise LogUnavailable("somebody reads the database all the time")


async def _left(connection: asyncpg.Connection) -> bool:
    """Write the table anew; whether deleted rows had to stay in it, as PostgreSQL itself tells."""
    told: list[str] = []

    def hear(_: object, message: asyncpg.PostgresLogMessage) -> None:
        told.extend(re.findall(r"\d+", message.detail or "")[:1])

    connection.add_log_listener(hear)
    try:
        await connection.execute("VACUUM (FULL, VERBOSE) donations", timeout=SCRUB_S)
    finally:
        connection.remove_log_listener(hear)
    return told != ["0"]
