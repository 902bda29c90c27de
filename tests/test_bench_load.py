"""The load of people: it plays as people do, comes back, and believes nothing that it can check."""

import asyncio
import signal
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from random import Random
from statistics import median
from typing import Any

import pytest
from msgspec import json
from msgspec.structs import replace
from support.accepting import web_sockets
from support.play import play_out, records, told
from websockets.asyncio.server import ServerConnection

from bench import audit, book
from bench.book import Kept, Row
from bench.counts import latency
from bench.crowd import Crowd, Url, Ways
from bench.crowd_report import Mark, report
from bench.habits import Habit, pace
from bench.system import System, free_port
from bench.told import Told, Unsound
from bench.upheaval import Blow
from bench.verdict import Trial
from game import records as log
from game.moves import MOVES, Outcome
from game.records import Played, Scores
from game.wire import MatchMessage, Over, Result, Round

LOAD = [sys.executable, "-m", "bench", "load"]


def test_people_play_lose_their_connections_and_go_on(system: System) -> None:
    arguments = ["--players", "30", "--think", "0.2", "--ramp", "1", "--seconds", "8", "--resume-share", "0.7"]
    done = subprocess.run(
        [*LOAD, *arguments, "--url", system.url, "--json"], capture_output=True, text=True, timeout=120, check=False
    )
    report = json.decode(done.stdout)
    assert (report["errors"], report["faults"], report["unsound"]) == ({}, [], 0)
    assert report["resumes_tried"] == report["resumes_succeeded"] > 5
    assert report["rounds"] == sum(report["sources"].values()) > 100
    assert report["matches"] >= 30
    assert all(report["latencies"][wait]["count"] > 0 for wait in ("result", "round", "hello", "resume"))
    assert "players" in done.stderr
    assert done.returncode == 0


def test_a_server_that_is_not_there_is_told_in_one_sentence() -> None:
    url = f"ws://127.0.0.1:{free_port()}/ws"
    done = subprocess.run([*LOAD, "--url", url], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"No server answers at {url}: Connection refused.\n"


def test_an_interrupted_load_ends_with_its_table(system: System) -> None:
    command = [*LOAD, "--players", "4", "--think", "0.1", "--ramp", "0.1", "--seconds", "600", "--url", system.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert "rounds/s" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        table, _ = running.communicate(timeout=60)
    assert "| rounds of 4 players |" in table
    assert running.returncode == 0


class Liar:
    """A server that seals a round, loses the connection, and tells another seal to who comes back."""

    def __init__(self) -> None:
        self.hellos = 0

    async def __call__(self, socket: ServerConnection) -> None:
        first = self.hellos == 0
        self.hellos += 1
        values, scores = {"rock": 10, "paper": 12, "scissors": 17}, {"player": 0, "bot": 0}
        opened = {"type": "round", "match": "m", "seq": 2, "round": 1, "values": values, "scores": scores}
        matched = {"type": "matched", "match": "m", "seq": 1, "opponent": "brian", "target": 100, "seed_hash": "0" * 64}
        async for text in socket:
            said = json.decode(text)["type"]
            if said == "hello":
                more: dict[str, Any] = {} if first else {"match": "m"}
                await self._say(socket, {"type": "welcome", "token": "t", **more})
            elif said in ("start", "sync"):
                await self._say(socket, matched)
                await self._say(socket, {**opened, "commitment": ("1" if first else "2") * 64})
                if first:
                    await socket.close(1011)

    async def _say(self, socket: ServerConnection, message: dict[str, Any]) -> None:
        await socket.send(json.encode(message).decode())


async def test_a_server_that_changes_a_seal_is_found_out() -> None:
    async with web_sockets(Liar()) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        crowd = Crowd([Url.read(f"127.0.0.1:{port}")], Ways(think=(60, 0)), seed=0)
        begin = Mark.of(crowd.counts)
        crowd.arrive()
        async with asyncio.timeout(120):
            while not crowd.counts.unsound:
                await asyncio.sleep(0.01)
        await crowd.end(leaving=True, within_s=0.1)
        found = report(crowd, 1, begin, Mark.of(crowd.counts))
    assert "was told otherwise later" in found.faults[0]
    assert not found.well


def heard(messages: list[MatchMessage]) -> Told:
    match = Told("ref", "brian")
    for message in messages:
        if isinstance(message, Result):
            match.thrown.setdefault(message.round, message.player_move)
        match.hear(message)
    return match


@pytest.fixture
def messages() -> list[MatchMessage]:
    """A whole match as its player is told of it."""
    return told(play_out()[1])


def test_a_fair_match_is_believed_however_often_it_is_told(messages: list[MatchMessage]) -> None:
    match = heard([*messages[:5], *messages])
    assert match.over is not None
    assert len(match.results()) == match.over.rounds
    assert match.seen == match.newest == match.over.seq


def later_scores(messages: list[MatchMessage]) -> list[MatchMessage]:
    at = next(at for at, one in enumerate(messages) if isinstance(one, Round) and one.round == 3)
    return [*messages[: at + 1], replace(messages[at], scores=Scores(99, 0))]


def other_reveal(messages: list[MatchMessage]) -> list[MatchMessage]:
    results = [one for one in messages if isinstance(one, Result)]
    return [replace(one, reveal=results[1].reveal) if one is results[0] else one for one in messages]


def other_seed(messages: list[MatchMessage]) -> list[MatchMessage]:
    return [replace(one, seed="0" * 32) if isinstance(one, Over) else one for one in messages]


def lost_round(messages: list[MatchMessage]) -> list[MatchMessage]:
    return [one for one in messages if getattr(one, "round", 0) != 2]


def more_points(messages: list[MatchMessage]) -> list[MatchMessage]:
    return [replace(one, scores=Scores(0, 100)) if isinstance(one, Over) else one for one in messages]


@pytest.mark.parametrize("lie", [later_scores, other_reveal, other_seed, lost_round, more_points])
def test_a_lie_is_found_out(
    messages: list[MatchMessage], lie: Callable[[list[MatchMessage]], list[MatchMessage]]
) -> None:
    with pytest.raises(Unsound):
        heard(lie(messages))


def test_a_throw_that_is_counted_as_another_is_found_out(messages: list[MatchMessage]) -> None:
    match = Told("ref", "brian")
    result = next(one for one in messages if isinstance(one, Result))
    match.thrown[1] = next(move for move in MOVES if move is not result.player_move)
    with pytest.raises(Unsound, match="was counted as"):
        for message in messages:
            match.hear(message)


def rows() -> list[Row]:
    """The log of one match."""
    found = records(play_out()[1])
    return [
        Row(position, one.match, one.round, type(one).__name__.lower(), one.at, log.encode(one))
        for position, one in enumerate(found, start=1)
    ]


def wrong(checks: list[audit.Check]) -> list[str]:
    return [one.what for one in checks if one.wrong]


def without_a_row(found: list[Row]) -> list[Row]:
    return [row for row in found if row.position != 4]


def twice(found: list[Row]) -> list[Row]:
    return [*found, replace(found[4], position=len(found) + 1)]


def without_an_end(found: list[Row]) -> list[Row]:
    return found[:-1]


def other_move(found: list[Row]) -> list[Row]:
    at = next(at for at, row in enumerate(found) if row.kind == "played")
    played = log.decode(found[at].body)
    assert isinstance(played, Played)
    other = next(move for move in MOVES if move is not played.player_move)
    return [*found[:at], replace(found[at], body=log.encode(replace(played, player_move=other))), *found[at + 1 :]]


@pytest.mark.parametrize(
    ("harm", "finds"),
    [
        (without_a_row, "rows numbered without a gap"),
        (twice, "one record of a kind in a round"),
        (without_an_end, "matches that have ended"),
        (other_move, "matches that follow the rules"),
    ],
)
def test_the_audit_finds_a_harmed_log(harm: Callable[[list[Row]], list[Row]], finds: str) -> None:
    assert wrong(audit.log(book.read(rows()))) == []
    assert finds in wrong(audit.log(book.read(harm(rows()))))


@pytest.mark.parametrize(
    ("harm", "finds"),
    [
        (lambda found: found[:-5], "acknowledged rounds in the log, unchanged"),
        (other_move, "acknowledged rounds in the log, unchanged"),
        (lambda found: [row for row in found if row.kind != "sealed"], "commitments that were told, in the log"),
        (lambda found: found[:-1], "ends of matches that were told, in the log"),
    ],
)
def test_the_audit_misses_what_players_were_told(
    messages: list[MatchMessage], harm: Callable[[list[Row]], list[Row]], finds: str
) -> None:
    match = heard(messages)
    assert wrong(audit.acknowledged(book.read(rows()), [match])) == []
    assert finds in wrong(audit.acknowledged(book.read(harm(rows())), [match]))


def test_the_audit_compares_stream_and_projections_with_the_log() -> None:
    found = rows()
    log_book = book.read(found)
    (match,) = log_book.matches.values()
    assert match.closed is not None
    end = match.closed
    kept = Kept("m1", "p1", "brian", "B", end.winner, end.reason, len(match.rounds), end.scores.player, end.version)
    stats: dict[str, Any] = {
        "totals": {"matches": 1, "live": 0, "rounds": len(match.rounds)},
        "served": [
            {
                "opponent": "brian", "version": end.version, "alias": "B",
                "matches": 1, "wins": int(end.winner == "bot"), "ties": int(end.winner == "tie"),
            }
        ],
    }  # fmt: skip
    assert not audit.streamed(found, found).wrong
    assert audit.streamed(found, found[:-1]).wrong
    assert audit.streamed(found, [found[1], found[0], *found[2:]]).wrong == 2
    assert not audit.projected(log_book, [kept]).wrong
    assert audit.projected(log_book, [replace(kept, rounds=1)]).wrong
    assert audit.projected(log_book, []).wrong
    assert wrong(audit.statistics(log_book, stats)) == []
    assert wrong(audit.statistics(log_book, {**stats, "totals": {**stats["totals"], "rounds": 1}}))
    assert wrong(audit.statistics(log_book, {**stats, "served": []}))


def test_a_trial_holds_only_if_rounds_were_played_and_nothing_is_off() -> None:
    fine = audit.check("rows", 9, [])
    trial = Trial(
        servers=3, players=1, seconds=1, dealt=dict.fromkeys(Blow, 1), rounds=3, matches=1, latencies={},
        resumes_tried=2, resumes_succeeded=2, refused={}, trouble={"connection lost": 2}, unsound=0, faults=[],
        not_ended=0, checks=[fine],
    )  # fmt: skip
    assert trial.holds
    assert not replace(trial, rounds=0).holds
    assert not replace(trial, resumes_succeeded=1).holds
    assert not replace(trial, unsound=1).holds
    assert not replace(trial, not_ended=1).holds
    assert not replace(trial, checks=[fine, audit.check("rows", 9, ["one"])]).holds


def test_percentiles_are_by_nearest_rank() -> None:
    found = latency(array("d", [number / 1000 for number in range(1000, 0, -1)]))
    assert found.count == 1000
    assert (found.p50_ms, found.p90_ms, found.p99_ms, found.p999_ms) == pytest.approx((500, 900, 990, 999))
    assert latency(array("d")).p99_ms == 0


def habits() -> Iterator[Habit]:
    for seed in range(200):
        habit = Habit(Random(seed))
        habit.learn(MOVES[0], MOVES[2], Outcome.WIN)
        yield habit


def test_people_stay_with_what_won_more_often_than_chance() -> None:
    stayed = [habit.choose() is MOVES[0] for habit in habits() for _ in range(20)]
    assert sum(stayed) / len(stayed) > 0.45


def test_times_to_think_have_the_median_and_the_spread_that_were_asked_for() -> None:
    random = Random(1)
    times = sorted(pace(random, 1.5, 0.5) for _ in range(20_000))
    assert median(times) == pytest.approx(1.5, rel=0.02)
    assert times[int(0.84134 * len(times))] / median(times) == pytest.approx(2.71828**0.5, rel=0.03)


@pytest.mark.parametrize(
    ("text", "socket"),
    [
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws"),
        ("ws://host:1/play", "ws://host:1/play"),
        ("https://host", "wss://host:443/ws"),
        ("[::1]:9", "ws://[::1]:9/ws"),
    ],
)
def test_addresses_of_servers_are_read(text: str, socket: str) -> None:
    assert Url.read(text).socket == socket
