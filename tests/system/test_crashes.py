"""The promise of the log: whatever is killed, no acknowledged round is lost, repeated or changed."""

import asyncio
from collections.abc import Iterator
from random import Random

import pytest
from msgspec import json
from support.referee import check
from support.stubborn import Message, Stubborn

from bench.system import System

CLIENTS, MATCHES, KILLS = 20, 10, 20
OPPONENTS = ("brian", "forrest", "logan")
BEATEN_BY = {"rock": "paper", "paper": "scissors", "scissors": "rock"}


@pytest.fixture(scope="module")
def own_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("crashes")) as system:
        yield system.play()


def habit(random: Random):
    """Mostly beats what the bot threw last, else anything."""

    def choose(round: Message, results: list[Message]) -> str:
        if results and random.random() < 0.6:
            return BEATEN_BY[results[-1]["bot_move"]]
        return random.choice(list(BEATEN_BY))

    return choose


async def play_all(system: System, players: list[Stubborn]) -> None:
    async def one(number: int, player: Stubborn) -> None:
        for match in range(MATCHES):
            await player.play(OPPONENTS[(number + match) % 3], f"{number}-{match}")

    await asyncio.gather(*(one(number, player) for number, player in enumerate(players)))


async def kill_now_and_then(system: System, random: Random, players: list[Stubborn]) -> None:
    """Kill the server after random numbers of messages that the players have been told."""
    moments = sorted(random.sample(range(100, CLIENTS * MATCHES * 20), KILLS))
    for moment in moments:
        while sum(len(told) for player in players for told in player.told.values()) < moment:
            await asyncio.sleep(0.001)
        system.kill("server")
        system.start("server")
        await asyncio.to_thread(system.until_ready)


@pytest.mark.timeout(1800)
async def test_two_hundred_matches_survive_twenty_kills_of_the_server(own_system: System) -> None:
    players = [Stubborn(own_system.url, habit(Random(number))) for number in range(CLIENTS)]
    playing = asyncio.create_task(play_all(own_system, players))
    await kill_now_and_then(own_system, Random(11), players)
    await playing
    assert sum(player.resumes for player in players) >= KILLS
    finished = [match for player in players for match in player.finished]
    assert len(finished) == len(set(finished)) == CLIENTS * MATCHES
    for player in players:
        for match in player.finished:
            transcript = own_system.get(f"/api/matches/{match}")
            check(transcript)
            agrees(player.told[match], transcript)


def agrees(told: dict[int, Message], transcript: Message) -> None:
    """All that was acknowledged to the player stands in the transcript, each round exactly once and unchanged."""
    results = {m["round"]: m for m in told.values() if m["type"] == "result"}
    opened = {m["round"]: m for m in told.values() if m["type"] == "round"}
    assert [round["round"] for round in transcript["rounds"]] == list(range(1, len(transcript["rounds"]) + 1))
    assert results.keys() <= {round["round"] for round in transcript["rounds"]}
    for round in transcript["rounds"]:
        number = round["round"]
        if number in results:
            for field in ("player_move", "bot_move", "outcome", "gained", "scores", "reveal"):
                assert results[number][field] == round[field]
        if number in opened:
            assert opened[number]["commitment"] == round["commitment"]


def test_the_features_of_all_those_rounds_are_rebuilt_bit_for_bit(own_system: System) -> None:
    done = own_system.run("trainer", "parity", "--json")
    report = json.decode(done.stdout)
    assert report["rounds"] > CLIENTS * MATCHES * 5
    assert (done.returncode, report["differences"]) == (0, 0)


def test_all_those_predictions_are_what_their_bundles_say(own_system: System) -> None:
    done = own_system.run("trainer", "rescore", "--json")
    report = json.decode(done.stdout)
    assert done.returncode == 0
    assert len(report["versions"]) == 12
    assert sum(version["predictions"] for version in report["versions"]) > 4 * CLIENTS * MATCHES * 5
    assert not any(version["differences"] for version in report["versions"])
    assert not report["missing"]


async def test_a_killed_sidecar_costs_no_round(own_system: System) -> None:
    """The round is played from the equilibrium and counted; once the sidecar is back a model plays again."""
    sources: list[str] = []

    def choose(round: Message, results: list[Message]) -> str:
        if results:
            sources.append(results[-1]["thought"]["source"])
        return "rock"

    player = Stubborn(own_system.url, choose)
    before = own_system.get("/api/stats")["since_start"]["fallbacks"]
    own_system.kill("inference")
    await player.play("brian", "without")
    assert set(sources) == {"gambit", "fallback"}
    assert own_system.get("/api/stats")["since_start"]["fallbacks"] > before
    own_system.start("inference")
    await asyncio.to_thread(own_system.until_ready)
    sources.clear()
    await player.play("brian", "with")
    assert set(sources) == {"gambit", "model"}
    assert player.resumes == 0
