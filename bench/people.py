"""`python -m bench load`: people play on a deployment, as many as are asked for; what they waited and what went wrong.

Exit status: 0 if all went well, 1 if anything went wrong or was unsound, 2 if no server answers or an argument is off.
A refusal because the server stops or asks for patience is no wrong; it is counted.
"""

import argparse
import asyncio
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

import uvloop

from bench.asked import address, positive, share, think, whole
from bench.counts import Counts, Wait, latency
from bench.crowd import Crowd, Url, Ways
from bench.crowd_report import Mark, Report, report, table
from game.opponents import OPPONENTS
from telemetry.commandline import Parser, add_json, ending, print_result
from telemetry.progress import Bar

WELL, WRONG, UNREACHABLE = 0, 1, 2
DEFAULT = "http://127.0.0.1:8000"
END_S = 15.0
"""Matches are left at the end; so long may it take."""
QUIET_S = 5.0
"""Where standard error is no terminal, a line of progress comes so often."""


async def reach(urls: Sequence[Url]) -> str | None:
    """What is wrong with the first of these that takes no connection, None if all do."""
    for url in urls:
        try:
            async with asyncio.timeout(5):
                _, writer = await asyncio.open_connection(url.host, url.port, ssl=url.ssl)
        except (OSError, TimeoutError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            return f"No server answers at {url.socket}: {why}."
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return None


async def play(crowd: Crowd, players: int, ramp_s: float, seconds: float, stop: asyncio.Event) -> Report:
    """Let the people come, play and leave; `stop` ends it early."""
    loop = asyncio.get_running_loop()
    coming = [loop.call_later(ramp_s * number / players, crowd.arrive) for number in range(players)]
    telling = asyncio.create_task(progress(crowd.counts, ramp_s + seconds))
    begin = Mark.of(crowd.counts)
    for wait_s in (ramp_s, seconds):
        if not stop.is_set():
            begin = Mark.of(crowd.counts)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait_s)
    end = Mark.of(crowd.counts)
    for each in coming:
        each.cancel()
    left = await crowd.end(leaving=True, within_s=END_S)
    if left:
        crowd.counts.trouble["no end of the match"] += left
    telling.cancel()
    with suppress(asyncio.CancelledError):
        await telling
    return report(crowd, players, begin, end)


async def progress(counts: Counts, whole_s: float) -> None:
    """How it goes, each second on a terminal, elsewhere now and then; `whole_s` is how long it is to take."""
    loop = asyncio.get_running_loop()
    every_s, began = 1.0 if sys.stderr.isatty() else QUIET_S, loop.time()
    before = Mark.of(counts)
    with Bar() as tell:
        while True:
            await asyncio.sleep(every_s)
            now = Mark.of(counts)
            waited = latency(counts.waits[Wait.RESULT][before.lengths[Wait.RESULT] : now.lengths[Wait.RESULT]])
            tell(
                f"{counts.present} players, {(now.rounds - before.rounds) / (now.at - before.at):.0f} rounds/s, "
                f"p50 {waited.p50_ms:.1f} ms, p99 {waited.p99_ms:.1f} ms, "
                f"{counts.trouble.total() + counts.unsound} errors",
                min((loop.time() - began) / whole_s, 1.0),
            )
            before = now


async def run(given: argparse.Namespace) -> Report | str:
    """Play as the arguments say; a sentence if that cannot begin."""
    wrong = await reach(given.url)
    if wrong is not None:
        return wrong
    stop = asyncio.Event()
    for wish in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wish, stop.set)
    ways = Ways(think=given.think, drops=given.resume_share, opponents=tuple(given.opponents))
    return await play(Crowd(given.url, ways, given.seed), given.players, given.ramp, given.seconds, stop)


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m bench load",
        description="Let people play on a deployment, and tell what they waited and what went wrong. Ctrl-C ends it "
        "early, with the table.",
        epilog=ending(
            examples=["python -m bench load --players 50 --seconds 20 --ramp 5"],
            exits="0 all went well, 1 something went wrong or was unsound, 2 no server answers, or the arguments are "
            "wrong.",
        ),
    )
    line.add_argument("--players", type=whole, default=100, metavar="N", help="at once (default: %(default)s)")
    line.add_argument("--think", type=think, default=(1.5, 0.5), metavar="SECONDS[:SPREAD]",
                      help="median time over a throw, and its logarithm's spread (default: 1.5:0.5)")  # fmt: skip
    line.add_argument("--seconds", type=positive, default=60, metavar="S", help="after the ramp (default: %(default)s)")
    line.add_argument("--ramp", type=positive, default=10, metavar="S", help="seconds in which all come (default: 10)")
    line.add_argument("--url", type=address, nargs="+", default=[Url.read(DEFAULT)], metavar="URL",
                      help=f"of each server; who loses one goes to the next (default: {DEFAULT})")  # fmt: skip
    line.add_argument("--opponents", nargs="+", choices=tuple(OPPONENTS), default=tuple(OPPONENTS), metavar="NAME",
                      help="whom to play against (default: all that can be chosen on the page)")  # fmt: skip
    line.add_argument("--resume-share", type=share, default=0.05, metavar="P",
                      help="of matches in which the connection drops once, 0 to 1 (default: %(default)s)")  # fmt: skip
    line.add_argument("--seed", type=int, default=0, metavar="N", help="of the people's chance (default: %(default)s)")
    add_json(line)
    return line


def main(arguments: Sequence[str]) -> int:
    given = parser().parse_args(arguments)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a socket each
    found = uvloop.run(run(given))
    if isinstance(found, str):
        sys.stderr.write(f"{found}\n")
        return UNREACHABLE
    print_result(given, found, [table(found)])
    return WELL if found.well else WRONG
