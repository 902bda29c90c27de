"""Material for the trainer's tests: logs played by the real rules, and tiny rows with a habit in them."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from support.services import postgres, stream  # noqa: F401 - fixtures

from game import match as rules
from game.assignment import Arm
from game.events import Answer, Ask, Effect, Throw, Write
from game.gambits import choose
from game.knowledge import NOTHING
from game.moves import MOVES, Move
from game.records import Input, Opened, PlayerKind, Record, encode
from trainer.data.habits import Habits
from trainer.data.rows import Rows
from trainer.data.simulated import simulate

SCHEMA = (
    "CREATE TABLE log (position INTEGER PRIMARY KEY, match TEXT NOT NULL, round INTEGER NOT NULL, "
    "kind TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL)"
)
Style = Callable[[int, int], Move]
"""The move for (player's number, rounds this player has played)."""
Pace = Callable[[Random], int]
"""The milliseconds to a throw."""
EVERY_MS = 60_000
"""Matches are opened so far apart."""


def cycling(player: int, played: int) -> Move:
    return MOVES[(player + played) % 3]


def unhurried(random: Random) -> int:
    return random.randint(400, 2500)


def records(
    players: int,
    matches: int,
    style: Style = cycling,
    unfinished: bool = True,
    seed: int = 7,
    pace: Pace = unhurried,
    kind: PlayerKind = PlayerKind.HUMAN,
) -> Iterator[Record]:
    """Matches of scripted players, one after another; the last is left with a sealed round that nobody plays."""
    random, thinking = Random(seed), Random(8)
    known, played = [NOTHING] * players, [0] * players
    for number in range(players * matches):
        player = number % players
        opened = Opened(
            match=f"m{number}",
            player=f"p{player}",
            opponent="brian",
            alias=Arm.B,
            gambit=choose(random.random()),
            seed=random.randbytes(16).hex(),
            known=known[player],
            at=EVERY_MS * number,
            player_kind=kind,
        )
        clock = opened.at
        last = unfinished and number == players * matches - 1
        match, effects = rules.start(opened)
        yield from _written(effects)
        while match.closed is None:
            ask = next(effect for effect in effects if isinstance(effect, Ask))
            match, effects = rules.step(match, Answer(ask, {}, random.random(), "ab" * 32, at=clock))
            yield from _written(effects)
            if last and match.round == 4:
                break
            clock += pace(thinking)
            match, effects = rules.step(match, Throw(match.round, style(player, played[player]), Input.KEY, at=clock))
            yield from _written(effects)
            played[player] += 1
        known[player] = match.known


def _written(effects: list[Effect]) -> Iterator[Record]:
    return (effect.record for effect in effects if isinstance(effect, Write))


LogOf = Callable[..., Path]


def write_log(path: Path, found: Iterable[Record]) -> Path:
    """A round log as the server writes it."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(SCHEMA)
        rows = [(one.match, one.round, type(one).__name__.lower(), one.at, encode(one)) for one in found]
        connection.executemany("INSERT INTO log (match, round, kind, at, body) VALUES (?, ?, ?, ?, ?)", rows)
    connection.close()
    return path


@pytest.fixture(autouse=True)
def own_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command sets up its process's logging; this process is shared with other tests."""
    monkeypatch.setattr("trainer.__main__.log_to_stderr", lambda settings: None)


@pytest.fixture
def log_with(tmp_path: Path) -> Callable[[Iterable[Record]], Path]:
    """Writes a log of these records, each time into another file."""
    number = count()
    return lambda found: write_log(tmp_path / f"log-{next(number)}.db", found)


@pytest.fixture
def log_of(log_with: Callable[[Iterable[Record]], Path]) -> LogOf:
    """Writes a log of scripted players: `log_of(players, matches, style)`, and what else `records` takes."""

    def log_of(players: int, matches: int, style: Style = cycling, **more: Any) -> Path:
        return log_with(records(players, matches, style, **more))

    return log_of


@pytest.fixture(scope="session")
def cyclers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of six players who go round rock, paper, scissors: about 400 rounds."""
    return write_log(tmp_path_factory.mktemp("log") / "rps.db", records(players=6, matches=4))


@pytest.fixture(scope="session")
def rows() -> Rows:
    """1500 rounds of made-up players."""
    random = np.random.default_rng(3)
    return Rows.of(simulate(Habits(20, random), 20, 100, random))


@pytest.fixture
def played() -> Callable[..., Iterator[Record]]:
    """Records of scripted players: `played(players, matches, style)`."""
    return records
