"""The stream is the log: every row once, in order, byte for byte, whatever becomes of who publishes, or of NATS."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from msgspec import json
from msgspec.structs import replace
from nats.aio.client import Client
from nats.errors import Error
from nats.js.errors import NotFoundError
from support import services
from support.jetstream import needs_nats_server, outsider, own_nats
from support.logged import Scribe, rows, under_way, until

from game.records import Opened
from server import ending
from server.__main__ import main
from server.ending import ended
from server.meters import Meters
from server.ports import Entry
from server.settings import Durability
from server.sqlite import SqliteLog, opened
from server.stream import connection, names, place, publisher, relay
from server.stream.connection import connected, visit
from server.stream.errors import OutOfStep, StreamAway, StreamError
from server.stream.place import Kept, ensured
from server.stream.publisher import Publisher
from server.stream.relay import Relay
from server.stream.replay import replayed

Where = tuple[str, str]
stream = services.stream


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[SqliteLog]:
    async with opened(tmp_path / "rps.db", Durability.PROCESS) as log:
        yield log


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long, and many batches are needed."""
    monkeypatch.setattr(relay, "BATCH", 16)
    monkeypatch.setattr(relay, "IDLE_S", 0.01)
    monkeypatch.setattr(relay, "LOOK_S", 0.1)
    monkeypatch.setattr(relay, "GONE_S", 0.5)
    monkeypatch.setattr(relay, "PAUSE_S", 0.02)
    monkeypatch.setattr(relay, "LONGEST_PAUSE_S", 0.2)


def relaying(log: SqliteLog, where: Where, days: float = 0) -> Relay:
    return Relay(log, where[0], Kept(where[1], days), Meters())


async def published(where: Where, begin: int = 1, end: int | None = None) -> list[Entry]:
    return [entry async for entry in replayed(*where, begin, end)]


async def arrived(log: SqliteLog, where: Where) -> list[Entry]:
    """What the stream has once it has as many rows as the log has now."""
    last = await log.last_position()
    async with asyncio.timeout(120), outsider(where[0]) as client:
        while True:
            try:
                if (await client.jetstream().stream_info(where[1])).state.last_seq >= last:
                    return await published(where)
            except NotFoundError:
                pass
            await asyncio.sleep(0.02)


async def test_every_row_is_in_the_stream_once_in_order_and_byte_for_byte(log: SqliteLog, stream: Where) -> None:
    scribe = Scribe(log)
    await scribe.matches(3)
    async with under_way(relaying(log, stream).run()):
        await scribe.matches(3)
        assert await arrived(log, stream) == await rows(log)


async def test_a_message_is_a_row_its_number_the_position_and_its_headers_the_columns(
    log: SqliteLog, stream: Where
) -> None:
    await Scribe(log).match()
    url, name = stream
    async with under_way(relaying(log, stream).run()), outsider(url) as client:
        await arrived(log, stream)
        for row in await rows(log):
            message = await client.jetstream().get_msg(name, row.position)
            assert (message.seq, message.subject, message.data) == (row.position, f"{name}.{row.kind}", row.body)
            assert message.headers == {
                "Nats-Msg-Id": f"{row.match}:{row.round}:{row.kind}",
                "Nats-Expected-Last-Sequence": str(row.position - 1),
                "Rps-Position": str(row.position),
                "Rps-Match": row.match,
                "Rps-Round": str(row.round),
                "Rps-Kind": row.kind,
                "Rps-At": str(row.at),
            }


async def test_one_who_is_killed_at_any_row_leaves_nothing_out_and_nothing_twice(
    log: SqliteLog, stream: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty times a relay is cancelled, before a row is sent or before the answer to one is heard."""
    scribe, ends = Scribe(log), []
    for seed in range(20):
        chance = Random(seed)
        await scribe.match()
        whole, came = await log.last_position(), await _last(stream)
        with monkeypatch.context() as patch:
            killed = _killed_at(patch, chance.randrange(came + 1, whole + 1), sending=chance.random() < 0.5)
            async with under_way(relaying(log, stream).run()) as (task,):
                killed.append(task)
                async with asyncio.timeout(120):
                    await asyncio.wait([task])
        ends.append((came, await _last(stream), whole))
    assert sum(before <= end < whole for before, end, whole in ends) > 10, "nearly all were killed before the end"
    assert len({end - before for before, end, _ in ends}) > 3, "and at different rows"
    async with under_way(relaying(log, stream).run()):
        assert await arrived(log, stream) == await rows(log)


def _killed_at(patch: pytest.MonkeyPatch, position: int, sending: bool) -> list["asyncio.Task[None]"]:
    """The task put into this list ends when this row is about to be sent, or its answer to be heard."""
    victims: list[asyncio.Task[None]] = []
    headers, answer = names.headers, publisher._answer

    def told(entry: Entry) -> dict[str, str]:
        if sending and entry.position == position:
            victims[0].cancel()
        return headers(entry)

    def heard(message: object) -> object:
        found = answer(message)
        if not sending and found.seq == position:
            victims[0].cancel()
        return found

    patch.setattr(names, "headers", told)
    patch.setattr(publisher, "_answer", heard)
    return victims


async def _last(where: Where) -> int:
    async with outsider(where[0]) as client:
        try:
            return int((await client.jetstream().stream_info(where[1])).state.last_seq)
        except NotFoundError:
            return 0


async def test_two_that_both_believe_to_lead_put_nothing_in_twice_or_out_of_order(
    log: SqliteLog, stream: Where
) -> None:
    scribe, both = Scribe(log), [relaying(log, stream) for _ in range(2)]
    await scribe.matches(3)
    async with under_way(*(one.run() for one in both)):
        await scribe.matches(10)
        assert await arrived(log, stream) == await rows(log)
        await until(lambda: all(one.lag == 0 for one in both))
    assert await published(stream) == await rows(log)


async def test_one_who_wakes_up_late_can_put_nothing_in_even_when_its_rows_ids_are_forgotten(
    log: SqliteLog, stream: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "WINDOW_S", 0.1)
    scribe = Scribe(log)
    await scribe.match()
    async with under_way(relaying(log, stream).run()):
        whole = await arrived(log, stream)
    async with connected(stream[0]) as client:
        late = Publisher(client, stream[1])
        await late.start()
        for row in (whole[0], whole[3], whole[-1]):
            async with asyncio.timeout(120):
                while await _is_taken_for_a_duplicate(late, row):
                    await asyncio.sleep(0.02)
    assert await published(stream) == whole


async def _is_taken_for_a_duplicate(late: Publisher, row: Entry) -> bool:
    try:
        await late.publish([row])
    except OutOfStep:
        return False
    return True


@needs_nats_server
async def test_while_nats_is_away_play_goes_on_and_the_rows_come_later(
    log: SqliteLog, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    scribe = Scribe(log)
    async with own_nats(tmp_path / "nats") as server:
        where, filling = (server.url, "rounds"), relaying(log, (server.url, "rounds"))
        async with under_way(filling.run()):
            await scribe.match()
            await until(lambda: _told(caplog, "wait in the log") == 1)
            last = await log.last_position()
            await until(lambda: filling.lag == last)  # nobody knows what a stream has that was never reached
            for outages in range(2):
                await server.start()
                assert await arrived(log, where) == await rows(log)
                await until(lambda: filling.lag == 0)
                server.kill()
                await scribe.matches(2)
                await until(lambda: _told(caplog, "wait in the log") == 2 + outages)  # noqa: B023
                await until(lambda: filling.lag > 0)
            await server.start()
            assert await arrived(log, where) == await rows(log)
            await until(lambda: _told(caplog, "takes rows again") == 3)


def _told(caplog: pytest.LogCaptureFixture, words: str) -> int:
    return sum(words in record.message for record in caplog.records)


@needs_nats_server
async def test_a_nats_that_hangs_is_told_of_and_what_it_missed_comes_once_later(
    log: SqliteLog, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "ANSWER_S", 0.3)
    monkeypatch.setattr(connection, "CONNECT_S", 0.3)
    scribe = Scribe(log)
    async with own_nats(tmp_path / "nats") as server:
        await server.start()
        where, filling = (server.url, "rounds"), relaying(log, (server.url, "rounds"))
        async with under_way(filling.run()):
            await scribe.match()
            await arrived(log, where)
            server.pause()
            await scribe.matches(2)
            await until(
                lambda: _told(caplog, "it takes too long") + _told(caplog, "nats: timeout")
            )  # whose clock was first
            await until(lambda: filling.lag > 0)  # as soon as it looks at the log again
            server.wake()
            assert await arrived(log, where) == await rows(log)


@needs_nats_server
async def test_a_nats_without_jetstream_is_told_and_costs_nothing(
    log: SqliteLog, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with own_nats(tmp_path / "nats", jetstream=False) as server:
        await server.start()
        async with under_way(relaying(log, (server.url, "rounds")).run()):
            await Scribe(log).match()
            await until(lambda: _told(caplog, "wait in the log"))
    assert _told(caplog, "wait in the log") == 1


async def test_a_stream_that_was_deleted_is_filled_again(log: SqliteLog, stream: Where) -> None:
    scribe = Scribe(log)
    await scribe.matches(2)
    async with under_way(relaying(log, stream).run()), outsider(stream[0]) as client:
        for _ in range(2):
            whole = await arrived(log, stream)
            await client.jetstream().delete_stream(stream[1])
            assert await arrived(log, stream) == whole
        await client.jetstream().delete_stream(stream[1])
        await scribe.match()
        assert await arrived(log, stream) == await rows(log)


async def test_rows_that_grew_too_old_are_not_published_again(log: SqliteLog, stream: Where) -> None:
    scribe = Scribe(log)
    await scribe.match()
    async with under_way(relaying(log, stream).run()), outsider(stream[0]) as client:
        old = await arrived(log, stream)
        await client.jetstream().purge_stream(stream[1])  # what the stream's limits do, at once
    await scribe.match()
    async with under_way(relaying(log, stream).run()):
        assert await arrived(log, stream) == (await rows(log))[len(old) :]


async def _another_subject(where: Where, log: SqliteLog) -> None:
    async with outsider(where[0]) as client:
        await client.jetstream().add_stream(name=where[1], subjects=[f"{where[1]}.elsewhere"])


async def _ahead(where: Where, log: SqliteLog) -> None:
    """Of a database that has come further."""
    whole = await rows(log)
    further = [replace(whole[-1], position=len(whole) + 1, match="m99")]
    await _filled(where, log, [*whole, *further])


async def _of_another_log(where: Where, log: SqliteLog) -> None:
    """Of a database that has not come as far."""
    first, *_ = await rows(log)
    opened = json.decode(first.body, type=Opened)
    await _filled(where, log, [replace(first, body=json.encode(replace(opened, seed="f" * 32)))])


async def _not_rows(where: Where, log: SqliteLog) -> None:
    await _filled(where, log, [])
    async with outsider(where[0]) as client:
        await client.jetstream().publish(f"{where[1]}.played", b"hello")


async def _filled(where: Where, log: SqliteLog, entries: list[Entry]) -> None:
    async with connected(where[0]) as client:
        await ensured(client.jetstream(), Kept(where[1]), log)
        filling = Publisher(client, where[1])
        await filling.start()
        await filling.publish(entries)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (_another_subject, "listens to"),
        (_ahead, "It has come to row"),
        (_of_another_log, "is not that of this log"),
        (_not_rows, "no row of a round log"),
    ],
)
async def test_a_stream_of_somebody_else_is_told_of_and_left_as_it_is(
    log: SqliteLog, stream: Where, caplog: pytest.LogCaptureFixture, made, said: str
) -> None:
    scribe = Scribe(log)
    await scribe.match()
    await made(stream, log)
    async with outsider(stream[0]) as client:
        before = await client.jetstream().stream_info(stream[1])
        filling = relaying(log, stream, days=3)
        async with under_way(filling.run()):
            await until(lambda: _told(caplog, "wait in the log"))
            await scribe.match()
            tries = await log.last_position()
            await until(lambda: filling.lag == tries)  # it has tried again since
        after = await client.jetstream().stream_info(stream[1])
    assert (after.state, after.config) == (before.state, before.config)
    (told,) = [record.message for record in caplog.records if "wait in the log" in record.message]
    assert said in told


async def test_the_stream_keeps_rows_as_long_as_is_wished(
    log: SqliteLog, stream: Where, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await Scribe(log).match()
    async with outsider(stream[0]) as client:
        for days, window in ((30.0, 120.0), (0.001, 86.4), (0.0, 120.0)):
            async with under_way(relaying(log, stream, days).run()):
                await until_kept(client, stream[1], days * 86_400)
            config = (await client.jetstream().stream_info(stream[1])).config
            assert config.duplicate_window == pytest.approx(window)
            assert (config.retention, config.storage, config.discard) == ("limits", "file", "old")
            assert config.subjects == [f"{stream[1]}.*"]
    assert _told(caplog, "keeps a row") == 2, "made once, and changed twice"


async def until_kept(client, name: str, seconds: float) -> None:
    async with asyncio.timeout(120):
        while True:
            try:
                if (await client.jetstream().stream_info(name)).config.max_age == pytest.approx(seconds):
                    return
            except NotFoundError:
                pass
            await asyncio.sleep(0.02)


async def test_what_an_operator_changed_of_the_stream_stays(log: SqliteLog, stream: Where) -> None:
    async with outsider(stream[0]) as client, connected(stream[0]) as ours:
        await ensured(ours.jetstream(), Kept(stream[1]), log)
        made = (await client.jetstream().stream_info(stream[1])).config
        await client.jetstream().update_stream(made, max_bytes=10_000_000)
        await ensured(ours.jetstream(), Kept(stream[1], 7), log)
        config = (await client.jetstream().stream_info(stream[1])).config
    assert (config.max_bytes, config.max_age) == (10_000_000, 7 * 86_400)


async def test_what_was_sent_is_counted(log: SqliteLog, stream: Where) -> None:
    await Scribe(log).match()
    meters = Meters()
    async with under_way(Relay(log, stream[0], Kept(stream[1]), meters).run()):
        await arrived(log, stream)
        counter = meters.tallies.instruments["rps.stream.published"]
        last = await log.last_position()
        await until(lambda: counter.series.get(("ok",)) == last)
    assert ("failed",) not in counter.series


async def test_a_stream_is_replayed_from_any_row_to_any_row(log: SqliteLog, stream: Where) -> None:
    await Scribe(log).matches(2)
    async with under_way(relaying(log, stream).run()):
        whole = await arrived(log, stream)
    for begin, end in ((1, None), (7, None), (7, 7), (3, 300), (len(whole), None), (len(whole) + 1, None)):
        assert await published(stream, begin, end) == whole[begin - 1 : end]


async def test_where_there_is_no_stream_or_no_nats_a_replay_says_so(stream: Where) -> None:
    with pytest.raises(StreamAway, match="There is no stream"):
        await published(stream)
    with pytest.raises(StreamError, match="does not answer"):
        await published(("nats://127.0.0.1:1", "rounds"))


def test_the_command_prints_rows_as_lines_of_json(
    tmp_path: Path, stream: Where, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = asyncio.run(_streamed(tmp_path, stream))
    monkeypatch.setenv("RPS_STREAM_URL", stream[0])
    monkeypatch.setenv("RPS_STREAM_NAME", stream[1])
    assert main(["replay", "--from", "3", "--to", "6", "--json"]) == 0
    lines = [json.decode(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["position"] for line in lines] == [3, 4, 5, 6]
    assert [line["body"] for line in lines] == [json.decode(row.body) for row in whole[2:6]]
    assert main(["replay", "--from", str(len(whole))]) == 0
    assert capsys.readouterr().out.split()[-1] == "closed"
    monkeypatch.setenv("RPS_STREAM_URL", "")
    assert main(["replay"]) == 1
    assert "RPS_STREAM_URL is not set" in capsys.readouterr().err


async def _streamed(folder: Path, where: Where) -> list[Entry]:
    async with opened(folder / "rps.db", Durability.PROCESS) as log:
        await Scribe(log).match()
        async with under_way(relaying(log, where).run()):
            return await arrived(log, where)


async def test_the_client_tells_no_password(log: SqliteLog) -> None:
    with pytest.raises(StreamAway) as told:
        async with connected("nats://somebody:secret@127.0.0.1:1"):
            raise AssertionError("nobody listens there")
    assert "secret" not in str(told.value) and isinstance(told.value.__cause__, Error | OSError)


async def test_what_is_done_over_a_connection_is_over_when_who_asked_for_it_is(
    stream: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where it forgets the first cancellation, as libraries do, and who asked is told twice."""
    monkeypatch.setattr(ending, "AGAIN_S", 0.05)
    told: list[str] = []

    async def stubborn(client: Client) -> None:
        told.append("begun")
        for _ in range(2):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            told.append("cancelled")
        await asyncio.Event().wait()

    task = asyncio.create_task(visit(stream[0], stubborn))
    await until(lambda: told)
    assert await ended([task]) == []
    assert told == ["begun", "cancelled", "cancelled"] and asyncio.all_tasks() == {asyncio.current_task()}
