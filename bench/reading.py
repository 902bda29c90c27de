"""`python -m bench.reading`: what it takes to follow players round by round, by how many versions read side by side."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path
from random import Random

from msgspec import Struct

from bench.process import resident_mb
from game import match as rules
from game.ask import Request, Response
from game.assignment import Alias, Arm
from game.events import Answer, Ask, Throw
from game.gambits import choose
from game.knowledge import NOTHING
from game.moves import MOVES
from game.records import Input, Opened
from inference.cabinet import ROOM
from inference.reader import Reader
from inference.readings import Readings
from inference.shelf import Models
from models.bundle import read
from models.errors import BundleError
from models.store import BUNDLES, SHIPPED, FolderStore
from telemetry.commandline import FAILED, Parser, add_json, ending, finished, print_result
from telemetry.progress import Bar

FAMILY = "maxine"
PLAYERS, ROUNDS = 200, 20
WARM = 3
"""First rounds that are not counted."""
LONG = 300
"""Bytes of the past that is read anew."""


class Cost(Struct, frozen=True):
    """Of so many distinct versions that read side by side: milliseconds of a round that is followed, and of each
    earlier one where the past is read anew; kilobytes of each player who is followed.
    """

    versions: int
    p50_ms: float
    p99_ms: float
    anew_ms: float
    player_kb: float


class Peer:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.answers = 0

    def waiting(self) -> bool:
        return True

    def tell(self, responses: list[Response]) -> None:
        self.answers += sum(response.error is None for response in responses)


def questions(seed: int) -> Iterator[Ask]:
    """What the models are asked about a player who plays on and on by chance."""
    random, known = Random(seed), NOTHING
    while True:
        name, gambit = f"{random.getrandbits(128):032x}", choose(random.random())
        match, _ = rules.start(Opened(name, "p", FAMILY, Arm.PRODUCTION, gambit, name, known, at=1))
        while match.closed is None:
            yield (ask := rules.question(match))
            match, _ = rules.step(match, Answer(ask, {}, random.random(), "", 1))
            match, _ = rules.step(match, Throw(match.round, random.choice(MOVES), Input.KEY, 1))
        known = match.closed.known


def shipped() -> list[Path]:
    """The folders of the readers that are shipped."""
    versions = {pin.version: None for pin in FolderStore(SHIPPED).table().aliases.get(FAMILY, {}).values()}
    return [SHIPPED / BUNDLES / version for version in versions]


def measure(folders: Sequence[Path]) -> Cost:
    """Follow some players in turn, then read one of them anew."""
    versions = len(folders)
    loaded = [Reader(read(folder)) for folder in folders]
    models: Models = {alias: loaded[number % versions] for number, alias in enumerate(Alias)}
    readings, peer, before = Readings(time.monotonic, ROOM), Peer(), resident_mb(os.getpid())
    playing, times = [questions(seed) for seed in range(PLAYERS)], []
    for number in range(ROUNDS):
        for player in playing:
            spent = _answered(readings, models, peer, next(player))
            if number >= WARM:
                times.append(spent)
    each_kb = (resident_mb(os.getpid()) - before) * 1e3 / PLAYERS
    long = next(ask for ask in questions(PLAYERS) if len(ask.past) >= LONG)
    anew = min(_answered(Readings(time.monotonic, 1), models, peer, long) for _ in range(3)) / len(long.past)
    assert peer.answers == PLAYERS * ROUNDS + 3
    times.sort()
    return Cost(versions, times[len(times) // 2] * 1e3, times[len(times) * 99 // 100] * 1e3, anew * 1e3, each_kb)


def _answered(readings: Readings, models: Models, peer: Peer, ask: Ask) -> float:
    """Seconds from question to answer."""
    began = time.perf_counter()
    readings.ask(Request(0, FAMILY, inf, ask.features, ask.past), models, peer)
    while len(readings):
        for asker, response in readings.work(inf):
            asker.tell([response])
    return time.perf_counter() - began


def table(costs: list[Cost]) -> str:
    """The costs for a person."""
    lines = [
        "| distinct versions | a round, p50 ms | p99 ms | each round anew, ms | a player, kB |",
        "|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {c.versions} | {c.p50_ms:.2f} | {c.p99_ms:.2f} | {c.anew_ms:.2f} | {c.player_kb:.0f} |" for c in costs
    ]
    return "\n".join(lines)


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m bench.reading",
        description="Measure what following players round by round costs, by how many versions read side by side.",
        epilog=ending(examples=["python -m bench.reading --json"]),
    )
    line.add_argument(
        "bundles", type=Path, nargs="*", metavar="BUNDLE", help="folders of readers (default: those that are shipped)"
    )
    add_json(line)
    return line


def main() -> int:
    line = parser()
    given = line.parse_args()
    folders = given.bundles or shipped()
    if not folders:
        line.error("no reader is shipped; name the folders of some")
    counts = sorted({1, len(folders)})
    try:
        with Bar() as tell:
            costs = []
            for done, number in enumerate(counts):
                tell(f"{number} versions side by side", done / len(counts))
                costs.append(measure(folders[:number]))
    except BundleError as error:
        sys.stderr.write(f"This could not be measured: {error}\n")
        return FAILED
    print_result(given, {"reading": costs}, [table(costs)])
    return 0


if __name__ == "__main__":
    sys.exit(finished(main, "inference"))
