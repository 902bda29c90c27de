"""The log in a SQLite file: never harmed by opening it, and what a match makes of a damaged or a busy one.

What every database keeps is in `test_database`.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from support.client import connected
from support.databases import opening_of
from support.house import House, running

from game.fold import rebuild
from game.records import Played, Reason, Sealed, Winner
from server import schema
from server.errors import DatabaseError
from server.settings import Durability, Settings
from server.sqlite import SqliteLog, opened
from server.table import now_ms


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    async with opened(tmp_path / "rps.db", Durability.PROCESS) as log:
        yield log


def changed(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(sql)


@pytest.mark.parametrize(("durability", "synchronous"), [(Durability.PROCESS, 1), (Durability.POWER, 2)])
def test_durability_chooses_how_commits_are_synced(durability: Durability, synchronous: int) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema.pragmas(durability))
        assert connection.execute("PRAGMA synchronous").fetchone() == (synchronous,)


async def test_a_second_server_is_kept_out(log: SqliteLog, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="in use by another server"):
        async with opened(tmp_path / "rps.db", Durability.PROCESS):
            pass


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda path: changed(path, "PRAGMA user_version = 99"), "newer version"),
        (lambda path: changed(path, "PRAGMA application_id = 7"), "another program"),
        (lambda path: path.write_bytes(b"not a database, but long enough to look at" * 200), "not a database"),
        (lambda path: scribble(path), "damaged|malformed"),
    ],
)
async def test_what_cannot_be_used_is_said_and_left_alone(tmp_path: Path, harm, told: str) -> None:
    path = tmp_path / "rps.db"
    async with opened(path, Durability.PROCESS) as log:
        for number in range(40):
            player = f"p{number}"
            await log.append([opening_of(f"m{number}", player)], await log.claim(player))
    changed(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    harm(path)
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match=told):
        async with opened(path, Durability.PROCESS):
            pass
    assert path.read_bytes() == before


def scribble(path: Path) -> None:
    """Overwrite a page in the middle."""
    content = bytearray(path.read_bytes())
    content[5 * 4096 : 6 * 4096] = b"\xff" * 4096
    path.write_bytes(content)


CONTRADICTORY = "UPDATE log SET body = json_set(body, '$.scores.player', 77) WHERE kind = 'played' AND match = '{}'"
UNREADABLE = "UPDATE log SET body = '{{' WHERE kind = 'played' AND match = '{}'"


def damage(settings: Settings, sql: str, match: str) -> None:
    changed(settings.database, "DROP TRIGGER log_unchanged; " + sql.format(match))


@pytest.mark.parametrize("sql", [CONTRADICTORY, UNREADABLE])
async def test_a_damaged_record_voids_its_match_and_nothing_else(house_settings: Settings, sql: str) -> None:
    async with running(house_settings) as house, connected(house.url) as client:
        token = (await client.hello())["token"]
        over = await client.play_out(await client.start())
        round = await client.start()
        await client.throw(round)
        await client.until("round")
    damage(house_settings, sql, round["match"])
    async with running(house_settings) as house, connected(house.url) as client:
        assert "match" not in await client.hello(token=token)
        refused = await client.ask("sync", match=round["match"], seen=0)
        assert refused["code"] == "corrupt-record"
        fresh = await client.start()
        opened = (await house.parts.log.records(fresh["match"]))[0]
        assert opened.known.rounds == over["rounds"]
        voided = await house.parts.log.fetch("SELECT winner, reason FROM matches WHERE id = ?", round["match"])
        assert voided == [(Winner.TIE, Reason.VOID)]


@pytest.mark.parametrize("sql", [CONTRADICTORY, UNREADABLE])
async def test_a_damaged_match_keeps_no_other_from_expiring(house_settings: Settings, sql: str) -> None:
    rounds = []
    async with running(house_settings) as house:
        for _ in range(2):
            async with connected(house.url) as client:
                await client.hello()
                rounds.append(await client.start())
                await client.throw(rounds[-1])
    damage(house_settings, sql, rounds[0]["match"])
    async with running(house_settings) as house:
        assert await house.parts.table.expire(now_ms() + 1) == 2
        ended = await house.parts.log.fetch("SELECT reason FROM matches ORDER BY opened_at")
        assert ended == [(Reason.VOID,), (Reason.EXPIRED,)]


async def test_one_who_is_here_is_not_expired(house: House) -> None:
    async with connected(house.url) as client:
        await client.hello()
        round = await client.start()
        assert await house.parts.table.expire(now_ms() + 1) == 0
        await client.throw(round)


async def test_a_match_that_nobody_came_back_to_is_closed(house: House) -> None:
    async with connected(house.url) as client:
        token = (await client.hello())["token"]
        round = await client.start()
    assert await house.parts.table.expire(now_ms() - 60_000) == 0
    assert await house.parts.table.expire(now_ms() + 1) == 1
    async with connected(house.url) as client:
        assert "match" not in await client.hello(token=token)
        await client.say("sync", match=round["match"], seen=2)
        assert (await client.until("over"))["reason"] == "expired"


async def test_another_process_that_writes_costs_no_round(house: House) -> None:
    """Through a whole match a writer takes the file's lock in the middle of each round and keeps it for 100 ms."""
    async with connected(house.url) as client:
        await client.hello()
        round = await client.start()
        with closing(sqlite3.connect(house.parts.settings.database, isolation_level=None)) as rival:
            for number in count(1):
                rival.execute("BEGIN IMMEDIATE")
                await client.say("move", match=round["match"], round=round["round"], move="rock")
                await asyncio.sleep(0.1)
                rival.execute("INSERT INTO ledger VALUES (?, ?, '{}')", (number, f"h{number}"))
                rival.execute("COMMIT")
                assert (await client.hear())["type"] == "result"
                round = await client.hear()
                if round["type"] == "over":
                    break
    assert number == round["rounds"]
    numbered = [message["seq"] for message in client.heard if "seq" in message]
    assert numbered == list(range(1, round["seq"] + 1))
    assert rebuild(await house.parts.log.records(round["match"])).closed is not None


async def test_a_log_that_takes_nothing_costs_no_move(house: House) -> None:
    """While writes fail a move is refused and does not count; afterwards the same move is played."""
    async with connected(house.url) as client:
        await client.hello()
        round = await client.start()
        with closing(sqlite3.connect(house.parts.settings.database, isolation_level=None)) as rival:
            rival.execute("CREATE TRIGGER full BEFORE INSERT ON log BEGIN SELECT RAISE(ABORT, 'disk full'); END")
            refused = await client.ask("move", match=round["match"], round=1, move="paper")
            assert (refused["code"], refused["round"]) == ("log-unavailable", 1)
            rival.execute("DROP TRIGGER full")
        assert (await client.throw(round, "rock"))["player_move"] == "rock"
        written = await house.parts.log.records(round["match"])
        assert [type(record) for record in written[1:3]] == [Sealed, Played]
