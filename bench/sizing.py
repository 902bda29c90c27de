"""`python -m bench.sizing`: what a round costs to keep, to export and to learn from (docs/sizing.md)."""

import resource
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from msgspec import Struct

from bench import journal, keeping
from telemetry.commandline import FAILED, Parser, add_json, ending, finished, print_result, whole
from telemetry.progress import Bar, Tell, untold
from trainer.data import partitions
from trainer.data.export import export
from trainer.data.features import matrix
from trainer.data.rows import Rows
from trainer.data.sequences import some_whole
from trainer.data.snapshot import take
from trainer.errors import TrainerError
from trainer.fitting.families import MOST_JUDGED, NAMES, configurations
from trainer.tasks import Job
from trainer.tasks.local import LocalTasks

JUDGING = (0, 1, 2)
"""Buckets of sixteen whose players stop the fits; the others are learned from."""


T = TypeVar("T")


class Work(Struct, frozen=True):
    """Something done in one thread of a process of its own: rounds or rows, seconds without start and imports as the
    clock and as the processor counts them, and peak resident memory.
    """

    name: str
    rounds: int
    seconds: float
    cpu_s: float
    peak_mb: float


class Report(Struct, frozen=True):
    """Everything measured in one run. Bytes are those of whole files, over played rounds."""

    rounds: int
    matches: int
    players: int
    sqlite_bytes: float
    record_bytes: float
    parquet_bytes: float
    postgres_bytes: float | None
    stream_bytes: float | None
    work: list[Work]
    fits: list[Work]


def run(
    folder: Path, log: Path | None, rounds: int, sizes: list[int], seed: int, postgres: str = "", stream: str = "",
    tell: Tell = untold,
) -> Report:  # fmt: skip
    """Measure everything in turn on a log that is there, or on one written into the folder."""
    database, lake = log or folder / "rps.db", folder / "lake"
    if log is None:
        tell(f"writing a log of {rounds} rounds", 0.0)
        journal.write(database, rounds, seed)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (records,) = connection.execute("SELECT sum(length(CAST(body AS BLOB))) FROM log").fetchone()
        held, matches = connection.execute("SELECT sum(rounds), count(*) FROM matches").fetchone()
        (players,) = connection.execute("SELECT count(*) FROM players").fetchone()
    parts = 2 + len(sizes) * len(NAMES)
    tell("export, reading back, intake, features", 1 / parts)
    chores = {"export": _export, "read": _read, "intake": _intake, "features": _features}
    done = [_alone(name, chore, (database, lake)) for name, chore in chores.items()]
    fits: list[Work] = []
    for size in sizes:
        for family in NAMES:
            tell(f"{family} on {size} rows", (2 + len(fits)) / parts)
            fits.append(_alone(family, _fit, (lake, family, size, seed)))
    return Report(
        rounds=held,
        matches=matches,
        players=players,
        sqlite_bytes=database.stat().st_size / held,
        record_bytes=records / held,
        parquet_bytes=sum(path.stat().st_size for path in lake.rglob("*.parquet")) / held,
        postgres_bytes=keeping.in_postgres(postgres, database) if postgres else None,
        stream_bytes=keeping.in_stream(stream, database) if stream else None,
        work=done,
        fits=fits,
    )


Found = tuple[int, float, float]
"""(rounds or rows, seconds by the clock, seconds of the processor)."""


def _alone(name: str, function: Callable[..., Found], given: tuple[object, ...]) -> Work:
    """The work in a process of its own; raises TaskFailed."""
    with closing(LocalTasks(1).map(_measured, function, [Job(name, (name, given))])) as tasks:
        return next(tasks).result()


def _measured(function: Callable[..., Found], name: str, given: tuple[object, ...]) -> Work:
    rounds, seconds, cpu_s = function(*given)
    return Work(name, rounds, seconds, cpu_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)


def _clocked(work: Callable[[], T]) -> tuple[T, float, float]:
    """(what it returns, seconds by the clock, seconds of the processor)."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - wall, time.process_time() - cpu


def _export(database: Path, lake: Path) -> Found:
    report, *took = _clocked(lambda: export(database, lake))
    return report.rounds, took[0], took[1]


def _read(database: Path, lake: Path) -> Found:
    found, *took = _clocked(lambda: partitions.read(lake))
    return len(found.rounds), took[0], took[1]


def _intake(database: Path, lake: Path) -> Found:
    found, *took = _clocked(lambda: take(database, 1.0, lambda *_: None))
    return len(found.rounds), took[0], took[1]


def _features(database: Path, lake: Path) -> Found:
    rounds = partitions.read(lake).rounds
    _, wall, cpu = min((_clocked(lambda: matrix(rounds)) for _ in range(3)), key=lambda one: one[2])
    return len(rounds), wall, cpu


def _fit(lake: Path, family: str, size: int, seed: int) -> Found:
    """The family's first configuration on so many rows of the dataset, or on all there are."""
    learning = set(range(partitions.BUCKETS)) - set(JUDGING)
    train = some_whole(Rows.of(partitions.read(lake, learning).rounds), size, seed)
    judging = some_whole(Rows.of(partitions.read(lake, JUDGING).rounds), MOST_JUDGED, seed)
    _, *took = _clocked(lambda: configurations(family)[0].fit(train, judging, seed))
    return len(train), took[0], took[1]


def table(report: Report) -> str:
    """The report for a person."""
    lines = [
        f"{report.rounds:,} rounds of {report.players:,} players in {report.matches:,} matches",
        "",
        "| bytes for each round | |",
        "|---|--:|",
        f"| SQLite, the whole file | {report.sqlite_bytes:,.0f} |",
        f"| of it the records themselves | {report.record_bytes:,.0f} |",
        f"| PostgreSQL, the log with its indexes | {_bytes(report.postgres_bytes)} |",
        f"| JetStream | {_bytes(report.stream_bytes)} |",
        f"| Parquet | {report.parquet_bytes:.1f} |",
        "",
        "| on one core | rounds | s | of the processor | rounds/s of it | peak MB |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    return "\n".join([*lines, *map(_row, [*report.work, *report.fits])])


def _bytes(measured: float | None) -> str:
    return "not measured" if measured is None else f"{measured:,.0f}"


def _row(one: Work) -> str:
    times = f"{one.seconds:.1f} | {one.cpu_s:.1f} | {one.rounds / one.cpu_s:,.0f}"
    return f"| {one.name} | {one.rounds:,} | {times} | {one.peak_mb:,.0f} |"


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m bench.sizing",
        description="Measure what a round costs to keep, to export and to learn from on this machine.",
        epilog=ending(examples=["python -m bench.sizing --rounds 20000 --sizes 10000"]),
    )
    line.add_argument("--rounds", type=whole(1), default=100_000, metavar="N", help="of the log (default: %(default)s)")
    line.add_argument(
        "--sizes", type=whole(1), nargs="*", default=[20_000, 75_000], metavar="N",
        help="rows of the fits (default: 20000 75000; none without a number)",
    )  # fmt: skip
    line.add_argument("--log", type=Path, metavar="PATH", help="a SQLite log that is there (default: a new one)")
    line.add_argument("--postgres", default="", metavar="URL", help="a PostgreSQL to measure with (default: none)")
    line.add_argument("--nats", default="", metavar="URL", help="a NATS with JetStream (default: none)")
    line.add_argument("--seed", type=whole(0), default=0, metavar="N", help="of log and fits (default: %(default)s)")
    add_json(line)
    return line


def main() -> int:
    given = parser().parse_args()
    if given.log is not None and not given.log.is_file():
        sys.stderr.write(f"There is no log at {given.log}.\n")
        return FAILED
    began = time.perf_counter()
    try:
        with TemporaryDirectory(prefix="rps-bench-") as folder, Bar() as tell:
            where = Path(folder), given.log, given.rounds, given.sizes, given.seed, given.postgres, given.nats
            report = run(*where, tell)
    except (OSError, sqlite3.Error, TrainerError) as error:
        sys.stderr.write(f"This could not be measured: {error}\n")
        return FAILED
    sys.stderr.write(f"Done after {time.perf_counter() - began:.0f} s.\n")
    print_result(given, report, [table(report)])
    return 0


if __name__ == "__main__":
    sys.exit(finished(main, "server,inference,trainer"))
