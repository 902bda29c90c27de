"""What every database keeps of its word, SQLite's and PostgreSQL's alike."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.databases import REFUSED, changed, opening_of
from support.play import opening, play_out, records

from game.assignment import Arm
from game.fold import rebuild
from game.moves import Move
from game.records import Closed, Played, PlayerKind, Reason, Record, encode
from game.state import Match
from game.wire import Record as HeadToHead
from server.database import opened
from server.errors import LogUnavailable, Overtaken
from server.ports import Database, Player
from server.settings import Settings
from server.standings import Standing, Totals

ODD = 'Ada "Ö" \\ \u2028 \u00a0 🪨 ✊🏿\' $1 ?1 %s'
"""Characters that quoting or encoding could harm."""


async def put(database: Database, record: Record, player: str | None = None) -> None:
    """Append a record as the server does that has just claimed its player."""
    await append(database, [record], player or getattr(record, "player", "p1"))


async def append(database: Database, written: Sequence[Record], player: str = "p1") -> None:
    await database.append(written, await database.claim(player))


async def finish(database: Database, match: str, player: str, reason: Reason = Reason.TARGET, **changes) -> Match:
    """Play a match out and log it."""
    done, effects = play_out(opening_of(match, player, **changes))
    *earlier, closed = records(effects)
    await append(database, [*earlier, replace(closed, reason=reason)], player)
    return done


async def test_a_match_is_read_back_as_it_was_written(database: Database) -> None:
    match, effects = play_out()
    await append(database, records(effects))
    assert rebuild(await database.records(match.id)) == match
    assert await database.records("another") == []
    assert await database.records("m1\0") == []


async def test_texts_come_back_byte_for_byte(database: Database) -> None:
    record = opening_of("m1", "p1", client_ref=ODD)
    await put(database, record)
    await database.register(Player("p1", ODD))
    assert await database.records("m1") == [record]
    (entry,) = await database.since(0, 10)
    assert entry.body == encode(record).encode()
    assert (entry.position, entry.match, entry.round, entry.kind, entry.at) == (1, "m1", 0, "opened", record.at)
    assert await database.match_of_ref("p1", ODD) == "m1"
    assert await database.player("p1") == Player("p1", ODD)
    await database.rename("p1", ODD[::-1])
    assert await database.player("p1") == Player("p1", ODD[::-1])


async def test_a_reference_that_could_not_be_found_again_is_not_taken(database: Database) -> None:
    with pytest.raises(LogUnavailable, match="NUL"):
        await put(database, opening_of("m1", "p1", client_ref="a\0b"))
    assert await database.match_of_ref("p1", "a\0b") is None
    assert await database.match_of_ref("p1", "a") is None
    assert await database.last_position() == 0


async def test_a_group_is_committed_at_once(database: Database) -> None:
    claims = [await database.claim(f"p{number}") for number in range(100)]
    before = database.commits
    await asyncio.gather(*(database.append([opening_of(f"m{c.player}", c.player)], c) for c in claims))
    assert 0 < database.commits - before < 20
    assert await database.last_position() == 100


async def test_one_bad_write_takes_no_other_with_it(database: Database) -> None:
    claims = {number: await database.claim(f"p{number}") for number in (1, 2, 3)}
    stale, claims[2] = claims[2], await database.claim("p2")
    writes = [
        database.append([opening_of("m1", "p1")], claims[1]),
        database.append([opening_of("m2", "p2")], claims[2]),
        database.append([opening_of("m1", "p1")], claims[1]),
        database.append([opening_of("m9", "p2")], stale),
        database.append([opening_of("m3", "p3")], claims[3]),
    ]
    done = await asyncio.gather(*writes, return_exceptions=True)
    assert [type(result) for result in done] == [type(None), type(None), LogUnavailable, Overtaken, type(None)]
    assert [await database.live_match(f"p{number}") for number in (1, 2, 3)] == ["m1", "m2", "m3"]
    assert [entry.position for entry in await database.since(0, 10)] == [1, 2, 3]


async def test_a_step_is_written_whole_or_not_at_all(database: Database) -> None:
    _, effects = play_out()
    *earlier, played, closed = records(effects)
    await append(database, earlier)
    await append(database, [closed])
    with pytest.raises(LogUnavailable):
        await append(database, [played, closed])
    assert [type(record) for record in await database.records("m1")][-1] is Closed
    assert played not in await database.records("m1")


async def test_a_match_ends_once(database: Database) -> None:
    _, effects = play_out()
    await append(database, records(effects))
    closed = records(effects)[-1]
    with pytest.raises(LogUnavailable, match="the match is closed"):
        await append(database, [replace(closed, round=closed.round + 1)])


async def test_a_player_cannot_have_two_live_matches(database: Database) -> None:
    await put(database, opening())
    with pytest.raises(LogUnavailable):
        await put(database, replace(opening(), match="m2"))
    assert await database.live_match("p1") == "m1"
    assert await database.live_match("p2") is None


async def test_a_reference_belongs_to_one_match_of_its_player(database: Database) -> None:
    await finish(database, "m1", "p1", client_ref="r")
    await put(database, opening_of("m2", "p2", client_ref="r"))
    with pytest.raises(LogUnavailable):
        await put(database, opening_of("m3", "p1", client_ref="r"))
    assert [await database.match_of_ref(player, "r") for player in ("p1", "p2", "p3")] == ["m1", "m2", None]


@pytest.mark.parametrize("sql", ["DELETE FROM log", "UPDATE log SET round = 9", "UPDATE log SET body = '{}'"])
async def test_the_log_is_append_only(database: Database, address: str, sql: str) -> None:
    await put(database, opening())
    with pytest.raises(REFUSED, match="the log is append-only"):
        await changed(address, sql)
    assert await database.records("m1") == [opening()]


async def test_everything_is_there_after_opening_again(address: str) -> None:
    kept = Settings(database_url=address)
    async with opened(kept) as database:
        await database.register(Player("p1", "Ada"))
        match = await finish(database, "m1", "p1")
        salt = await database.salt("")
    async with opened(kept) as database:
        assert rebuild(await database.records("m1")) == match
        assert await database.player("p1") == Player("p1", "Ada", match.known)
        assert await database.salt("") == salt != await database.salt("given") == "given"
        await put(database, opening_of("m2", "p1"))
        assert (await database.since(await database.last_position() - 1, 5))[0].match == "m2"


async def test_projections_follow_the_log(database: Database) -> None:
    await database.register(Player("p1", "Ada"))
    match = await finish(database, "m1", "p1")
    assert await database.player("p1") == Player("p1", "Ada", match.known)
    assert match.known.rounds > 0
    winner = match.closed.winner
    record = HeadToHead(int(winner == "player"), int(winner == "bot"), int(winner == "tie"))
    assert await database.head_to_head("p1") == {"brian": record}
    assert await database.head_to_head("p2") == {}
    assert await database.live_match("p1") is None


async def test_a_void_match_teaches_nothing_of_its_player(database: Database) -> None:
    await database.register(Player("p1", "Ada"))
    await finish(database, "m1", "p1", Reason.VOID)
    assert await database.player("p1") == Player("p1", "Ada")


async def test_the_standings_count_what_was_finished(database: Database) -> None:
    for id, name in (("p1", "Zoë"), ("p2", "ada"), ("p3", "Äda"), ("p4", "Eve")):
        await database.register(Player(id, name))
    matches = [await finish(database, f"m{id}", id) for id in ("p1", "p2", "p3")]
    await finish(database, "m4", "p4", player_kind=PlayerKind.BOT, alias=Arm.PRODUCTION)
    await finish(database, "m5", "p1", Reason.VOID)
    await put(database, opening_of("m6", "p1"))
    assert {match.closed.winner for match in matches} == {"player"}
    points = matches[0].closed.scores.player
    assert await database.leaders() == [Standing(name, 1, 0, 0, points) for name in ("Zoë", "ada", "Äda")]
    arms = {
        (row.opponent, row.version, row.alias): (row.matches, row.wins, row.ties) for row in await database.served()
    }
    assert arms == {("brian", "brian-b", "B"): (3, 0, 0), ("brian", "brian-production", "Production"): (1, 0, 0)}
    rounds = sum(len(match.rounds) for match in matches)
    assert await database.totals() == Totals(5, 1, rounds // 3 * 5)


async def test_standings_of_nothing_are_empty(database: Database) -> None:
    assert (await database.leaders(), await database.served()) == ([], [])
    assert await database.totals() == Totals(0, 0, 0)


async def test_those_are_idle_whose_live_match_stands_still(database: Database) -> None:
    await put(database, opening_of("m1", "p1", at=10))
    await put(database, opening_of("m2", "p2", at=30))
    _, effects = play_out(opening_of("m3", "p3"))
    times = zip(records(effects), (10, 20, 30), strict=False)
    await append(database, [replace(record, at=at) for record, at in times], "p3")
    await finish(database, "m4", "p4", at=1)
    assert await database.idle_players(10) == []
    assert await database.idle_players(30) == ["p1"]
    assert sorted(await database.idle_players(31)) == ["p1", "p2", "p3"]


async def test_positions_are_without_gaps_whatever_fails(database: Database) -> None:
    """Of many writers at once every third one's step is refused, half-way through."""
    claims = [await database.claim(f"p{number}") for number in range(60)]

    async def write(number: int) -> int:
        match, claim = f"m{number}", claims[number]
        _, effects = play_out(opening_of(match, claim.player))
        first, second, *_ = records(effects)
        await database.append([first], claim)
        if number % 3 == 0:
            with pytest.raises(LogUnavailable):
                await database.append([second, second], claim)
            return 1
        await database.append([second], claim)
        return 2

    written = sum(await asyncio.gather(*(write(number) for number in range(60))))
    entries = [*await database.since(0, 40), *await database.since(40, 1000)]
    assert [entry.position for entry in entries] == list(range(1, written + 1))
    assert await database.last_position() == written == 100
    for number in range(60):
        assert [e.kind for e in entries if e.match == f"m{number}"] == ["opened", "sealed"][: 1 + (number % 3 > 0)]


async def test_who_reads_on_and_on_reads_every_row_once_and_in_order(database: Database) -> None:
    claims = [await database.claim(f"p{number}") for number in range(50)]
    read: list[int] = []

    async def follow() -> None:
        while len(read) < 50:
            read.extend([entry.position for entry in await database.since(len(read), 7)])

    writes = (database.append([opening_of(f"m{c.player}", c.player)], c) for c in claims)
    async with asyncio.timeout(120):
        await asyncio.gather(follow(), *writes)
    assert read == list(range(1, 51))


async def test_only_the_latest_claim_may_write(database: Database) -> None:
    first = await database.claim("p1")
    await database.append([opening()], first)
    second = await database.claim("p1")
    assert second.epoch > first.epoch
    _, effects = play_out()
    _, sealed, played, *_ = records(effects)
    with pytest.raises(Overtaken):
        await database.append([sealed], first)
    assert await database.records("m1") == [opening()]
    other = await database.claim("p2")
    await database.append([sealed, played], second)
    await database.append([opening_of("m2", "p2")], other)
    assert await database.records("m1") == [opening(), sealed, played]


async def test_many_who_come_at_once_are_claimed_at_once(database: Database) -> None:
    before = database.commits
    claims = await asyncio.gather(*(database.claim(f"p{number % 90}") for number in range(100)))
    assert 0 < database.commits - before < 20
    assert len({(claim.player, claim.epoch) for claim in claims}) == 100
    await asyncio.gather(*(database.append([opening_of(f"m{c.player}", c.player)], c) for c in claims[10:]))
    with pytest.raises(Overtaken):
        await database.append([opening_of("m", "p1")], claims[1])


async def test_a_claim_waits_for_what_the_earlier_one_wrote(database: Database) -> None:
    first = await database.claim("p1")
    writing = asyncio.ensure_future(database.append([opening()], first))
    await asyncio.sleep(0)
    await database.claim("p1")
    there = await database.records("m1")
    done = (await asyncio.gather(writing, return_exceptions=True))[0]
    assert (there, type(done)) in (([opening()], type(None)), ([], Overtaken))
    assert await database.records("m1") == there


async def test_of_those_who_want_a_lease_one_gets_it(database: Database) -> None:
    assert await database.lease("relay") is None
    took = await asyncio.gather(*(database.take("relay", f"s{number}", None) for number in range(8)))
    assert took.count(True) == 1
    holder = f"s{took.index(True)}"
    assert await database.lease("relay") == (holder, 1)
    took = await asyncio.gather(*(database.take("relay", f"t{number}", (holder, 1)) for number in range(8)))
    assert took.count(True) == 1
    assert await database.lease("relay") == (f"t{took.index(True)}", 2)
    assert not await database.take("relay", "late", (holder, 1))
    assert not await database.take("relay", "late", None)
    assert not await database.take("other", "late", ("nobody", 3))
    assert await database.take("other", "first", None)


async def test_what_the_trainer_wrote_is_read(database: Database, address: str) -> None:
    assert (await database.ledger(None, 5), await database.last_entry()) == ([], 0)
    assert await database.notice("progress") is None
    rows = ", ".join(f"({number}, 'h{number}', '{{\"ö\":{number}}}')" for number in range(1, 6))
    await changed(address, f"INSERT INTO ledger VALUES {rows}; INSERT INTO notices VALUES ('progress', '\"né\"', 7)")
    entries = [(number, f"h{number}", f'{{"ö":{number}}}'.encode()) for number in range(1, 6)]
    assert await database.ledger(None, 2) == entries[3:]
    assert await database.ledger(1, 3) == entries[1:4]
    assert await database.ledger(5, 3) == []
    assert await database.last_entry() == 5
    assert await database.notice("progress") == ('"né"'.encode(), 7)


LEDGER_RULES = [
    ("DELETE FROM {}", "append-only"),
    ("UPDATE {} SET body = '[]' WHERE number = 2", "append-only"),
    ("INSERT INTO {} VALUES (3, 'h4', '')", "the ledger has moved on"),
    ("INSERT INTO {} VALUES (5, 'h5', '')", "the ledger has moved on"),
    ("INSERT INTO {} VALUES (0, 'h0', '')", "the ledger has moved on"),
    ("INSERT INTO {} VALUES (NULL, 'h4', '')", "the ledger has moved on"),
    ("INSERT INTO {} VALUES (4, 'h2', '')", "has this entry already"),
]


@pytest.mark.parametrize("ledger", ["ledger", "gesture_ledger"])
@pytest.mark.parametrize(("sql", "told"), LEDGER_RULES)
async def test_ledgers_grow_by_the_next_number_alone(
    database: Database,
    address: str,
    ledger: str,
    sql: str,
    told: str,
) -> None:
    for number in (1, 2, 3):
        await changed(address, f"INSERT INTO {ledger} VALUES ({number}, 'h{number}', '')")
    with pytest.raises(REFUSED, match=told):
        await changed(address, sql.format(ledger))
    found = await database.fetch(f"SELECT number, hash FROM {ledger} ORDER BY number")
    assert [tuple(row) for row in found] == [(1, "h1"), (2, "h2"), (3, "h3")]
    await changed(address, f"INSERT INTO {ledger} VALUES (4, 'h4', '')")


async def test_gifts_are_kept_up_to_a_number_and_taken_back(database: Database) -> None:
    for id in ("p1", "p2"):
        await database.register(Player(id, id))
    image = bytes(range(256)) * 40
    gifts = [database.give("p1", "m1", round, Move.ROCK, 5, image + bytes([round]), 3) for round in range(1, 7)]
    await asyncio.gather(*gifts, database.give("p2", "m2", 1, Move.PAPER, 5, image, 3))
    assert (await database.given("p1"), await database.given("p2"), await database.given("p3")) == (3, 1, 0)
    found = await database.fetch(
        "SELECT round, label, consented_at, image FROM donations WHERE player = 'p1' ORDER BY id"
    )
    assert [tuple(row) for row in found] == [(round, "rock", 5, image + bytes([round])) for round in (1, 2, 3)]
    await database.take_back("p1")
    await database.scrub()
    assert (await database.given("p1"), await database.given("p2")) == (0, 1)
    await database.give("p1", "m1", 1, Move.ROCK, 5, image, 3)
    with pytest.raises(LogUnavailable):
        await database.give("p1", "m1", 1, Move.ROCK, 5, image, 3)
    with pytest.raises(LogUnavailable):
        await database.give("nobody", "m1", 1, Move.ROCK, 5, image, 3)


async def test_gifts_under_way_are_counted(database: Database) -> None:
    await database.register(Player("p1", "Ada"))
    giving = [asyncio.ensure_future(database.give("p1", "m1", n, Move.ROCK, 5, b"x", 99)) for n in range(20)]
    await asyncio.sleep(0)
    assert await database.given("p1") == 20
    await asyncio.gather(*giving)


async def test_a_player_is_registered_once_and_known_by_tokens(database: Database) -> None:
    await database.register(Player("p1", "Ada"))
    with pytest.raises(LogUnavailable):
        await database.register(Player("p1", "Eve"))
    await database.issue("p1", "t1")
    assert await database.admit("t1") == Player("p1", "Ada")
    assert await database.admit("t2") is None
    assert await database.player("p2") is None
    with pytest.raises(LogUnavailable):
        await database.issue("nobody", "t3")
    assert await database.admit("t3") is None


async def test_the_salt_is_drawn_once(database: Database) -> None:
    drawn = await asyncio.gather(*(database.salt("") for _ in range(8)))
    assert len(set(drawn)) == 1
    assert len(drawn[0]) == 32


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tokens_never_lock_out_and_never_outlive_their_successors_use(address: str, picks: list[int]) -> None:
    """Whichever of the newest tokens is shown, it works; those issued before a shown one do not."""

    async def run() -> None:
        async with opened(Settings(database_url=address)) as database:
            position = (await database.fetch("SELECT count(*) FROM players"))[0][0]
            player = f"p{position}"
            await database.register(Player(player, "Ada"))
            await database.issue(player, f"{player}-0")
            live = [f"{player}-0"]
            for number, pick in enumerate(picks, start=1):
                shown = live[-1 - pick % len(live)]
                assert (await database.admit(shown)).id == player
                await database.issue(player, f"{player}-{number}")
                dead, live = live[: live.index(shown)], [*live[live.index(shown) :], f"{player}-{number}"][-8:]
                assert [await database.admit(token) for token in dead] == [None] * len(dead)

    asyncio.run(run())


@pytest.mark.parametrize("url", ["mysql://eve:secret@host/rps", "postgres:eve:secret@host", "sqlite:rps.db"])
async def test_an_address_of_another_kind_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="RPS_DATABASE_URL must look like") as refused:
        async with opened(Settings(database_url=url)):
            pass
    assert "secret" not in str(refused.value)


async def test_played_rounds_are_in_the_log_in_the_order_of_play(database: Database) -> None:
    match = await finish(database, "m1", "p1")
    kinds = [entry.kind for entry in await database.since(0, 1000)]
    assert kinds == ["opened", *["sealed", "played"] * len(match.rounds), "closed"]
    assert [r.round for r in await database.records("m1") if isinstance(r, Played)] == list(
        range(1, len(match.rounds) + 1)
    )
