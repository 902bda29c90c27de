"""`python -m bench trial`: people play while their servers are killed, paused and stopped in turn; is every round kept?

Several servers share PostgreSQL, a stream of NATS and a sidecar on this machine. Players keep what they were told, come
back to another server, and at the end play their matches out; then the log, the stream and what the servers count are
held against that and against each other (`bench.audit`). Without `--postgres` one server keeps a SQLite file.

Exit status: 0 if everything holds, 1 if anything does not, 2 if it was not held.
"""

import argparse
import asyncio
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from random import Random
from secrets import token_hex
from tempfile import TemporaryDirectory

import asyncpg
import nats.errors
import uvloop
from msgspec.structs import replace

from bench import audit, places
from bench.asked import positive, think, whole
from bench.audit import Check
from bench.book import Book
from bench.book import read as read_book
from bench.counts import Counts, latency
from bench.crowd import Crowd, Url, Ways
from bench.people import progress
from bench.places import Broker
from bench.system import System
from bench.upheaval import TURNS, Blow, Upheaval
from bench.verdict import Trial, table
from telemetry.commandline import Parser, add_json, ending, print_result

HOLDS, OFF, NOT_BEGUN = 0, 1, 2
RAMP_S = 3.0
PATIENCE_S = 4.0
"""Less than servers are paused for, so that players go on elsewhere before those wake up."""
FINISH_S = 120.0
"""So long the people may take to play their matches out."""
CATCH_UP_S = 60.0
"""So long the stream, and what the servers count, may lag behind the log at the end."""


async def run(folder: Path, given: argparse.Namespace) -> Trial:
    """Set everything up, play, and look. SIGTERM cancels it, so that nothing of it stays."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with AsyncExitStack() as set_up:
        database, stream, name, broker = "", "", f"rps-trial-{token_hex(6)}", None
        if given.postgres:
            database = await set_up.enter_async_context(places.database(given.postgres))
            stream = given.nats
            if not stream:
                broker = set_up.enter_context(Broker(folder))
                stream = broker.url
            else:
                await places.reach(stream)
                set_up.push_async_callback(places.forget, stream, name)
        variables = {"RPS_STREAM_NAME": name} if stream else {}
        system = System(folder, given.servers, database, stream, RPS_DRAIN_S="2", **variables)
        set_up.enter_context(system)
        await asyncio.to_thread(system.play)
        upheaval = Upheaval(system, broker, database, given.seconds, Random(given.seed))
        crowd, left = await _played(system, upheaval, given)
        for server in system.servers:
            await upheaval.back(server)
        checks = await _checked(system, crowd, database or f"sqlite:///{folder / 'rps.db'}", stream, name)
        for server in system.servers:
            await upheaval.end(server)
        ends = sum(upheaval.dealt[blow] for blow in TURNS) + len(system.servers)
        checks.append(audit.check("servers that came back, and stopped when told", ends, upheaval.failures))
        return _trial(given, crowd.counts, upheaval, left, checks)


async def _played(system: System, upheaval: Upheaval, given: argparse.Namespace) -> tuple[Crowd, int]:
    """The crowd after all of it, and how many did not come to their end."""
    urls = [Url.read(system.url_of(name)) for name in system.servers]
    ways = Ways(given.think, pause_s=given.think[0], patience_s=PATIENCE_S, leaves=0.02, drops=0.1, goes=0.05)
    crowd = Crowd(urls, ways, given.seed, keep=True)
    telling = asyncio.create_task(progress(crowd.counts, RAMP_S + given.seconds))
    try:
        for number in range(given.matches):
            asyncio.get_running_loop().call_later(RAMP_S * number / given.matches, crowd.arrive)
        await asyncio.sleep(RAMP_S)
        await upheaval.run()
        return crowd, await crowd.end(leaving=False, within_s=FINISH_S)
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


async def _checked(system: System, crowd: Crowd, database: str, stream: str, name: str) -> list[Check]:
    rows = await places.rows(database)
    book = read_book(rows)
    checks = [*audit.log(book), *audit.acknowledged(book, crowd.matches)]
    checks.append(audit.projected(book, await places.matches(database)))
    if stream:
        checks.append(audit.streamed(rows, await places.stream(stream, name, len(rows), CATCH_UP_S)))
    for server in system.servers:
        checks += await _counted(system, server, book)
    return checks


async def _counted(system: System, server: str, book: Book) -> list[Check]:
    """What the server counts, once it has caught up."""
    loop = asyncio.get_running_loop()
    end = loop.time() + CATCH_UP_S
    while True:
        try:
            found = audit.statistics(book, await asyncio.to_thread(system.get, "/api/stats", server))
        except OSError as error:
            found = [audit.check("statistics that the server tells", 1, [f"They were not to be had: {error}."])]
        if loop.time() > end or not any(one.wrong for one in found):
            return [replace(one, what=f"{one.what}, {server}") for one in found]
        await asyncio.sleep(0.2)


def _trial(given: argparse.Namespace, counts: Counts, upheaval: Upheaval, left: int, checks: list[Check]) -> Trial:
    return Trial(
        servers=given.servers,
        players=given.matches,
        seconds=given.seconds,
        dealt={blow: upheaval.dealt[blow] for blow in Blow},
        rounds=counts.rounds,
        matches=counts.matches,
        latencies={wait: latency(values) for wait, values in counts.waits.items()},
        resumes_tried=counts.resumes_tried,
        resumes_succeeded=counts.resumes_succeeded,
        refused=dict(counts.refused),
        trouble=dict(counts.trouble),
        unsound=counts.unsound,
        faults=counts.faults,
        not_ended=left,
        checks=checks,
    )


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m bench trial",
        description="Let people play while their servers are killed, paused and stopped, and see that nothing is lost.",
        epilog=ending(
            examples=["python -m bench trial --seconds 30 --matches 50"],
            exits="0 everything holds, 1 something does not, 2 the trial was not held, or the arguments are wrong, "
            "130 interrupted.",
        ),
    )
    line.add_argument("--servers", type=whole, metavar="N", help="(default: 3 on PostgreSQL, 1 on SQLite)")
    line.add_argument("--matches", type=whole, default=300, metavar="N", help="played at a time (default: %(default)s)")
    line.add_argument("--seconds", type=positive, default=300, metavar="S", help="of upheaval (default: %(default)s)")
    line.add_argument("--think", type=think, default=(1.0, 0.5), metavar="SECONDS[:SPREAD]",
                      help="median time over a throw, and its logarithm's spread (default: 1:0.5)")  # fmt: skip
    line.add_argument("--postgres", default="", metavar="URL",
                      help="a server on which a database is made, and removed (default: none, but SQLite)")  # fmt: skip
    line.add_argument("--nats", default="", metavar="URL",
                      help="a NATS (default: one of the trial's own, which goes away for a while)")  # fmt: skip
    line.add_argument("--keep", type=Path, metavar="FOLDER", help="a new one, where the processes' logs stay")
    line.add_argument("--seed", type=int, default=0, metavar="N",
                      help="of all chance but the servers' (default: %(default)s)")  # fmt: skip
    add_json(line)
    return line


def read(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments; ends the process where they are off."""
    line = parser()
    given = line.parse_args(arguments)
    given.servers = given.servers or (3 if given.postgres else 1)
    if not given.postgres and (given.servers > 1 or given.nats):
        line.error("several servers, and a stream, need --postgres")
    return given


def main(arguments: Sequence[str]) -> int:
    given = read(arguments)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a socket for each player
    try:
        with TemporaryDirectory(prefix="rps-trial-") as folder:
            if given.keep is not None:
                given.keep.mkdir(parents=True)
            found = uvloop.run(run(given.keep or Path(folder), given))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, nats.errors.Error) as error:
        sys.stderr.write(f"The trial cannot be held: {error}\n")
        return NOT_BEGUN
    except asyncio.CancelledError:  # by SIGTERM; Ctrl-C ends it as any command
        sys.stderr.write("The trial was interrupted before its end.\n")
        return NOT_BEGUN
    print_result(given, found, [table(found)])
    return HOLDS if found.holds else OFF
