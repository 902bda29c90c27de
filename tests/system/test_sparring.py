"""Sparring partners at the real server: marked as programs, counted rightly, and not put off by its death."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from random import Random

import pytest

from bench.system import System, free_port
from game.moves import Move
from game.opponents import OPPONENTS
from trainer.errors import NoServer, NotPlayed
from trainer.sparring import client
from trainer.sparring.bots import BOTS, uniform
from trainer.sparring.client import Player, Server
from trainer.sparring.position import History, Position
from trainer.sparring.report import Pairing, Report, Service, lines
from trainer.sparring.simulate import simulate

PLAYERS, MATCHES = 10, 2
KINDS = [*list(BOTS)[:6], "uniform", "person"]


@pytest.fixture(scope="module")
def own_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("sparring"), RPS_CONTROL_SHARE="0.3") as system:
        yield system.play()


@pytest.fixture(scope="module")
def progress() -> list[float]:
    return []


@pytest.fixture(scope="module")
def played(own_system: System, progress: list[float]) -> Report:
    """The first matches that this system sees."""

    def tell(step: str, share: float) -> None:
        progress.append(share)

    return simulate(own_system.url, KINDS, PLAYERS, MATCHES, list(OPPONENTS), 1, tell)


def counted(rows: Iterable[Pairing | Service]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for row in rows:
        sums.update(matches=row.tally.matches, wins=row.tally.wins, ties=row.tally.ties, losses=row.tally.losses)
    return sums


def test_the_report_adds_up_and_names_all_who_played(played: Report) -> None:
    sums = counted(played.pairings)
    assert sums == counted(played.served)
    assert sums["matches"] == sums["wins"] + sums["ties"] + sums["losses"] == PLAYERS * MATCHES
    assert {row.bot for row in played.pairings} == set(KINDS)
    assert {row.opponent for row in played.pairings} == set(OPPONENTS)
    assert played.broken == 0


def test_rounds_and_fallbacks_are_those_that_the_server_counted(own_system: System, played: Report) -> None:
    stats = own_system.get("/api/stats")
    assert played.rounds == stats["totals"]["rounds"]
    assert played.fallbacks == stats["since_start"]["fallbacks"]


def test_what_served_is_what_the_server_says_served(own_system: System, played: Report) -> None:
    stats = own_system.get("/api/stats")
    assert stats["totals"]["matches"] == PLAYERS * MATCHES
    told = [
        {
            "opponent": row.opponent,
            "version": row.version,
            "alias": row.alias,
            "matches": row.tally.matches,
            "wins": row.tally.losses,
            "ties": row.tally.ties,
            "win_rate": row.tally.win_rate,
            "interval": pytest.approx(list(row.tally.interval)),
        }
        for row in played.served
    ]
    assert sorted(stats["served"], key=lambda row: (row["opponent"], row["alias"])) == told


def test_the_log_marks_them_as_bots_and_names_them(own_system: System, played: Report) -> None:
    with closing(sqlite3.connect(own_system.folder / "rps.db")) as database:
        matches = database.execute("SELECT player_kind, reason FROM matches").fetchall()
        names = database.execute("SELECT name FROM players").fetchall()
    assert matches == [("bot", "target")] * (PLAYERS * MATCHES)
    assert {name for (name,) in names} == set(KINDS)
    assert len(names) == PLAYERS
    assert own_system.get("/api/leaderboard")["players"] == []


def test_progress_is_told_from_nothing_to_all(played: Report, progress: list[float]) -> None:
    assert progress == [done / (PLAYERS * MATCHES) for done in range(PLAYERS * MATCHES + 1)]


def test_the_lines_tell_every_row(played: Report) -> None:
    told = lines(played)
    assert len(told) == len(played.pairings) + len(played.served) + 3 + (played.fallbacks > 0)
    for row, line in zip(played.pairings, told[1:], strict=False):
        assert line.split()[:6] == [
            row.bot, row.opponent, *map(str, (row.tally.matches, row.tally.wins, row.tally.ties, row.tally.losses))
        ]  # fmt: skip


async def test_a_match_goes_on_after_the_servers_death(own_system: System, played: Report) -> None:
    """Killed while the bot thinks, in three rounds: each round is played once, with history for all before it."""
    rounds: list[int] = []

    def bot(position: Position, history: History, random: Random) -> Move:
        rounds.append(len(history) + 1)
        if len(rounds) in (1, 4, 6):
            own_system.kill("server")
            own_system.start("server")
        return uniform(position, history, random)

    async with Player(Server(own_system.url), "hardy", bot, Random(2)) as player:
        over = (await player.play("brian")).over
        again = (await player.play("logan")).over
    assert len(rounds) == over.rounds + again.rounds
    assert rounds == [*range(1, over.rounds + 1), *range(1, again.rounds + 1)]
    transcript = await asyncio.to_thread(own_system.get, f"/api/matches/{over.match}")
    assert transcript["scores"] == {"player": over.scores.player, "bot": over.scores.bot}


def test_a_restart_of_the_server_ends_no_simulation(own_system: System, played: Report) -> None:
    """Some partners are under way then, and others have never heard of the server."""

    def tell(step: str, share: float) -> None:
        if share == 0.5:
            own_system.kill("server")
            own_system.start("server")

    report = simulate(own_system.url, ["ace", "hal"], 8, 1, ["brian"], 3, tell, at_once=2)
    assert counted(report.pairings)["matches"] == 8


async def test_an_opponent_that_there_is_not_is_said_so(own_system: System) -> None:
    async with Player(Server(own_system.url), "lost", uniform, Random(0)) as player:
        with pytest.raises(NotPlayed, match="There is no opponent of that id"):
            await player.play("nobody")


async def test_a_server_that_stays_away_is_given_up(own_system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE_S", 0.5)

    def bot(position: Position, history: History, random: Random) -> Move:
        own_system.kill("server")
        return uniform(position, history, random)

    async with Player(Server(own_system.url), "left", bot, Random(0)) as player:
        with pytest.raises(NoServer, match=f"No match has gone on at {own_system.url} for 0.5 s: "):
            await player.play("brian")
    own_system.start("server")
    await asyncio.to_thread(own_system.until_ready)


def test_no_server_is_one_clear_error() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(NoServer, match=f"There is no match server at {url}: .*Connect call failed"):
        simulate(url, ["ace"], 3, 1, ["brian"], 0, lambda step, share: None)
