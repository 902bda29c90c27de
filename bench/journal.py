"""A round log of any length, played by the real rules: what a server that has run for months would hold.

Players come in visits of a few matches, half of them for the first time. Each has a habit, firm or loose, and takes
human times; a few are declared as bots, and a few are scripts that say nothing of it. Everything follows from the
seed and the visit's number, so that a log that was cut short is continued as if it never had been.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

from msgspec import Struct, json

from game import match as rules
from game.assignment import Alias, assign
from game.equilibrium import Row
from game.events import Answer, Ask, Effect, Leave, Throw, Write
from game.fairness import NONCE_BITS, SEED_BITS, sha256_hex
from game.gambits import choose
from game.knowledge import NOTHING, Knowledge
from game.moves import MOVES
from game.opponents import OPPONENTS
from game.records import Closed, Input, Opened, Played, PlayerKind, Prediction, Reason, Record
from server import schema
from server.rows import row
from server.sqlite import APPEND

MATCHES = 4
"""Matches of one visit."""
BEGIN = 1_750_000_000_000
VISIT_MS = 30_000
"""Visits begin so far apart, and overlap."""
_BOTS, _SCRIPTS = 0.05, 0.02
"""Shares of players who are declared bots, and of scripts that pass for people."""
_LEAVES = 0.08
"""The share of matches that the player leaves."""
_AT_ONCE = 20
"""Visits in one commit."""
_OPPONENTS = sorted(OPPONENTS)


class Player(Struct, frozen=True):
    """P(how many moves further round the circle) after each outcome; `pace_ms` is the median time to throw."""

    id: str
    kind: PlayerKind
    habit: tuple[Row, Row, Row]
    pace_ms: float
    spread: float


def write(path: Path, rounds: int, seed: int = 0) -> int:
    """Write or continue the log until it holds this many played rounds; how many it holds, some more than asked."""
    schema.prepare(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # what a power cut destroys here is made again
        matches, held = connection.execute("SELECT count(*), coalesce(sum(rounds), 0) FROM matches").fetchone()
        known = {
            id: json.decode(text, type=Knowledge)
            for id, text in connection.execute("SELECT id, known FROM players WHERE known IS NOT NULL")
        }
        visit = matches // MATCHES
        while held < rounds:
            with connection:
                for number in range(visit, visit + _AT_ONCE):
                    held += _write_visit(connection, number, seed, known)
            visit += _AT_ONCE
    return int(held)


def _write_visit(connection: sqlite3.Connection, visit: int, seed: int, known: dict[str, Knowledge]) -> int:
    random = Random(f"{seed}:visit:{visit}")
    newest = visit // 2
    player = _player(seed, newest if visit % 2 == 0 else random.randrange(newest + 1))
    found: list[Record] = []
    clock = BEGIN + visit * VISIT_MS
    for number in range(visit * MATCHES, (visit + 1) * MATCHES):
        played = list(_match(f"{seed}:{number}", player, known.get(player.id, NOTHING), random, clock))
        closed = played[-1]
        assert isinstance(closed, Closed)
        known[player.id], clock = closed.known, closed.at + round(random.uniform(1_000, 20_000))
        found += played
    connection.execute(
        "INSERT INTO players (id, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (player.id, player.id[:8], BEGIN + visit * VISIT_MS),
    )
    connection.executemany(APPEND, [row(record) for record in found])
    return sum(isinstance(record, Played) for record in found)


def _player(seed: int, number: int) -> Player:
    random = Random(f"{seed}:player:{number}")
    draw = random.random()
    scripted = draw < _BOTS + _SCRIPTS
    firmness = 1.0 if scripted else random.betavariate(2, 2)

    def habit() -> Row:
        favourite, weights = random.randrange(3), [random.random() for _ in range(3)]
        rest = (1 - firmness) / sum(weights)
        first, second, third = (rest * weight + firmness * (step == favourite) for step, weight in enumerate(weights))
        return first, second, third

    return Player(
        id=sha256_hex(f"{seed}:player:{number}")[:32],
        kind=PlayerKind.BOT if draw < _BOTS else PlayerKind.HUMAN,
        habit=(habit(), habit(), habit()),
        pace_ms=random.uniform(30, 120) if scripted else random.uniform(700, 2500),
        spread=0.02 if scripted else random.uniform(0.3, 0.7),
    )


def _match(name: str, player: Player, known: Knowledge, random: Random, clock: int) -> Iterator[Record]:
    """The records of one match."""
    id = sha256_hex(name)[:32]
    opponent = random.choice(_OPPONENTS)
    opened = Opened(
        match=id,
        player=player.id,
        opponent=opponent,
        alias=assign("journal", id),
        gambit=choose(random.random()),
        seed=f"{random.getrandbits(SEED_BITS):032x}",
        known=known,
        at=clock,
        player_kind=player.kind,
    )
    leaves = random.randint(2, 9) if random.random() < _LEAVES else 0
    match, effects = rules.start(opened)
    yield from _written(effects)
    while match.closed is None:
        ask = next(effect for effect in effects if isinstance(effect, Ask))
        expected = _expected(player, match.known)
        nonce = f"{random.getrandbits(NONCE_BITS):064x}"
        clock += 2
        match, effects = rules.step(
            match, Answer(ask, _predictions(opponent, expected, random), random.random(), nonce, clock)
        )
        yield from _written(effects)
        clock += max(1, round(player.pace_ms * random.lognormvariate(0, player.spread)))
        if match.round == leaves:
            match, effects = rules.step(match, Leave(Reason.LEFT, clock))
        else:
            (move,) = random.choices(MOVES, expected)
            match, effects = rules.step(match, Throw(match.round, move, Input.BUTTON, clock))
        yield from _written(effects)


def _written(effects: list[Effect]) -> Iterator[Record]:
    return (effect.record for effect in effects if isinstance(effect, Write))


def _expected(player: Player, known: Knowledge) -> Row:
    """What the player will throw, as nobody else knows it."""
    if not known.lags:
        return player.habit[0]
    last = known.lags[0]
    steps = player.habit[last.outcome]
    return steps[-last.player % 3], steps[(1 - last.player) % 3], steps[(2 - last.player) % 3]


def _predictions(opponent: str, expected: Row, random: Random) -> dict[Alias, Prediction]:
    """What four versions half see of that, as the sidecar rounds it."""
    found = {}
    for number, alias in enumerate(Alias):
        sight = random.uniform(0.2, 0.8)
        rock, paper = (round(sight * share + (1 - sight) / 3, 6) for share in expected[:2])
        found[alias] = Prediction(f"{opponent}-journal-{number}", (rock, paper, round(1 - rock - paper, 6)))
    return found
