"""The standings that are kept up row by row are what the matches themselves say, whatever way the rows come."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import replace
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from support import databases, services
from support.jetstream import needs_nats_server, outsider, own_nats
from support.logged import Scribe, rows, under_way, until
from support.play import opening

from game.assignment import Arm
from game.knowledge import NOTHING
from game.records import Closed, PlayerKind, Reason, Scores, Winner
from server import database as either
from server.__main__ import main
from server.errors import LogUnavailable
from server.meters import Meters
from server.ports import Claim, Database, Entry, Player
from server.projections import postgres as of_postgres
from server.projections import tables
from server.projections.deltas import Deltas, ended, fold
from server.projections.fill import add, catch_up
from server.projections.opening import kept
from server.projections.ports import Projected
from server.settings import Settings
from server.stream import projection, relay
from server.stream.place import Kept
from server.stream.projection import Projection, consumer
from server.stream.relay import Relay

address = databases.address
database = databases.database
postgres = services.postgres
stream = services.stream

NOWHERE = "nats://127.0.0.1:1"
PLAYERS = 4
Step = tuple[int, PlayerKind, str, Arm, Winner, Reason, int, str]
STEPS: st.SearchStrategy[Step] = st.tuples(
    st.integers(0, PLAYERS - 1),
    st.sampled_from(PlayerKind),
    st.sampled_from(["brian", "logan"]),
    st.sampled_from(Arm),
    st.sampled_from(Winner),
    st.sampled_from(Reason),
    st.integers(0, 104),
    st.sampled_from(["brian-1", "brian-2", ""]),
)


class Chronicle:
    """Matches of a few players that begin and end as the steps say: a player's next one begins or ends theirs."""

    def __init__(self, log: Database) -> None:
        self._log = log
        self._live: dict[int, str] = {}
        self._claims: dict[int, Claim] = {}
        self._numbers = count(1)

    async def add(self, step: Step) -> None:
        player, kind, opponent, alias, winner, reason, points, version = step
        if player not in self._claims:
            await self._log.register(Player(f"p{player}", f"Ödön {player}"))
            self._claims[player] = await self._log.claim(f"p{player}")
        if player in self._live:
            match, round = self._live.pop(player), 1 + points // 10
            ends = Closed(match, round, winner, reason, Scores(points, 50), version, NOTHING, at=2)
            await self._log.append([ends], self._claims[player])
        else:
            match = self._live[player] = f"m{next(self._numbers)}"
            begins = replace(
                opening(), match=match, player=f"p{player}", player_kind=kind, opponent=opponent, alias=alias
            )
            await self._log.append([begins], self._claims[player])


def drawn(chance: Random, many: int) -> list[Step]:
    """So many steps by chance."""
    kinds, arms, winners, reasons = list(PlayerKind), list(Arm), list(Winner), list(Reason)
    return [
        (
            chance.randrange(PLAYERS),
            chance.choice(kinds),
            chance.choice(["brian", "logan"]),
            chance.choice(arms),
            chance.choice(winners),
            chance.choice(reasons),
            chance.randrange(105),
            chance.choice(["brian-1", "brian-2", ""]),
        )
        for _ in range(many)
    ]


async def assert_equal(projected: Projected, log: Database) -> None:
    assert await projected.position() == await log.last_position()
    assert await projected.leaders() == await log.leaders()
    assert await projected.served() == await log.served()
    assert await projected.totals() == await log.totals()


def pieces(whole: Sequence[Entry], chance: Random) -> list[Sequence[Entry]]:
    """The rows cut anywhere, in order; some pieces come twice, some too early, some overlap the one before."""
    found: list[Sequence[Entry]] = []
    begin = 0
    while begin < len(whole):
        end = begin + chance.randrange(1, 8)
        if chance.random() < 0.2:
            found.append(whole[end : end + 3])
        if chance.random() < 0.2:
            found.append(whole[max(0, begin - 2) : end])
        found += [whole[begin:end]] * chance.randrange(1, 3)
        begin = end
    return [piece for piece in found if piece]


@given(st.lists(STEPS, max_size=40), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_however_the_rows_come_the_standings_are_what_the_matches_say(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step], chance: Random
) -> None:
    async def run() -> None:
        here = Settings(data_dir=str(tmp_path_factory.mktemp("standings")), stream_url=NOWHERE)
        async with either.opened(here) as log, kept(here) as projected:
            assert projected is not None
            await _told_and_compared(log, projected, steps, chance)

    asyncio.run(run())


@pytest.fixture
async def projected(address: str, database: Database) -> AsyncIterator[Projected]:
    """The standings of `database`."""
    async with kept(Settings(database_url=address, stream_url=NOWHERE)) as projected:
        assert projected is not None
        yield projected


async def test_in_either_database_the_standings_are_what_the_matches_say(
    database: Database, projected: Projected
) -> None:
    chance = Random(7)
    await _told_and_compared(database, projected, drawn(chance, 150), chance)
    assert len(await projected.leaders()) == PLAYERS and len(await projected.served()) > 5


async def _told_and_compared(log: Database, projected: Projected, steps: list[Step], chance: Random) -> None:
    chronicle = Chronicle(log)
    for step in steps:
        await chronicle.add(step)
    for piece in pieces(await rows(log), chance):
        before = await projected.position()
        assert await add(projected, piece) == (piece[0].position == before + 1)
    await assert_equal(projected, log)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_folding_in_parts_adds_up_to_folding_at_once(cuts: list[int], chance: Random) -> None:
    """Without any database: rows that `fold` is given in parts, with the seats that the earlier parts left."""
    whole = _entries(chance, sum(cuts))
    at_once = fold(whole, {})
    live, players, versions, matches, begin = {}, {}, {}, 0, 0
    for cut in cuts:
        part = whole[begin : begin + cut]
        deltas = fold(part, {match: live[match] for match in ended(part) if match in live})
        live = {match: seat for match, seat in live.items() if match not in deltas.left}
        live |= {seat.match: seat for seat in deltas.seated}
        for sums, added in ((players, deltas.players), (versions, deltas.versions)):
            for who, tally in added.items():
                sums[who] = sums[who] + tally if who in sums else tally
        matches, begin = matches + deltas.matches, begin + cut
    assert (players, versions, matches) == (at_once.players, at_once.versions, at_once.matches)
    assert set(live) == {seat.match for seat in at_once.seated}


def _entries(chance: Random, many: int) -> list[Entry]:
    """Rows of three players whose matches begin and end."""
    found: list[Entry] = []
    live: dict[int, str] = {}
    for position in range(1, many + 1):
        player = chance.randrange(3)
        if player in live:
            winner, reason = chance.choice(list(Winner)), chance.choice(list(Reason))
            record = Closed(live.pop(player), 5, winner, reason, Scores(30, 50), "v1", NOTHING, at=2)
        else:
            live[player] = f"m{position}"
            record = replace(opening(), match=live[player], player=f"p{player}")
        kind = "closed" if isinstance(record, Closed) else "opened"
        found.append(Entry(position, record.match, record.round, kind, 1, json.encode(record)))
    return found


async def test_a_row_that_cannot_be_read_counts_for_nothing_and_holds_nothing_up(
    database: Database, projected: Projected, caplog: pytest.LogCaptureFixture
) -> None:
    await Scribe(database).matches(2)
    whole = await rows(database)
    harmed = [replace(row, body=b"{") if row.position == len(whole) else row for row in whole]
    assert await add(projected, harmed)
    assert (await projected.totals()).matches == 1 and (await projected.totals()).live == 1
    assert f"Row {len(whole)} of the log counts for nothing" in caplog.text


async def test_two_who_add_the_same_rows_at_once_add_them_once(database: Database, projected: Projected) -> None:
    await Scribe(database).matches(6)
    await asyncio.gather(*(catch_up(database, projected) for _ in range(2)))
    await assert_equal(projected, database)


async def test_a_reader_never_sees_half_of_what_is_added(database: Database, projected: Projected) -> None:
    """Every match counts one in the totals and one for its version: never the one without the other."""
    await Scribe(database).matches(8)
    whole, seen = await rows(database), set()

    async def adding() -> None:
        for row in whole:
            await add(projected, [row])

    task = asyncio.create_task(adding())
    while not task.done():
        before, versions, after = await projected.totals(), await projected.served(), await projected.totals()
        if before.matches == after.matches:
            assert sum(version.matches for version in versions) == before.matches
            seen.add(before.matches)
    await task
    assert len(seen) > 1


async def test_made_again_they_are_the_same(database: Database, projected: Projected) -> None:
    await Scribe(database).matches(5)
    await catch_up(database, projected)
    before = await projected.leaders(), await projected.served(), await projected.totals()
    await projected.reset()
    assert await projected.leaders() == [] and (await projected.totals()).matches == 0
    await catch_up(database, projected)
    assert (await projected.leaders(), await projected.served(), await projected.totals()) == before
    await assert_equal(projected, database)


async def test_a_server_that_is_held_up_while_it_adds_keeps_the_others_out_for_some_seconds_only(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_postgres, "HELD_UP_S", 1)
    async with either.opened(Settings(database_url=postgres)) as log, of_postgres.opened(postgres) as other:
        await Scribe(log).matches(2)
        held_up = await asyncpg.connect(postgres, server_settings=of_postgres.session())
        await held_up.execute("BEGIN")
        await held_up.execute(tables.MOVE, 0, 5, 1, 5)  # and no more is heard of it
        async with asyncio.timeout(120):
            while await other.position() == 0:
                with suppress(LogUnavailable):
                    await catch_up(log, other)
        await catch_up(log, other)
        await assert_equal(other, log)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await held_up.execute("COMMIT")
        held_up.terminate()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long, and many batches are needed."""
    monkeypatch.setattr(relay, "BATCH", 16)
    monkeypatch.setattr(relay, "IDLE_S", 0.01)
    monkeypatch.setattr(relay, "PAUSE_S", 0.05)
    monkeypatch.setattr(projection, "BATCH", 16)
    monkeypatch.setattr(projection, "GATHER_S", 0.01)
    monkeypatch.setattr(projection, "QUIET_S", 0.1)
    monkeypatch.setattr(projection, "WITHOUT_STREAM_S", 0.3)


async def until_equal(projected: Projected, log: Database) -> None:
    """Wait until the standings have come as far as the log, and compare."""
    async with asyncio.timeout(120):
        while await projected.position() < await log.last_position():
            await asyncio.sleep(0.02)
    await assert_equal(projected, log)


def following(log: Database, projected: Projected, where: tuple[str, str]) -> tuple[Relay, Projection]:
    return Relay(log, where[0], Kept(where[1]), Meters()), Projection(log, projected, *where)


async def in_the_stream(where: tuple[str, str], log: Database) -> None:
    """Wait until all that the log has now is published."""
    last = await log.last_position()
    async with asyncio.timeout(120), outsider(where[0]) as client:
        while (await client.jetstream().stream_info(where[1])).state.last_seq < last:
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("hasty")
async def test_the_standings_follow_the_stream(
    database: Database, projected: Projected, stream: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scribe, both = Scribe(database), following(database, projected, stream)
    async with under_way(*(one.run() for one in both)):
        await scribe.matches(2)
        await until_equal(projected, database)
        await _until_it_follows(stream)
        with monkeypatch.context() as patch:  # from now on the log could not help
            patch.setattr(projection, "catch_up", None)
            await scribe.matches(3)
            await until_equal(projected, database)


@pytest.mark.usefixtures("hasty")
async def test_the_lag_tells_of_what_waits_in_the_stream_too(
    database: Database, projected: Projected, stream: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await Scribe(database).matches(4)
    filling, keeping = following(database, projected, stream)
    async with under_way(filling.run()), outsider(stream[0]) as client:
        await _until_made(client, stream[1])
        await in_the_stream(stream, database)
    last, lags = await database.last_position(), []
    apply = projected.apply

    async def applied(begin: int, end: int, deltas: Deltas) -> bool:
        lags.append((begin, keeping.lag))
        return await apply(begin, end, deltas)

    monkeypatch.setattr(projected, "apply", applied)
    async with under_way(keeping.run()):
        await until_equal(projected, database)
        await until(lambda: keeping.lag == 0)
    assert len(lags) > 2 and lags == [(begin, last - begin) for begin, _ in lags]


@pytest.mark.usefixtures("hasty")
async def test_where_a_fetch_ends_without_a_message_the_stream_is_followed_on(
    database: Database, projected: Projected, stream: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scribe, (filling, keeping) = Scribe(database), following(database, projected, stream)
    fetch, fetches = JetStreamContext.PullSubscription.fetch, count()

    async def fetched(reader: JetStreamContext.PullSubscription, *args: Any, **options: Any) -> list[Msg]:
        """Every other time nothing, as nats-py says it where its request has run out on a slow machine."""
        return [] if next(fetches) % 2 == 0 else await fetch(reader, *args, **options)

    monkeypatch.setattr(JetStreamContext.PullSubscription, "fetch", fetched)
    async with under_way(filling.run(), keeping.run()):
        for _ in range(3):
            await scribe.matches(2)
            await until_equal(projected, database)
            await _until_it_follows(stream)
    assert next(fetches) > 4


async def _until_it_follows(where: tuple[str, str]) -> None:
    """Wait until the durable consumer is there and has nothing left to deliver or to be acknowledged."""
    async with asyncio.timeout(120), outsider(where[0]) as client:
        while True:
            try:
                info = await client.jetstream().consumer_info(where[1], consumer(where[1]))
                if info.num_pending == 0 and info.num_ack_pending == 0 and info.num_waiting:
                    return
            except NotFoundError:
                pass
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("hasty")
async def test_two_who_follow_one_stream_and_one_who_makes_all_again_meanwhile_leave_the_standings_right(
    database: Database, projected: Projected, stream: tuple[str, str]
) -> None:
    scribe, (filling, first) = Scribe(database), following(database, projected, stream)
    second = Projection(database, projected, *stream)
    async with under_way(filling.run(), first.run(), second.run()):
        for _ in range(3):
            await scribe.matches(3)
            await projected.reset()
        await scribe.matches(3)
        await until_equal(projected, database)


@pytest.mark.usefixtures("hasty")
async def test_what_the_stream_no_longer_has_is_read_from_the_log(
    database: Database, projected: Projected, stream: tuple[str, str]
) -> None:
    scribe, (filling, keeping) = Scribe(database), following(database, projected, stream)
    async with under_way(filling.run()):
        await scribe.matches(4)
        async with outsider(stream[0]) as client:
            await _until_made(client, stream[1])
            await in_the_stream(stream, database)
            await client.jetstream().purge_stream(stream[1], keep=20)
        async with under_way(keeping.run()):
            await until_equal(projected, database)


async def _until_made(client, name: str) -> None:
    async with asyncio.timeout(120):
        while name not in [info.config.name for info in await client.jetstream().streams_info()]:
            await asyncio.sleep(0.02)


@needs_nats_server
@pytest.mark.usefixtures("hasty")
async def test_while_nats_is_away_the_standings_are_kept_up_from_the_log(
    database: Database, projected: Projected, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    scribe = Scribe(database)
    async with own_nats(tmp_path / "nats") as server:
        both = following(database, projected, (server.url, "rounds"))
        async with under_way(*(one.run() for one in both)):
            for outages in range(2):
                await until(lambda: caplog.text.count("The standings are kept up from the log.") == 1 + outages)  # noqa: B023
                await scribe.matches(2)
                await until_equal(projected, database)
                await server.start()
                await scribe.matches(2)
                await until_equal(projected, database)
                await _until_it_follows((server.url, "rounds"))
                server.kill()


@pytest.mark.usefixtures("hasty")
async def test_without_a_stream_they_are_kept_up_from_the_log(database: Database, projected: Projected) -> None:
    scribe = Scribe(database)
    async with under_way(Projection(database, projected, "", "").run()):
        for _ in range(2):
            await scribe.matches(2)
            await until_equal(projected, database)


@pytest.mark.usefixtures("hasty")
async def test_a_stream_of_somebody_else_changes_nothing_in_the_standings(
    database: Database, projected: Projected, stream: tuple[str, str], tmp_path: Path
) -> None:
    elsewhere = Settings(data_dir=str(tmp_path / "elsewhere"))
    async with either.opened(elsewhere) as other:
        await Scribe(other, players=1).matches(4)
        async with under_way(Relay(other, stream[0], Kept(stream[1]), Meters()).run()), outsider(stream[0]) as client:
            await _until_made(client, stream[1])
            await in_the_stream(stream, other)
    scribe = Scribe(database)
    async with under_way(Projection(database, projected, *stream).run()):
        await scribe.matches(2)
        await until_equal(projected, database)
        await scribe.matches(1)
        await until_equal(projected, database)


def test_the_command_makes_them_again_from_the_log(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = Settings(database_url=address, stream_url=NOWHERE)
    last = asyncio.run(_played(here))
    monkeypatch.setenv("RPS_DATABASE_URL", address)
    monkeypatch.setenv("RPS_STREAM_URL", NOWHERE)
    assert main(["standings"]) == 0
    assert f"row 0 of {last}." in capsys.readouterr().out
    for _ in range(2):
        assert main(["standings", "--rebuild"]) == 0
        assert f"row {last} of {last}." in capsys.readouterr().out
    asyncio.run(_compared(here))


async def _played(here: Settings) -> int:
    async with either.opened(here) as log:
        await Scribe(log).matches(4)
        return await log.last_position()


async def _compared(here: Settings) -> None:
    async with either.opened(here) as log, kept(here) as projected:
        assert projected is not None
        await assert_equal(projected, log)


def test_one_server_over_its_own_file_has_no_use_for_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RPS_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("RPS_STREAM_URL", raising=False)
    asyncio.run(_played(Settings(data_dir=str(tmp_path))))
    assert main(["standings", "--rebuild"]) == 0
    assert "read from the matches themselves" in capsys.readouterr().out
    with closing(sqlite3.connect(tmp_path / "rps.db")) as connection:
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name LIKE 'standings%'").fetchall()


def test_where_there_is_no_database_the_command_says_so_and_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RPS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("RPS_STREAM_URL", NOWHERE)
    assert main(["standings"]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
