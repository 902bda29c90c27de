"""PostgreSQL shared by several servers: one order for all, nobody holds up the others, and it may go and come back."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.client import connected
from support.databases import asked, opening_of
from support.house import running
from support.play import opening, play_out, records
from support.way import Way, way_to

from game.fairness import sha256_hex
from game.fold import rebuild
from game.moves import Move
from server.errors import DatabaseError, LogUnavailable, Overtaken
from server.ports import Claim, Player
from server.postgres import connect, people, pool
from server.postgres.log import PostgresLog, opened
from server.settings import Settings

TESTS = Path(__file__).parent.parent
SOON_S = 120


@pytest.fixture
async def two(postgres: str) -> AsyncIterator[tuple[PostgresLog, PostgresLog]]:
    """Two servers' handles on one database."""
    async with opened(postgres) as one, opened(postgres) as other:
        yield one, other


@pytest.fixture
async def way(postgres: str) -> AsyncIterator[Way]:
    async with way_to(postgres) as way:
        yield way


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    """Wait for it, but not for ever."""
    async with asyncio.timeout(SOON_S):
        while not await done():
            await asyncio.sleep(0.02)


async def test_two_servers_write_one_order_that_a_third_reads_without_gaps(two, postgres: str) -> None:
    """Rows are seen in the order of their positions; none is missing before one that is there, and none comes late."""
    _, effects = play_out()
    length = len(records(effects))
    read: list[tuple[int, str, int, str]] = []

    async def play(log: PostgresLog, number: int) -> None:
        player, match = f"p{number}", f"m{number}"
        claim = await log.claim(player)
        _, effects = play_out(opening_of(match, player))
        for record in records(effects):
            await log.append([record], claim)

    async def follow(log: PostgresLog) -> None:
        while len(read) < 30 * length:
            found = await log.since(len(read), 64)
            assert [entry.position for entry in found] == list(range(len(read) + 1, len(read) + len(found) + 1))
            read.extend((entry.position, entry.match, entry.round, entry.kind) for entry in found)

    async with opened(postgres) as third, asyncio.timeout(120):
        await asyncio.gather(follow(third), *(play(two[number % 2], number) for number in range(30)))
    assert max(Counter(row[1:] for row in read).values()) == 1
    expected = [(record.round, type(record).__name__.lower()) for record in records(effects)]
    for number in range(30):
        assert [row[2:] for row in read if row[1] == f"m{number}"] == expected


Deed = tuple[int, bool]


@given(st.lists(st.tuples(st.integers(0, 1), st.booleans()), min_size=1, max_size=25))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_never_do_two_servers_advance_one_match(postgres: str, deeds: list[Deed]) -> None:
    """In whatever order two servers claim a player and write: a write counts if its server's claim is the latest."""

    async def run() -> None:
        async with opened(postgres) as one, opened(postgres) as other:
            player = f"p{await one.last_position()}-{len(await one.fetch('SELECT 1 FROM claims'))}"
            _, effects = play_out(opening_of(f"m-{player}", player))
            waiting, written = records(effects), []
            claims = [await log.claim(player) for log in (one, other)]
            holder = 1
            for who, claiming in deeds:
                log = (one, other)[who]
                if claiming:
                    claims[who], holder = await log.claim(player), who
                elif who == holder:
                    await log.append(waiting[:1], claims[who])
                    written.append(waiting.pop(0))
                else:
                    with pytest.raises(Overtaken):
                        await log.append(waiting[:1], claims[who])
            assert await one.records(f"m-{player}") == written

    asyncio.run(run())


async def test_of_two_servers_that_fight_for_a_player_each_round_is_written_once(two) -> None:
    """Both claim, read, and write the next record again and again; the match is the one that the rules play."""
    match, effects = play_out()
    played = records(effects)

    async def fight(log: PostgresLog) -> int:
        won = 0
        while True:
            claim = await log.claim("p1")
            done = len(await log.records("m1"))
            if done == len(played):
                return won
            try:
                await log.append([played[done]], claim)
                won += 1
            except Overtaken:
                await asyncio.sleep(0)

    async with asyncio.timeout(120):
        won = await asyncio.gather(*(fight(log) for log in two))
    assert sum(won) == len(played)
    assert rebuild(await two[0].records("m1")) == match


async def test_tokens_are_kept_in_order_when_two_servers_issue_them(two) -> None:
    await two[0].register(Player("p1", "Ada"))
    await asyncio.gather(*(two[number % 2].issue("p1", f"t{number}") for number in range(20)))
    kept = [hash for (hash,) in await two[0].fetch("SELECT hash FROM tokens ORDER BY number")]
    assert len(kept) == 8
    tokens = [f"t{number}" for number in range(20)]
    known = [token for token in tokens if sha256_hex(token) in kept]
    newest = max(known, key=lambda token: kept.index(sha256_hex(token)))
    assert {player.id for player in await asyncio.gather(*(log.admit(newest) for log in two))} == {"p1"}
    assert await two[0].fetch("SELECT count(*) FROM tokens") == [(1,)]


async def test_claims_of_other_servers_are_heard(two, postgres: str) -> None:
    one, other = two
    async with aclosing(one.taken_over()) as heard, asyncio.timeout(SOON_S):
        first = asyncio.ensure_future(anext(heard))
        await until(partial(listening, postgres))
        await one.claim("mine")
        claim = await other.claim("p1")
        assert await first == claim
        second = asyncio.ensure_future(anext(heard))
        dying = await asked(postgres, LISTENS)
        await asked(postgres, KILL)
        await until(partial(listening, postgres, dying))
        claim = await other.claim("p2")
        assert await second == claim == Claim("p2", 1)


KILL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
LISTENS = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle'
AND (query LIKE 'LISTEN%' OR query LIKE '%pg_listening_channels()')
"""


async def listening(address: str, dying: Sequence[tuple[int]] = ()) -> bool:
    """Whether somebody else than these listens for claims; whoever does has said so last."""
    return bool(set(await asked(address, LISTENS)) - set(dying))


async def test_play_goes_on_when_every_connection_was_killed(two, postgres: str) -> None:
    """A step that it took with it is tried again as a table does: claim the player, read what is there, go on."""
    one, _ = two
    match, effects = play_out()
    played = records(effects)
    claim = await one.claim("p1")
    done = 0
    async with asyncio.timeout(120):
        while done < len(played):
            assert len(await asked(postgres, KILL)) >= 1
            try:
                await one.append([played[done]], claim)
                done += 1
            except LogUnavailable:
                await until(partial(well, one))
                claim = await one.claim("p1")
                done = len(await one.records("m1"))
    assert rebuild(await one.records("m1")) == match


async def test_while_postgresql_is_away_all_is_refused_soon_and_afterwards_play_goes_on(way: Way) -> None:
    async with opened(way.address) as log:
        claim = await log.claim("p1")
        await log.append([opening()], claim)
        way.closed = True
        way.cut()
        _, effects = play_out()
        _, sealed, *_ = records(effects)
        refused = [
            log.append([sealed], claim),
            log.claim("p1"),
            log.records("m1"),
            log.register(Player("p1", "Ada")),
            log.lease("relay"),
            log.leaders(),
            log.scrub(),
        ]
        async with asyncio.timeout(120):
            done = await asyncio.gather(*refused, return_exceptions=True)
        assert [each for each in done if not isinstance(each, LogUnavailable)] == []
        await until(partial(faulty, log))
        assert "PostgreSQL cannot be reached" in (log.fault or "")
        way.closed = False
        await until(partial(well, log))
        claim = await log.claim("p1")
        assert await log.records("m1") == [opening()]
        await log.append([sealed], claim)
        assert await log.records("m1") == [opening(), sealed]


async def well(log: PostgresLog) -> bool:
    """Whether it answers, and says so."""
    try:
        await log.last_position()
    except LogUnavailable:
        return False
    return log.fault is None


async def faulty(log: PostgresLog) -> bool:
    """Whether it says that it does not answer."""
    return log.fault is not None


async def test_while_postgresql_is_silent_all_is_refused_soon(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is closed, as when a cable is pulled: those who wait at that moment are told, and nobody waits after."""
    monkeypatch.setattr(connect, "COMMAND_S", 0.5)
    monkeypatch.setattr(pool, "COMMAND_S", 0.5)
    async with opened(way.address) as log:
        claim = await log.claim("p1")
        way.deaf = True
        async with asyncio.timeout(connect.CONNECT_S * 2):
            done = await asyncio.gather(log.append([opening()], claim), log.records("m1"), return_exceptions=True)
            assert [type(each) for each in done if not isinstance(each, LogUnavailable)] == []
            await until(partial(faulty, log))
            for refused in log.append([opening()], claim), log.claim("p1"), log.records("m1"), log.salt(""):
                with pytest.raises(LogUnavailable, match="does not answer in time"):
                    await refused
        way.deaf = False
        way.cut()
        await until(partial(well, log))
        claim = await log.claim("p1")
        if not await log.records("m1"):
            await log.append([opening()], claim)
        assert await log.records("m1") == [opening()]


async def test_a_write_whose_answer_was_lost_is_settled_by_the_next_claim(way: Way, postgres: str) -> None:
    async with opened(way.address) as log, opened(postgres) as other:
        await log.append([opening_of("m0", "p0")], await log.claim("p0"))
        claim = await log.claim("p1")
        way.deaf = True
        writing = asyncio.ensure_future(log.append([opening()], claim))
        await until(partial(longer_than, other, 1))
        way.cut()
        way.deaf = False
        with pytest.raises(LogUnavailable):
            await writing
        await until(partial(well, log))
        claim = await log.claim("p1")
        assert await log.records("m1") == [opening()]
        with pytest.raises(LogUnavailable):
            await log.append([opening()], claim)
        assert await log.last_position() == 2


async def longer_than(log: PostgresLog, position: int) -> bool:
    return await log.last_position() > position


async def test_a_server_that_stops_before_its_last_byte_holds_up_nobody(way: Way, postgres: str) -> None:
    """PostgreSQL has all of the write but the end of the message; the rows are there and others go on."""
    async with opened(postgres) as other, opened(way.address) as log:
        await log.append([opening_of("m0", "p0")], await log.claim("p0"))
        claims = await log.claim("p1"), await other.claim("p2")
        way.unfinished = True
        writing = asyncio.ensure_future(log.append([opening()], claims[0]))
        await asyncio.wait_for(way.held_back.wait(), SOON_S)
        async with asyncio.timeout(connect.STATEMENT_S / 2):
            await until(partial(longer_than, other, 1))
            await other.append([opening_of("m2", "p2")], claims[1])
        assert not writing.done()
        assert [entry.match for entry in await other.since(1, 5)] == ["m1", "m2"]
        way.unfinished = False
        way.cut()
        with pytest.raises(LogUnavailable):
            await writing


async def test_a_server_that_stops_while_it_gives_out_a_token_holds_up_no_commit(way: Way, postgres: str) -> None:
    """The player's row is locked by then; their match is ended by another server all the same."""
    async with opened(postgres) as other, opened(way.address) as log:
        await log.register(Player("p1", "Ada"))
        claim = await other.claim("p1")
        way.unfinished = True
        issuing = asyncio.ensure_future(log.issue("p1", "token"))
        await asyncio.wait_for(way.held_back.wait(), SOON_S)
        match, effects = play_out(opening())
        async with asyncio.timeout(connect.STATEMENT_S / 2):
            await other.append(records(effects), claim)
        assert match.closed is not None
        assert (await other.player("p1")) == Player("p1", "Ada", match.closed.known)
        assert not issuing.done()
        way.unfinished = False
        way.cut()
        with pytest.raises(LogUnavailable):
            await issuing


async def test_who_is_idle_at_another_server_is_left_to_it_until_it_has_gone(postgres: str) -> None:
    async with opened(postgres) as log:
        async with opened(postgres) as other:
            await other.append([opening_of("m1", "p1")], await other.claim("p1"))
            assert await other.idle_players(100) == ["p1"]
            assert await log.idle_players(100) == []
        await until(partial(idle, log, ["p1"]))
        await log.claim("p1")
        assert await log.idle_players(100) == ["p1"]


async def idle(log: PostgresLog, players: list[str]) -> bool:
    return await log.idle_players(100) == players


async def test_a_process_stopped_in_the_middle_of_its_writes_holds_up_nobody(postgres: str) -> None:
    """Again and again a busy writer is stopped at whatever it does; another server commits and takes its players."""
    path = os.pathsep.join((str(TESTS), str(TESTS.parent)))
    command = sys.executable, "-m", "support.writes", postgres, "24"
    async with opened(postgres) as log, asyncio.timeout(120):
        mine = await log.claim("other")
        busy = await asyncio.create_subprocess_exec(*command, stdout=PIPE, env={**os.environ, "PYTHONPATH": path})
        assert busy.stdout is not None
        try:
            told = [await busy.stdout.readline() for _ in range(24)]
            assert {line.split()[0] for line in told} == {b"claimed"}
            for turn in range(12):
                before = await log.last_position()
                await until(partial(longer_than, log, before))
                busy.send_signal(signal.SIGSTOP)
                async with asyncio.timeout(connect.STATEMENT_S / 2):
                    _, effects = play_out(opening_of(f"other-{turn}", "other"))
                    await log.append(records(effects), mine)
                    await log.claim(f"p{turn}")
                busy.send_signal(signal.SIGCONT)
                assert (await busy.stdout.readline()).split() == [b"overtaken", f"p{turn}".encode()]
        finally:
            busy.kill()
            await busy.wait()
        # in one statement: what the killed one had sent may still be committed
        ((count, first, last),) = await log.fetch("SELECT count(*), min(position), max(position) FROM log")
        assert (first, last) == (1, count) and await log.last_position() >= last


async def test_who_waits_too_long_for_the_others_is_told_so(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody holds the lock by hand: a write gives up, comes to nothing, and the next one succeeds."""
    monkeypatch.setitem(connect.SESSION, "statement_timeout", "200ms")
    async with opened(postgres) as log:
        claim = await log.claim("p1")
        holder = await connect.connected(postgres)
        try:
            await holder.execute("SET statement_timeout = 0; BEGIN; SELECT FROM log_head FOR UPDATE")
            with pytest.raises(LogUnavailable, match="statement timeout"):
                await log.append([opening()], claim)
            with pytest.raises(LogUnavailable, match="statement timeout"):
                await log.claim("p2")
        finally:
            await holder.close()
        await log.append([opening()], claim)
        assert [entry.position for entry in await log.since(0, 5)] == [1]


async def test_of_a_deleted_image_no_byte_stays_in_the_table(two, postgres: str) -> None:
    one, _ = two
    await one.register(Player("p1", "Ada"))
    mark = b"a hand that nobody else has made" * 200
    await one.give("p1", "m1", 1, Move.ROCK, 5, mark, 9)
    assert await stored(postgres, mark[:64])
    await one.take_back("p1")
    await one.scrub()
    assert not await stored(postgres, mark[:64])


async def test_whoever_may_still_see_a_deleted_image_is_waited_for(two, postgres: str, monkeypatch) -> None:
    one, _ = two
    await one.register(Player("p1", "Ada"))
    mark = b"a hand that nobody else has made" * 200
    await one.give("p1", "m1", 1, Move.ROCK, 5, mark, 9)
    reader = await connect.connected(postgres)
    try:
        await reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM players")
        await one.take_back("p1")
        monkeypatch.setattr(people, "STILL_READ_S", (0.01, 0.01))
        with pytest.raises(LogUnavailable, match="somebody reads"):
            await one.scrub()
        assert await stored(postgres, mark[:64])
        monkeypatch.setattr(people, "STILL_READ_S", (0.1,) * 600)
        scrubbing = asyncio.create_task(one.scrub())
        await asyncio.sleep(0.5)
        assert not scrubbing.done()
        await reader.execute("COMMIT")
        await scrubbing
    finally:
        await reader.close()
    assert not await stored(postgres, mark[:64])


async def stored(address: str, mark: bytes) -> bool:
    """Whether the bytes stand in a file of the table of images, as it is on the disk now."""
    await asked(address, "CHECKPOINT")
    sql = """
        SELECT position($1 IN pg_read_binary_file(pg_relation_filepath(c.oid))) > 0 FROM pg_class AS c
        WHERE c.oid = 'donations'::regclass OR c.oid = (SELECT reltoastrelid FROM pg_class WHERE relname = 'donations')
    """
    return any(found for (found,) in await asked(address, sql, mark))


async def test_a_match_is_played_on_another_server_where_the_first_one_left_off(postgres: str, tmp_path: Path) -> None:
    kept = Settings(port=0, data_dir=str(tmp_path), control_share=0.0, database_url=postgres)
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(running(kept))
        other = await stack.enter_async_context(running(kept))
        async with connected(one.url) as client:
            token = (await client.hello())["token"]
            round = await client.start()
            await client.throw(round)
            round = await client.until("round")
        async with connected(other.url) as client:
            assert (await client.hello(token=token))["match"] == round["match"]
            await client.say("sync", match=round["match"], seen=round["seq"] - 1)
            assert await client.hear() == round
            over = await client.play_out(round)
        assert over["reason"] == "target"
        match = rebuild(await one.parts.log.records(round["match"]))
        assert match.closed is not None
        assert len(match.rounds) == over["rounds"]
    assert not list(tmp_path.glob("*.db"))


@pytest.mark.parametrize("address", ["postgresql://eve:secret@127.0.0.1:1/rps", "postgresql://127.0.0.1:1/rps?x=%"])
async def test_who_cannot_be_reached_is_said_without_the_password(address: str) -> None:
    with pytest.raises(DatabaseError, match=r"127\.0\.0\.1:1/rps") as refused:
        async with opened(address):
            pass
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("letter", "/?#[")
async def test_a_password_that_was_not_written_as_an_address_wants_it_is_not_told(letter: str) -> None:
    """What is taken for the server's name and port is the user's and the beginning of the password."""
    with pytest.raises(DatabaseError, match="%2F") as refused:
        async with opened(f"postgresql://eve:65{letter}cret@127.0.0.1:1/rps"):
            pass
    assert "65" not in str(refused.value)
    assert "cret" not in str(refused.value)


async def test_a_database_that_takes_no_writes_is_a_fault_until_it_does(two, postgres: str) -> None:
    """As when its disk is full or another machine has become the primary: who only asks would notice nothing."""
    one, _ = two
    claim = await one.claim("p1")
    await asked(postgres, READ_ONLY.format("on"))
    await asked(postgres, KILL)
    with pytest.raises(LogUnavailable):
        await one.append([opening()], claim)
    await until(partial(faulty, one))
    await asked(postgres, READ_ONLY.format("off"))
    await until(partial(well, one))
    await one.append([opening()], await one.claim("p1"))


READ_ONLY = """
BEGIN READ WRITE;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {}', current_database()); END $$;
COMMIT
"""


async def test_that_claims_are_not_heard_is_told_once_for_each_absence(
    way: Way, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = 0

    async def counted(address: str) -> object:
        nonlocal tried
        tried += 1
        return await connect.connected(address)

    async def often(times: int) -> bool:
        return tried >= times

    def told() -> int:
        return sum("claims of other servers" in record.message for record in caplog.records)

    monkeypatch.setattr("server.postgres.takings.connected", counted)
    monkeypatch.setattr("server.postgres.takings.AGAIN_S", 0.01)
    monkeypatch.setattr("server.postgres.takings.QUIET_S", 0.1)
    async with opened(way.address) as one, aclosing(one.taken_over()) as heard:
        for absence in (1, 2):
            first = asyncio.ensure_future(anext(heard))
            way.closed = True
            way.cut()
            await until(partial(often, tried + 5))
            assert told() == absence
            way.closed = False
            await until(partial(well, one))
            async with opened(way.address) as other:
                await until(partial(listening, way.address))
                assert await other.claim(f"p{absence}") == await asyncio.wait_for(first, SOON_S)


async def test_what_nobody_can_read_of_a_claim_keeps_no_other_from_being_heard(two, postgres: str) -> None:
    one, other = two
    async with aclosing(one.taken_over()) as heard, asyncio.timeout(SOON_S):
        first = asyncio.ensure_future(anext(heard))
        await until(partial(listening, postgres))
        await asked(postgres, "NOTIFY rps_claims, 'hello'")
        assert await other.claim("p1") == await first
