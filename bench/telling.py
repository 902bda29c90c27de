"""`python -m bench.telling`: what telemetry costs play, with a receiver that takes it, hangs, or is not there.

Two systems run without telemetry and one for each kind of receiver; they are loaded in turn, again and again, each turn
beginning with another, so that whatever else the machine does falls on all alike. Told are medians, and their ratios to
the first system without; how far the second's is from 1 says how far chance alone goes. All play against the opponent
whose rounds cost least, so that telemetry weighs most.
"""

import sys
from asyncio.subprocess import create_subprocess_exec
from collections.abc import Sequence
from contextlib import ExitStack
from math import comb
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import uvloop
from msgspec import Struct

from bench import load
from bench.asked import share
from bench.load import Load
from bench.system import System, free_port
from telemetry.commandline import Parser, above_zero, add_json, ending, finished, print_result, whole
from telemetry.progress import Bar, Tell, untold

OFF, AGAIN = "off", "off, once more"
OPPONENT = "logan"
EVERY_MS = "10000"
"""Metrics are sent so often here, to have some batches in every few turns; by default it is once a minute."""


class Told(Struct, frozen=True):
    """One system: medians over its turns, and of their ratios to the system without telemetry in the same turns.

    Each ratio has its 95 % interval, from order statistics.
    """

    name: str
    rate: float
    p99_ms: float
    cpu_us: float
    rate_ratio: float
    rate_interval: tuple[float, float]
    p99_ratio: float
    p99_interval: tuple[float, float]


async def run(folder: Path, players: int, seconds: float, turns: int, share: float, tell: Tell = untold) -> list[Told]:
    """Load all systems in turn."""
    took, hanging = free_port(), free_port()
    sinks = [
        await create_subprocess_exec(sys.executable, "-m", "bench.sink", str(took)),
        await create_subprocess_exec(sys.executable, "-m", "bench.sink", str(hanging), "hangs"),
    ]
    receivers = {"a receiver": took, "a hanging receiver": hanging, "no receiver there": free_port()}
    try:
        with ExitStack() as running:
            systems = {
                name: running.enter_context(System(_made(folder / name), OTEL_SDK_DISABLED="true")).play()
                for name in (OFF, AGAIN)
            }
            for name, port in receivers.items():
                variables = {
                    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
                    "OTEL_METRIC_EXPORT_INTERVAL": EVERY_MS,
                    "OTEL_TRACES_SAMPLER_ARG": str(share),
                }
                systems[name] = running.enter_context(System(_made(folder / name), 1, **variables)).play()
            found: dict[str, list[Load]] = {name: [] for name in systems}
            for turn in range(turns):
                first = turn % len(systems)
                for name, system in [*systems.items(), *systems.items()][first : first + len(systems)]:
                    done = sum(map(len, found.values())) / (turns * len(systems))
                    tell(f"turn {turn + 1} of {turns}: {name}", done)
                    address = system.url.replace("http", "ws", 1) + "/ws"
                    pids = [system.pid("server")]
                    found[name].append(await load.drive(address, players, seconds, pids, load.players(turn, OPPONENT)))
            return [told(name, loads, found[OFF]) for name, loads in found.items()]
    finally:
        for sink in sinks:
            sink.kill()
            await sink.wait()


def told(name: str, loads: Sequence[Load], without: Sequence[Load]) -> Told:
    """The medians; a ratio is the median of the turns' ratios."""
    pairs = list(zip(loads, without, strict=True))
    rates = [one.rate / other.rate for one, other in pairs]
    waits = [one.p99_ms / other.p99_ms for one, other in pairs]
    return Told(
        name=name,
        rate=median(one.rate for one in loads),
        p99_ms=median(one.p99_ms for one in loads),
        cpu_us=median(one.cpu_us[0] for one in loads),
        rate_ratio=median(rates),
        rate_interval=interval(rates),
        p99_ratio=median(waits),
        p99_interval=interval(waits),
    )


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Holds the true median with 95 % confidence or more, whatever the distribution; of under 6 values, all of them."""
    ordered, tail, out = sorted(values), 0.0, 0
    while (tail := tail + comb(len(ordered), out) / 2 ** len(ordered)) <= 0.025:
        out += 1
    return ordered[max(out - 1, 0)], ordered[-max(out, 1)]


def table(found: Sequence[Told]) -> str:
    """For a person."""
    lines = [
        "| telemetry | rounds/s | p99 ms | server µs/round | rounds/s ÷ off | p99 ÷ off |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {one.name} | {one.rate:.0f} | {one.p99_ms:.1f} | {one.cpu_us:.0f} "
        f"| {one.rate_ratio:.3f} ({one.rate_interval[0]:.3f} to {one.rate_interval[1]:.3f}) "
        f"| {one.p99_ratio:.3f} ({one.p99_interval[0]:.3f} to {one.p99_interval[1]:.3f}) |"
        for one in found
    ]
    return "\n".join(lines)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m bench.telling",
        description="Measure what telemetry costs play, with a receiver that takes it, hangs, or is not there.",
        epilog=ending(examples=["python -m bench.telling --turns 6"]),
    )
    line.add_argument("--players", type=whole(1), default=64, metavar="N", help="at full speed (default: %(default)s)")
    line.add_argument(
        "--seconds", type=above_zero, default=3.0, metavar="S", help="of each measurement (default: %(default)s)"
    )
    line.add_argument("--turns", type=whole(1), default=12, metavar="N", help="of each system (default: %(default)s)")
    line.add_argument(
        "--share", type=share, default=0.01, metavar="P", help="of matches traced, 0 to 1 (default: %(default)s)"
    )
    add_json(line)
    return line


def main() -> int:
    given = parser().parse_args()
    with TemporaryDirectory(prefix="rps-bench-") as folder, Bar() as tell:
        found = uvloop.run(run(Path(folder), given.players, given.seconds, given.turns, given.share, tell))
    print_result(given, {"telemetry": found}, [table(found)])
    return 0


if __name__ == "__main__":
    sys.exit(finished(main, "server,inference"))
