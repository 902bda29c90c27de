"""What servers and the trainer tell each other through PostgreSQL: leases, the ledger, notices and the salt."""

from secrets import token_hex

from server.postgres.pool import Pool

AFTER_SQL = "SELECT number, hash, body FROM ledger WHERE number > $2 ORDER BY number LIMIT $1"
NEWEST_SQL = """
SELECT * FROM (SELECT number, hash, body FROM ledger ORDER BY number DESC LIMIT $1) AS newest ORDER BY number
"""
BEAT_SQL = """
UPDATE lease SET holder = $2, beat = beat + 1 WHERE name = $1 AND holder = $3 AND beat = $4 RETURNING beat
"""


class Desk:
    """Implements `Leases` and `Notices`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def lease(self, name: str) -> tuple[str, int] | None:
        for holder, beat in await self._pool.read("SELECT holder, beat FROM lease WHERE name = $1", name):
            return str(holder), int(beat)
        return None

    async def take(self, name: str, holder: str, seen: tuple[str, int] | None) -> bool:
        if seen is None:
            sql = "INSERT INTO lease VALUES ($1, $2, 1) ON CONFLICT DO NOTHING RETURNING beat"
            return bool(await self._pool.write(sql, name, holder))
        return bool(await self._pool.write(BEAT_SQL, name, holder, *seen))

    async def ledger(self, after: int | None, limit: int) -> list[tuple[int, str, bytes]]:
        sql, given = (NEWEST_SQL, ()) if after is None else (AFTER_SQL, (after,))
        return [(number, hash, body.encode()) for number, hash, body in await self._pool.read(sql, limit, *given)]

    async def last_entry(self) -> int:
        ((last,),) = await self._pool.read("SELECT coalesce(max(number), 0) FROM ledger")
        return int(last)

    async def notice(self, name: str) -> tuple[bytes, int] | None:
        for body, at in await self._pool.read("SELECT body, at FROM notices WHERE name = $1", name):
            return body.encode(), int(at)
        return None

    async def salt(self, given: str) -> str:
        """The assignment salt: the one given, else this database's own, drawn once."""
        if given:
            return given
        await self._pool.write("INSERT INTO settings VALUES ('salt', $1) ON CONFLICT DO NOTHING", token_hex(16))
        ((drawn,),) = await self._pool.read("SELECT value FROM settings WHERE name = 'salt'")
        return str(drawn)
