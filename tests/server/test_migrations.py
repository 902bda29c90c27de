"""PostgreSQL's tables: made once by whoever comes first, brought up to date step by step, and only if ours."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from support.databases import asked, changed, opening_of
from support.services import POSTGRES

from server import schema
from server.errors import DatabaseError
from server.postgres.log import opened
from server.postgres.migrate import migrate
from server.postgres.steps import STEPS

EVERYTHING = """
SELECT 'column', table_name || '.' || column_name, data_type || coalesce(column_default, '') || is_nullable
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'routine', proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3
"""


WAITS = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def described(address: str) -> list[tuple[Any, ...]]:
    """Every column, index, trigger and function, and which steps were taken."""
    found = await asked(address, EVERYTHING.strip())
    taken = await asked(address, "SELECT to_regclass('schema_steps')")
    if taken != [(None,)]:
        found += await asked(address, "SELECT to_jsonb(schema_steps)::text FROM schema_steps ORDER BY 1")
    return found


async def migrated(address: str, steps: tuple[str, ...]) -> None:
    connection = await asyncpg.connect(address)
    try:
        await migrate(connection, steps)
    finally:
        await connection.close()


async def refused(address: str, match: str) -> None:
    """The database is refused with these words, and nothing in it has changed."""
    before = await described(address)
    with pytest.raises(DatabaseError, match=match) as error:
        async with opened(address):
            pass
    assert "Nothing in it was changed" in str(error.value)
    assert await described(address) == before


async def test_five_servers_that_start_together_make_the_tables_once(postgres: str) -> None:
    async def start(number: int) -> None:
        async with opened(postgres) as log:
            await log.append([opening_of(f"m{number}", f"p{number}")], await log.claim(f"p{number}"))

    async with asyncio.timeout(120):
        await asyncio.gather(*(start(number) for number in range(5)))
    taken = await asked(postgres, "SELECT number FROM schema_steps ORDER BY number")
    assert taken == [(number,) for number in range(1, len(STEPS) + 1)]
    assert await asked(postgres, "SELECT count(*), max(position) FROM log") == [(5, 5)]


async def test_opening_again_changes_nothing(postgres: str) -> None:
    async with opened(postgres):
        pass
    before = await described(postgres)
    async with opened(postgres):
        pass
    assert await described(postgres) == before


@pytest.mark.parametrize("there", range(1, len(STEPS)))
async def test_an_older_database_keeps_everything_and_gains_what_is_new(postgres: str, there: int) -> None:
    await migrated(postgres, STEPS[:there])
    await changed(postgres, "INSERT INTO players VALUES ('p1', 'Ada', 1)")
    async with opened(postgres) as log:
        player = await log.player("p1")
        assert player is not None
        assert player.name == "Ada"
        assert await log.last_entry() == 0
        assert await log.given("p1") == 0
    assert len(await asked(postgres, "SELECT 1 FROM schema_steps")) == len(STEPS)


async def test_a_step_that_fails_leaves_the_database_at_the_one_before(postgres: str) -> None:
    await migrated(postgres, STEPS)
    before = await described(postgres)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrated(postgres, (*STEPS, "CREATE TABLE more (a text); INSERT INTO more VALUES (1 / 0)"))
    assert await described(postgres) == before
    async with opened(postgres) as log:
        assert await log.last_position() == 0


async def test_a_step_that_was_changed_since_it_was_taken_is_refused(postgres: str) -> None:
    await migrated(postgres, (STEPS[0], STEPS[1] + "-- changed"))
    await refused(postgres, r"Step 2 of the database's tables is not the one that this program has")


async def test_a_database_of_a_newer_program_is_refused(postgres: str) -> None:
    await migrated(postgres, (*STEPS, "CREATE TABLE more (a text)"))
    await refused(postgres, rf"newer version \(schema {len(STEPS) + 1}, this program knows {len(STEPS)}\)")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE theirs (a text)",
        "CREATE VIEW theirs AS SELECT 1 AS a",
        "CREATE TABLE schema_steps (version text)",
    ],
)
async def test_a_database_of_another_program_is_refused(postgres: str, sql: str) -> None:
    await changed(postgres, sql)
    await refused(postgres, "another program's")


async def test_a_database_that_cannot_hold_every_text_is_refused(postgres: str) -> None:
    name = f"{urlsplit(postgres).path.strip('/')}_ascii"
    await changed(
        POSTGRES, f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    try:
        await refused(urlsplit(postgres)._replace(path=f"/{name}").geturl(), "holds text as SQL_ASCII")
    finally:
        await changed(POSTGRES, f"DROP DATABASE {name} WITH (FORCE)")


async def test_one_who_changes_the_tables_for_too_long_is_not_waited_for(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.postgres.migrate.PATIENCE_S", 1)
    connection = await asyncpg.connect(postgres)
    try:
        await connection.execute(f"SELECT pg_advisory_lock({schema.APPLICATION})")
        await refused(postgres, "Another server has been changing the tables for 1 s")
    finally:
        await connection.close()
    async with opened(postgres) as log:
        assert await log.last_position() == 0


async def test_the_tables_are_those_of_the_sqlite_file(postgres: str, tmp_path: Path) -> None:
    """Equal names and columns in equal order, but for what is known of players; PostgreSQL has four tables more."""
    async with opened(postgres):
        pass
    sql = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    theirs: dict[str, list[str]] = {}
    for table, column in await asked(postgres, f"{sql} ORDER BY table_name, ordinal_position"):
        theirs.setdefault(table, []).append(column)
    schema.prepare(tmp_path / "rps.db").close()
    with closing(sqlite3.connect(tmp_path / "rps.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        ours = {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in tables}
    ours.pop("sqlite_sequence")
    ours["players"].remove("known")
    assert {name: theirs.pop(name) for name in ours} == ours
    assert theirs.pop("knowledge") == ["player", "known"]
    assert set(theirs) == {"log_head", "claims", "schema_steps"}


@pytest.mark.parametrize("table", ["log", "ledger", "gesture_ledger"])
async def test_what_only_grows_cannot_be_emptied_either(postgres: str, table: str) -> None:
    async with opened(postgres) as log:
        await log.append([opening_of("m1", "p1")], await log.claim("p1"))
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await changed(postgres, f"TRUNCATE {table}")
        assert len(await log.records("m1")) == 1


async def test_of_two_trainers_one_adds_the_entry(postgres: str) -> None:
    """Both have begun before either ends; the second one is told as one is that comes later."""
    async with opened(postgres):
        pass
    one, other = await asyncpg.connect(postgres), await asyncpg.connect(postgres)
    try:
        await one.execute("BEGIN; INSERT INTO ledger VALUES (1, 'h1', '{}')")
        late = asyncio.ensure_future(other.execute("INSERT INTO ledger VALUES (1, 'h2', '{}')"))
        async with asyncio.timeout(120):
            while not await asked(postgres, WAITS):
                assert not late.done()
        await one.execute("COMMIT")
        with pytest.raises(asyncpg.UniqueViolationError):
            await late
        assert await asked(postgres, "SELECT number, hash FROM ledger") == [(1, "h1")]
    finally:
        await one.close()
        await other.close()
