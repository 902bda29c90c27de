"""The database file: what came later is added to an older one, and what is append-only stays as it is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from support.client import connected
from support.house import House, running
from support.play import opening, play_out, records

from game.fold import rebuild
from server import schema
from server.errors import DatabaseError
from server.rows import row
from server.settings import Durability, Settings
from server.sqlite import APPEND, opened
from server.tables import PLAY


def rows(path: Path, sql: str, *parameters: Any) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql, parameters).fetchall()


def described(path: Path) -> set[tuple[str, str, str]]:
    """Every table, index and trigger of the file."""
    return set(rows(path, "SELECT type, name, coalesce(sql, '') FROM sqlite_schema"))


def dump(path: Path) -> dict[str, list[Any]]:
    """All rows of the tables of schema 1."""
    names = ("settings", "log", "players", "tokens", "matches")
    return {name: rows(path, f"SELECT * FROM {name} ORDER BY 1") for name in names}


def first_schema(path: Path, more: str = "") -> None:
    """A file as the first version left it: a finished match and a live one, a player, a token and the salt."""
    _, finished = play_out()
    live = replace(opening(), match="m2")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(f"PRAGMA journal_mode = WAL; BEGIN; {PLAY} COMMIT;")
        connection.executescript(f"PRAGMA application_id = {schema.APPLICATION}; PRAGMA user_version = 1;")
        connection.execute("INSERT INTO settings VALUES ('salt', 'grain')")
        connection.execute("INSERT INTO players VALUES ('p1', 'Ada', NULL, 1)")
        connection.execute("INSERT INTO tokens (hash, player) VALUES ('h', 'p1')")
        connection.executemany(APPEND, [row(record) for record in [*records(finished), live]])
        connection.executescript(more)


async def test_an_older_file_keeps_everything_and_gains_what_is_new(tmp_path: Path) -> None:
    path, new = tmp_path / "rps.db", tmp_path / "new.db"
    first_schema(path)
    before = dump(path)
    assert len(before["log"]) > 10
    async with opened(path, Durability.PROCESS) as log:
        assert rebuild(await log.records("m1")).closed is not None
        assert await log.live_match("p1") == "m2"
        assert await log.salt("") == "grain"
    assert dump(path) == before
    schema.prepare(new).close()
    assert described(path) == described(new)
    assert rows(path, "PRAGMA user_version") == [(3,)]


async def test_an_older_file_is_brought_up_to_date_once(tmp_path: Path) -> None:
    path = tmp_path / "rps.db"
    first_schema(path)
    schema.prepare(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO ledger VALUES (1, 'h', '{}')")
    schema.prepare(path).close()
    assert rows(path, "SELECT number FROM ledger") == [(1,)]


def test_an_update_that_fails_half_way_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rps.db"
    first_schema(path, "CREATE TABLE notices (in_the_way TEXT)")
    before = dump(path), described(path)
    with pytest.raises(DatabaseError, match="already exists"):
        schema.prepare(path)
    assert (dump(path), described(path)) == before
    assert rows(path, "PRAGMA user_version") == [(1,)]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A ledger with three entries."""
    schema.prepare(tmp_path / "rps.db").close()
    with closing(sqlite3.connect(tmp_path / "rps.db", isolation_level=None)) as connection:
        for number in (1, 2, 3):
            connection.execute("INSERT INTO ledger VALUES (?, ?, ?)", (number, f"h{number}", "{}"))
        yield connection


ENTRIES = [(1, "h1", "{}"), (2, "h2", "{}"), (3, "h3", "{}")]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("DELETE FROM ledger", "append-only"),
        ("DELETE FROM ledger WHERE number = 3", "append-only"),
        ("UPDATE ledger SET body = '[]' WHERE number = 2", "append-only"),
        ("UPDATE OR IGNORE ledger SET number = 9 WHERE number = 3", "append-only"),
        ("INSERT INTO ledger VALUES (3, 'h4', '{}')", "the ledger has moved on"),
        ("INSERT INTO ledger VALUES (5, 'h5', '{}')", "the ledger has moved on"),
        ("INSERT INTO ledger VALUES (0, 'h0', '{}')", "the ledger has moved on"),
        ("INSERT INTO ledger VALUES (NULL, 'h4', '{}')", "the ledger has moved on"),
        ("INSERT OR REPLACE INTO ledger VALUES (2, 'h4', '{}')", "the ledger has moved on"),
        ("INSERT OR IGNORE INTO ledger VALUES (3, 'h4', '{}')", "the ledger has moved on"),
        ("INSERT INTO ledger VALUES (4, 'h2', '{}')", "has this entry already"),
        ("INSERT OR REPLACE INTO ledger VALUES (4, 'h2', '{}')", "has this entry already"),
    ],
)
def test_the_ledger_only_grows_by_the_next_number(ledger: sqlite3.Connection, sql: str, told: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=told):
        ledger.execute(sql)
    assert ledger.execute("SELECT * FROM ledger ORDER BY number").fetchall() == ENTRIES
    ledger.execute("INSERT INTO ledger VALUES (4, 'h4', '{}')")


def test_an_empty_ledger_begins_with_one(tmp_path: Path) -> None:
    schema.prepare(tmp_path / "rps.db").close()
    with closing(sqlite3.connect(tmp_path / "rps.db", isolation_level=None)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="moved on"):
            connection.execute("INSERT INTO ledger VALUES (2, 'h', '{}')")
        connection.execute("INSERT INTO ledger VALUES (1, 'h', '{}')")


def test_matches_that_ended_after_a_position_are_found_by_their_index(tmp_path: Path) -> None:
    schema.prepare(tmp_path / "rps.db").close()
    sql = "EXPLAIN QUERY PLAN SELECT position, body FROM log WHERE kind = 'closed' AND position > ? ORDER BY position"
    ((*_, plan),) = rows(tmp_path / "rps.db", sql, 100)
    assert plan == "SEARCH log USING INDEX log_closed (position>?)"


async def test_a_live_match_goes_on_over_the_update(house_settings: Settings) -> None:
    async with running(house_settings) as house, connected(house.url) as client:
        token = (await client.hello())["token"]
        round = await client.start()
    downgrade(house)
    async with running(house_settings) as house, connected(house.url) as client:
        assert (await client.hello(token=token))["match"] == round["match"]
        await client.say("sync", match=round["match"], seen=round["seq"] - 1)
        assert await client.hear() == round
        assert (await client.play_out(round))["reason"] == "target"


def downgrade(house: House) -> None:
    """Make the file one of schema 1 again."""
    with closing(sqlite3.connect(house.parts.settings.database, isolation_level=None)) as connection:
        drop = "DROP TABLE ledger; DROP TABLE lease; DROP TABLE notices; DROP INDEX log_closed;"
        drop += "DROP TABLE gesture_ledger; DROP TABLE donations;"
        connection.executescript(f"{drop} PRAGMA user_version = 1;")
