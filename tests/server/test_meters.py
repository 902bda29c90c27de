"""What the server measures: each number is what was played, refused, asked or committed, and says nothing of who."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from support.client import Client, connected
from support.house import House, Opening, look, running
from support.pictures import drawn, encoded
from websockets.exceptions import ConnectionClosed

from bench.system import System
from game.assignment import Alias
from game.codes import Code
from game.fold import rebuild
from game.gestures import Cause, Label
from game.records import Prediction
from server import lag
from server.meters import Meters
from server.ports import Predictions
from server.settings import Settings
from telemetry.page import metrics_route
from telemetry.settings import TelemetrySettings
from telemetry.start import told
from telemetry.tallies import Counter as Counted
from telemetry.tallies import Gauge, Histogram, Labels

IMAGE = encoded(drawn())
FULL = "CREATE TRIGGER full BEFORE INSERT ON log BEGIN SELECT RAISE(ABORT, 'disk full'); END"


def counted(of: House | Meters, name: str) -> Mapping[Labels, float]:
    """A counter's series that have counted anything; how often a histogram has recorded in each; what a gauge says."""
    meters = of if isinstance(of, Meters) else of.parts.meters
    instrument = meters.tallies.instruments[name]
    if isinstance(instrument, Counted):
        return {labels: count for labels, count in instrument.series.items() if count}
    if isinstance(instrument, Histogram):
        return {labels: sum(spread.buckets) for labels, spread in instrument.series.items()}
    assert isinstance(instrument, Gauge)
    return dict(instrument.read())


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(120):
        while not holds():
            await asyncio.sleep(0.005)


def changed(house: House, sql: str) -> None:
    with closing(sqlite3.connect(house.parts.settings.database, isolation_level=None)) as rival:
        rival.executescript(sql)


async def seated(client: Client, opponent: str = "brian") -> dict[str, Any]:
    await client.hello()
    return await client.start(opponent)


async def test_every_round_is_counted_as_what_it_was_and_timed_once(house: House) -> None:
    async with connected(house.url) as client:
        await client.hello()
        overs = [
            await client.play_out(await client.start(opponent), lambda round: ("rock", "paper")[round["round"] % 2])
            for opponent in ("brian", "logan", "logan")
        ]
        await client.settled()
    matches = [rebuild(await house.parts.log.records(over["match"])) for over in overs]
    rounds = [(match.opened.opponent, round) for match in matches for round in match.rounds]
    assert counted(house, "rps.rounds") == Counter(
        (opponent, round.played.outcome.value, "button", round.sealed.source.value) for opponent, round in rounds
    )
    assert counted(house, "rps.round.duration") == {(): len(rounds)}
    by_opponent = Counter(opponent for opponent, _ in rounds)
    assert counted(house, "rps.round.opening.duration") == {(name,): rounds for name, rounds in by_opponent.items()}
    assert counted(house, "rps.inference.duration") == {(name, "asked"): n for name, n in by_opponent.items()}
    assert counted(house, "rps.matches.opened") == Counter((match.opened.opponent,) for match in matches)
    assert counted(house, "rps.matches.closed") == Counter(
        (match.opened.opponent, match.opened.alias.value, over["winner"], "target")
        for match, over in zip(matches, overs, strict=True)
    )
    assert not counted(house, "rps.fallbacks")
    assert not counted(house, "rps.round.failures")


async def test_a_throw_again_is_no_second_round(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        for _ in range(3):
            await client.throw(round)
        await client.settled()
    assert sum(counted(house, "rps.rounds").values()) == 1
    assert counted(house, "rps.round.duration") == {(): 1}
    assert counted(house, "rps.messages")["move",] == 3


async def test_a_control_is_counted_as_its_own_arm_and_a_match_that_is_left_as_left(open_house: Opening) -> None:
    house = await open_house(control_share=1.0)
    async with connected(house.url) as client:
        round = await seated(client, "maxine")
        await client.ask("leave", match=round["match"])
        await client.ask("leave", match=round["match"])
    assert counted(house, "rps.matches.opened") == {("maxine",): 1}, "which arm plays is told at the end"
    assert counted(house, "rps.matches.closed") == {("maxine", "control", "bot", "left"): 1}


async def test_messages_are_counted_and_timed_by_type(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        await client.show(round, IMAGE)
        await client.until("seen")
        for frame in ("{", "x" * 5000, '{"type":"dance"}'):
            await client.send(frame)
        await client.send(IMAGE)
        await client.say("sync", match=round["match"], seen=0)
        await client.settled()
        await client.settled()
        expected = {"hello": 1, "start": 1, "gesture": 1, "image": 2, "unreadable": 3, "sync": 1, "ping": 2}
        await until(lambda: counted(house, "rps.messages").get(("ping",)) == 2)
    assert counted(house, "rps.messages") == {(kind,): times for kind, times in expected.items()}
    assert counted(house, "rps.message.duration") == counted(house, "rps.messages")


async def test_refusals_are_counted_by_code(house: House) -> None:
    async with connected(house.url) as client, httpx.AsyncClient(base_url=house.url) as web:
        round = await seated(client)
        for _ in range(2):
            await client.ask("start", opponent="logan")
        await client.ask("move", match=round["match"], round=7, move="rock")
        await web.post("/api/gesture/predict", content=b"no image")
    assert counted(house, "rps.refusals") == {("already-playing",): 2, ("stale-round",): 1, ("bad-image",): 1}
    assert not counted(house, "rps.round.failures")


async def test_a_log_that_takes_nothing_is_a_failed_commit_and_a_failed_round(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        before = dict(counted(house, "rps.log.commits"))
        changed(house, FULL)
        refused = await client.ask("move", match=round["match"], round=1, move="paper")
        assert refused["code"] == "log-unavailable"
        assert counted(house, "rps.round.failures") == {("log-unavailable",): 1}
        assert counted(house, "rps.log.commits") == {**before, ("failed",): 1}
        assert not counted(house, "rps.rounds")
        assert not counted(house, "rps.round.duration")
        changed(house, "DROP TRIGGER full")
        await client.throw(round)
        await client.settled()
    assert sum(counted(house, "rps.rounds").values()) == 1


async def test_a_shown_throw_that_the_log_does_not_take_is_a_failed_round_and_a_preview_is_none(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        changed(house, FULL)
        await client.show(round, IMAGE)
        await client.until("seen")
        assert not counted(house, "rps.round.failures")
        await client.show(round, IMAGE, "play")
        assert (await client.until("refused"))["code"] == "log-unavailable"
    assert counted(house, "rps.round.failures") == {("log-unavailable",): 1}


async def test_a_damaged_match_fails_who_comes_back_to_it(house_settings: Settings) -> None:
    async with running(house_settings) as house, connected(house.url) as client:
        token = (await client.hello())["token"]
        round = await client.start()
        await client.throw(round)
        await client.until("round")
    changed(house, "DROP TRIGGER log_unchanged; UPDATE log SET body = '{' WHERE kind = 'played'")
    async with running(house_settings) as house, connected(house.url) as client:
        await client.hello(token=token)
        assert (await client.ask("sync", match=round["match"], seen=0))["code"] == "corrupt-record"
        assert (await client.ask("move", match=round["match"], round=2, move="rock"))["code"] == "corrupt-record"
        assert counted(house, "rps.resumes") == {("hello", "failed"): 1, ("sync", "failed"): 1}
        assert counted(house, "rps.round.failures") == {("corrupt-record",): 1}
        assert counted(house, "rps.matches.closed") == {("unknown", "unknown", "tie", "void"): 1}


async def broken(*_: object, **__: object) -> None:
    raise RuntimeError("nobody foresaw this")


async def test_a_throw_that_dies_of_the_unforeseen_is_counted_logged_and_its_socket_closed(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(house.url) as client, connected(house.url) as other:
        round = await seated(client)
        await other.hello()
        monkeypatch.setattr(house.oracle, "predict", broken)
        await client.say("move", match=round["match"], round=1, move="rock")
        assert (await client.hear())["type"] == "result"
        with pytest.raises(ConnectionClosed) as closed:
            await client.hear()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1011
        await until(lambda: counted(house, "rps.connections") == {(): 1})
        await other.settled()
    assert counted(house, "rps.round.failures") == {("error",): 1}
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert line.name == "server.outcomes"
    assert "nobody foresaw this" in caplog.text


async def test_a_look_that_dies_of_the_unforeseen_is_counted_and_its_socket_closed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        monkeypatch.setattr(house.eyes, "look", broken)
        await client.show(round, IMAGE, "play")
        with pytest.raises(ConnectionClosed) as closed:
            await client.hear()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1011
    assert counted(house, "rps.round.failures") == {("error",): 1}


async def test_a_start_that_dies_of_the_unforeseen_is_a_failed_round(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(house.url) as client:
        await client.hello()
        monkeypatch.setattr(house.oracle, "predict", broken)
        await client.say("start", opponent="brian")
        with pytest.raises(ConnectionClosed):
            await client.until("round")
    assert counted(house, "rps.round.failures") == {("error",): 1}


@pytest.mark.parametrize("reason", ["late", "down", "error"])
async def test_rounds_without_a_models_answer_are_fallbacks_by_reason(house: House, reason: str) -> None:
    house.oracle.fault = reason
    async with connected(house.url) as client:
        over = await client.play_out(await seated(client, "forrest"))
    assert counted(house, "rps.fallbacks") == {("forrest", reason): over["rounds"] - 3}


async def test_an_answer_without_the_alias_that_plays_is_a_fallback_by_error(
    open_house: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await open_house(share_b=0.0)

    async def partly(*_: object) -> Predictions:
        return {Alias.B: Prediction("brian-b", (0.6, 0.3, 0.1))}

    monkeypatch.setattr(house.oracle, "predict", partly)
    async with connected(house.url) as client:
        over = await client.play_out(await seated(client))
    assert counted(house, "rps.fallbacks") == {("brian", "error"): over["rounds"] - 3}


async def test_gestures_are_counted_by_what_was_seen(house: House) -> None:
    async with connected(house.url) as client, httpx.AsyncClient(base_url=house.url) as web:
        round = await seated(client)
        await client.show(round, IMAGE)
        await client.until("seen")
        house.eyes.shows = look(Label.NONE, 0.7, Cause.NO_HAND)
        await client.show(round, IMAGE, "play")
        await client.until("seen")
        await web.post("/api/gesture/predict", content=IMAGE)
        house.eyes.shows = look(Label.PAPER, 0.97)
        await client.show(round, IMAGE, "play", input="upload")
        await client.until("round")
        house.eyes.fault = Code.SLOW_DOWN
        await client.show({**round, "round": 2}, IMAGE, "play")
        await client.until("refused")
    assert counted(house, "rps.gestures") == {
        ("preview", "rock", True, "none"): 1,
        ("play", "none", False, "no-hand"): 1,
        ("upload", "none", False, "no-hand"): 1,
        ("play", "paper", True, "none"): 1,
    }
    assert counted(house, "rps.gesture.confidence") == {("rock",): 1, ("none",): 2, ("paper",): 1}
    assert house.parts.meters.counts.looks == {"preview": 1, "unclear": 1, "upload": 1, "throw": 1}
    assert [labels[2] for labels in counted(house, "rps.rounds")] == ["upload"]


async def test_who_comes_back_is_counted_by_whether_their_match_was_found(house: House) -> None:
    async with connected(house.url) as client:
        token = (await client.hello())["token"]
        round = await client.start()
        assert not counted(house, "rps.resumes")
        await client.ask("sync", match=round["match"], seen=0)  # something was lost, but not the connection
    async with connected(house.url) as client:
        assert "match" in await client.hello(token=token)
        for match in (round["match"], "never-was"):
            await client.ask("sync", match=match, seen=0)
        await client.settled()
    async with connected(house.url) as client:
        await client.ask("hello", token="made-up")
    assert counted(house, "rps.resumes") == {
        ("hello", "resumed"): 1,
        ("sync", "resumed"): 1,
        ("sync", "unknown"): 1,
        ("hello", "unknown"): 1,
    }


async def test_a_log_that_cannot_be_read_fails_a_sync(house: House) -> None:
    async with connected(house.url) as client:
        await client.hello()
        with closing(sqlite3.connect(house.parts.settings.database, isolation_level=None)) as rival:
            rival.execute("ALTER TABLE log RENAME TO gone")
            assert (await client.ask("sync", match="any", seen=0))["code"] == "log-unavailable"
            rival.execute("ALTER TABLE gone RENAME TO log")
    assert counted(house, "rps.resumes") == {("sync", "failed"): 1}


async def test_gauges_show_what_is_there_now(house: House) -> None:
    assert counted(house, "rps.inference.connected") == {("rounds",): 1, ("images",): 1}
    async with connected(house.url) as client, connected(house.url) as idle:
        await idle.hello()
        round = await seated(client)
        assert counted(house, "rps.connections") == {(): 2}
        assert counted(house, "rps.matches.active") == {(): 1}
        await client.ask("leave", match=round["match"])
        assert counted(house, "rps.matches.active") == {(): 0}
        await client.start()
        assert counted(house, "rps.matches.active") == {(): 1}
    await until(lambda: counted(house, "rps.connections") == {(): 0})
    await until(lambda: counted(house, "rps.matches.active") == {(): 0})
    assert counted(house, "rps.log.pending") == {(): 0}
    house.oracle.fault, house.eyes.connected = "down", False
    assert counted(house, "rps.inference.connected") == {("rounds",): 0, ("images",): 0}


async def test_each_commit_is_timed_and_tells_how_many_writes_it_took(house: House) -> None:
    async with connected(house.url) as client:
        await client.play_out(await seated(client))
    commits = counted(house, "rps.log.commits")["ok",]
    assert commits == house.parts.log.commits
    assert counted(house, "rps.log.commit.duration") == {(): commits}
    assert counted(house, "rps.log.commit.writes") == {(): commits}
    before = house.parts.meters.tallies.instruments["rps.log.commit.writes"].series[()].sum
    await asyncio.gather(*(house.parts.log.settled() for _ in range(40)))
    assert house.parts.meters.tallies.instruments["rps.log.commit.writes"].series[()].sum == before + 40
    assert counted(house, "rps.log.commits")["ok",] - commits < 20


async def test_the_loops_lag_is_measured_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "EVERY_S", 0.001)
    meters = Meters()
    feeling = asyncio.create_task(lag.feel(meters))
    await until(lambda: counted(meters, "rps.loop.lag").get((), 0) >= 3)
    feeling.cancel()
    with suppress(asyncio.CancelledError):
        await feeling


async def test_without_telemetry_nothing_is_measured_and_the_stats_count_on(house: House) -> None:
    house.parts.meters.tallies.silence()
    async with connected(house.url) as client, httpx.AsyncClient(base_url=house.url) as web:
        over = await client.play_out(await seated(client))
        await client.ask("start", opponent="nobody")
        since_start = (await web.get("/api/stats")).json()["since_start"]
    assert (since_start["rounds"], since_start["refused"]) == (over["rounds"], {"unknown-opponent": 1})
    assert not counted(house, "rps.rounds")
    assert not counted(house, "rps.refusals")


async def test_nothing_measured_or_logged_says_who_played(house: House, caplog: pytest.LogCaptureFixture) -> None:
    async with connected(house.url) as client:
        welcome = await client.hello(name="Secret Name")
        round = await client.start()
        changed(house, FULL)
        await client.ask("move", match=round["match"], round=1, move="rock")
        changed(house, "DROP TRIGGER full")
        await client.play_out(round)
    async with connected(house.url) as client:
        await client.hello(token=welcome["token"])
    instruments = house.parts.meters.tallies.instruments.values()
    labels = {str(label) for one in instruments if not isinstance(one, Gauge) for each in one.series for label in each}
    assert labels.isdisjoint({welcome["player"], welcome["token"], "Secret Name", round["match"], "127.0.0.1"})
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("server"))
    assert "disk full" in said
    for secret in (welcome["player"], welcome["token"], "Secret Name"):
        assert secret not in said


async def test_the_page_tells_what_was_counted(house: House) -> None:
    async with connected(house.url) as client:
        over = await client.play_out(await seated(client, "logan"))
        await client.settled()
    with told(TelemetrySettings(), "server", house.parts.meters.tallies) as telemetry:
        app = httpx.ASGITransport(Starlette(routes=[metrics_route(telemetry)]))
        async with httpx.AsyncClient(base_url=house.url, transport=app) as web:
            text = (await web.get("/metrics")).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    rounds = [sample for sample in samples if sample.name == "rps_rounds_total"]
    assert sum(sample.value for sample in rounds) == over["rounds"]
    assert {sample.labels["opponent"] for sample in rounds} == {"logan"}
    (timed,) = [sample for sample in samples if sample.name == "rps_round_duration_seconds_count"]
    assert timed.value == over["rounds"]


async def test_the_server_process_answers_its_metrics_and_stops_in_order(tmp_path: Path) -> None:
    with System(tmp_path) as system:
        system.start("server")
        async with asyncio.timeout(120), httpx.AsyncClient(base_url=system.url) as web:
            text = ""
            while not text:
                with suppress(httpx.TransportError):
                    text = (await web.get("/metrics")).text
                await asyncio.sleep(0.05)
        assert await asyncio.to_thread(system.stop, "server") == 0
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {"rps_connections", "rps_inference_connected", "rps_log_commits", "process_memory_usage_bytes"} <= names


def test_what_an_alert_looks_for_is_told_before_it_happens() -> None:
    told = {name: Meters().tallies.instruments[name] for name in ("rps.round.failures", "rps.resumes")}
    series = {name: made.series for name, made in told.items() if isinstance(made, Counted)}
    assert series["rps.round.failures"] == {("log-unavailable",): 0, ("corrupt-record",): 0, ("error",): 0}
    assert series["rps.resumes"] == {("hello", "failed"): 0, ("sync", "failed"): 0}
