"""What a round of the log takes in PostgreSQL and in JetStream, asked of servers that run here."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from secrets import token_hex

import asyncpg
import nats

SAMPLE = 20_000
"""Rows of the log, from its beginning."""
Row = tuple[int, str, int, str, int, str]


def in_postgres(url: str, database: Path) -> float:
    """Bytes of table and indexes for each round, freshly filled; nothing of it stays."""
    rows, rounds = _sample(database)
    return asyncio.run(_table(url, rows)) / rounds


def in_stream(url: str, database: Path) -> float:
    """Bytes of a stream in files for each round, headers included; nothing of it stays."""
    rows, rounds = _sample(database)
    return asyncio.run(_stream(url, rows)) / rounds


def _sample(database: Path) -> tuple[list[Row], int]:
    """(rows, how many rounds were played in them)."""
    with closing(sqlite3.connect(database)) as connection:
        rows: list[Row] = connection.execute(
            "SELECT position, match, round, kind, at, body FROM log ORDER BY position LIMIT ?", (SAMPLE,)
        ).fetchall()
    return rows, sum(row[3] == "played" for row in rows)


async def _table(url: str, rows: list[Row]) -> int:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "CREATE TEMP TABLE sized (position bigint PRIMARY KEY, match text NOT NULL, round integer NOT NULL, "
            "kind text NOT NULL, at bigint NOT NULL, body text NOT NULL, UNIQUE (match, round, kind))"
        )
        await connection.execute("CREATE INDEX sized_closed ON sized (position) WHERE kind = 'closed'")
        await connection.copy_records_to_table("sized", records=rows)
        return int(await connection.fetchval("SELECT pg_total_relation_size('sized')"))
    finally:
        await connection.close()


async def _stream(url: str, rows: list[Row]) -> int:
    name = f"rps-sizing-{token_hex(6)}"
    client = await nats.connect(url)
    stream = client.jetstream()
    await stream.add_stream(name=name, subjects=[f"{name}.*"])
    try:
        for position, match, round, kind, at, body in rows:
            told = {"Position": position, "Match": match, "Round": round, "Kind": kind, "At": at}
            headers = {f"Rps-{key}": str(value) for key, value in told.items()}
            headers |= {"Nats-Msg-Id": f"{match}:{round}:{kind}", "Nats-Expected-Last-Sequence": str(position - 1)}
            await stream.publish(f"{name}.{kind}", body.encode(), headers=headers)
        return (await stream.stream_info(name)).state.bytes
    finally:
        await stream.delete_stream(name)
        await client.close()
