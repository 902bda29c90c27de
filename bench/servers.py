"""`python -m bench servers`: rounds per second of one server on SQLite, and of one and of two on PostgreSQL.

The three stand side by side and are loaded in turn, again and again, each turn beginning with another, so that whatever
else the machine does falls on all alike. Told are medians, and the ratios of their turns to those of SQLite. Players,
servers, sidecars and PostgreSQL share the machine's cores: on few of them a second server can add nothing, and what is
seen is what each costs. On many, or on machines of their own, it adds.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import asyncpg
import uvloop
from msgspec import Struct

from bench import load, places
from bench.asked import positive, whole
from bench.load import Load
from bench.system import System
from bench.telling import interval
from telemetry.commandline import Parser, add_json, ending, print_result
from telemetry.progress import Bar, Tell, untold

SQLITE = "SQLite, 1 server"


class Turn(Struct, frozen=True):
    """One loading of all servers of a system: rounds/s of all together, the mean of their medians, the worst server's
    p99, µs a round of the servers' own processes. What PostgreSQL and the sidecars take is not among these.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


class Found(Struct, frozen=True):
    """One system: medians over its turns, and of its rates over those of SQLite, with the 95 % interval."""

    name: str
    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    rate_ratio: float
    rate_interval: tuple[float, float]


class Report(Struct, frozen=True):
    cores: int
    players: int
    seconds: float
    turns: int
    systems: list[Found]


async def run(folder: Path, given: argparse.Namespace, tell: Tell = untold) -> Report:
    """Start all, and load them in turn."""
    async with AsyncExitStack() as running:
        systems: dict[str, System] = {}
        for name, servers in {SQLITE: 1, "PostgreSQL, 1 server": 1, "PostgreSQL, 2 servers": 2}.items():
            place = folder / str(len(systems))
            place.mkdir()
            database = "" if name == SQLITE else await running.enter_async_context(places.database(given.postgres))
            systems[name] = running.enter_context(System(place, servers, database, RPS_MAX_CONNECTIONS="20000"))
            await asyncio.to_thread(systems[name].play)
        turns: dict[str, list[Turn]] = {name: [] for name in systems}
        for turn in range(given.turns):
            first = turn % len(systems)
            for name, system in [*systems.items(), *systems.items()][first : first + len(systems)]:
                done = sum(map(len, turns.values())) / (given.turns * len(systems))
                tell(f"turn {turn + 1} of {given.turns}: {name}", done)
                turns[name].append(await _turn(system, turn, given.players, given.seconds))
    found = [_found(name, mine, turns[SQLITE]) for name, mine in turns.items()]
    return Report(os.cpu_count() or 1, given.players, given.seconds, given.turns, found)


async def _turn(system: System, turn: int, players: int, seconds: float) -> Turn:
    """All servers at once, each with its part of the players."""
    each = players // len(system.servers)
    loads: list[Load] = await asyncio.gather(
        *(
            load.drive(
                system.url_of(name).replace("http", "ws", 1) + "/ws",
                each,
                seconds,
                [system.pid(name)],
                load.players(turn * players + number * each),
            )
            for number, name in enumerate(system.servers)
        )
    )
    rounds = sum(one.rounds for one in loads)
    return Turn(
        rate=sum(one.rate for one in loads),
        p50_ms=sum(one.p50_ms * one.rounds for one in loads) / rounds,
        p99_ms=max(one.p99_ms for one in loads),
        cpu_us=sum(one.cpu_us[0] * one.rounds for one in loads) / rounds,
    )


def _found(name: str, turns: Sequence[Turn], sqlite: Sequence[Turn]) -> Found:
    ratios = [one.rate / other.rate for one, other in zip(turns, sqlite, strict=True)]
    return Found(
        name=name,
        rate=median(one.rate for one in turns),
        p50_ms=median(one.p50_ms for one in turns),
        p99_ms=median(one.p99_ms for one in turns),
        cpu_us=median(one.cpu_us for one in turns),
        rate_ratio=median(ratios),
        rate_interval=interval(ratios),
    )


def table(report: Report) -> str:
    """For a person."""
    lines = [
        f"{report.players} players at full speed, {report.turns} turns of {report.seconds:g} s; players, servers, "
        f"sidecars and PostgreSQL share {report.cores} cores.",
        "",
        "| | rounds/s | p50 ms | p99 ms | servers µs/round | rounds/s ÷ SQLite |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {one.name} | {one.rate:.0f} | {one.p50_ms:.1f} | {one.p99_ms:.1f} | {one.cpu_us:.0f} "
        f"| {one.rate_ratio:.2f} ({one.rate_interval[0]:.2f} to {one.rate_interval[1]:.2f}) |"
        for one in report.systems
    ]
    return "\n".join(lines)


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m bench servers",
        description="Measure rounds per second by database and number of servers.",
        epilog=ending(
            examples=["python -m bench servers --turns 3"],
            exits="0 measured, 2 it could not be, or the arguments are wrong, 130 interrupted.",
        ),
    )
    line.add_argument("--postgres", default="postgresql://postgres@127.0.0.1:5432/postgres", metavar="URL",
                      help="a server on which databases are made, and removed (default: %(default)s)")  # fmt: skip
    line.add_argument("--players", type=whole, default=128, metavar="N", help="in all (default: %(default)s)")
    line.add_argument("--seconds", type=positive, default=4.0, metavar="S", help="of each turn (default: %(default)s)")
    line.add_argument("--turns", type=whole, default=9, metavar="N", help="of each system (default: %(default)s)")
    add_json(line)
    return line


def main(arguments: Sequence[str]) -> int:
    line = parser()
    given = line.parse_args(arguments)
    if given.players < 2:
        line.error("two servers need two players")
    try:
        with TemporaryDirectory(prefix="rps-bench-") as folder, Bar() as tell:
            report = uvloop.run(run(Path(folder), given, tell))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        sys.stderr.write(f"This could not be measured: {error}\n")
        return 2
    print_result(given, report, [table(report)])
    return 0
