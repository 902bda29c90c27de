"""`python -m bench`: measure the running system and print the table; or one of the commands beside it."""

import asyncio
import sys
from asyncio.subprocess import create_subprocess_exec
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import uvloop
from msgspec import Struct

from bench import failover, hop, load, newcomer, pages, people, servers, trial
from bench.failover import Failover
from bench.hop import Hop
from bench.load import Load
from bench.player import Idle, Tally
from bench.process import resident_mb
from bench.system import System, free_port
from telemetry.commandline import Parser, above_zero, add_json, add_version, ending, finished, print_result, whole
from telemetry.progress import Bar, Tell, untold

COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "commands": pages.main,
    "load": people.main,
    "newcomer": newcomer.main,
    "servers": servers.main,
    "trial": trial.main,
}
MODULES = ("bench.findings", "bench.looking", "bench.reading", "bench.sizing", "bench.telling", "bench.training")
RESULT_BYTES, ROUND_BYTES = 1050, 330
"""The median sizes of the two messages that answer a move."""
IDLE = 1000


class Report(Struct, frozen=True):
    """Everything measured in one run."""

    echo: list[Load]
    game: list[Load]
    hops: list[Hop]
    server_mb: float
    sidecar_mb: float
    idle_kb: float
    failover: Failover


async def run(folder: Path, crowd: Sequence[int], seconds: float, tell: Tell = untold) -> Report:
    """Start the system and the echo, and measure both in turn."""
    echo_port = free_port()
    sizes = str(RESULT_BYTES), str(ROUND_BYTES)
    yardstick = await create_subprocess_exec(sys.executable, "-m", "bench.echo", str(echo_port), *sizes)
    try:
        with System(folder, RPS_MAX_CONNECTIONS="20000") as system:
            system.play()
            address = system.url.replace("http", "ws", 1) + "/ws"
            server, sidecar = system.pid("server"), system.pid("inference")
            idle_kb = await idle(address, server)
            echoes, games = [], []
            for done, number in enumerate(crowd):
                told = f"{number} players, {seconds:g} s each: echo, then the game"
                tell(told, done / (len(crowd) + 2))
                url = f"ws://127.0.0.1:{echo_port}/"
                echoes.append(await load.drive(url, number, seconds, [yardstick.pid], load.echo))
                games.append(await load.drive(address, number, seconds, [server, sidecar], load.players(number)))
            tell("the hop to the sidecar", len(crowd) / (len(crowd) + 2))
            socket = folder / "inference.sock"
            hops = [await hop.measure(socket, sidecar, number, 6000) for number in (1, 16, 64)]
            memory = resident_mb(server), resident_mb(sidecar)
            tell("a killed and a hung sidecar", (len(crowd) + 1) / (len(crowd) + 2))
            return Report(echoes, games, hops, *memory, idle_kb, await failover.measure(system))
    finally:
        yardstick.kill()
        await yardstick.wait()


async def idle(address: str, pid: int) -> float:
    """Kilobytes that one player who only sits there costs the server."""
    tally = Tally(lambda: False, [])
    warm = await load.gather(address, tally, lambda url, tally: Idle(url, tally, Random(0)), 50)
    before = resident_mb(pid)
    crowd = await load.gather(address, tally, lambda url, tally: Idle(url, tally, Random(0)), IDLE)
    cost = (resident_mb(pid) - before) * 1e3 / IDLE
    for socket in (*warm, *crowd):
        socket.close()
    await asyncio.sleep(0.5)
    return cost


def table(report: Report) -> str:
    """The report for a person."""
    lines = [
        "| players | | rounds/s | p50 ms | p99 ms | server µs/round | sidecar µs/round | rounds/s on one server core |",
        "|--:|---|--:|--:|--:|--:|--:|--:|",
    ]
    for echo, game in zip(report.echo, report.game, strict=True):
        lines += [_row("bare echo", echo), _row("the game", game)]
        ratio = game.core_rate / echo.core_rate
        lines.append(f"| {game.players} | game / echo | {game.rate / echo.rate:.2f} | | | | | {ratio:.2f} |")
    lines += ["", "| sidecar, all four aliases | p50 ms | p99 ms | sidecar µs |", "|---|--:|--:|--:|"]
    lines += [f"| {h.in_flight} in flight | {h.p50_ms:.2f} | {h.p99_ms:.2f} | {h.cpu_us:.0f} |" for h in report.hops]
    found = report.failover
    lines += [
        "",
        "| | |",
        "|---|--:|",
        f"| server resident after the load | {report.server_mb:.0f} MB |",
        f"| sidecar resident after the load | {report.sidecar_mb:.0f} MB |",
        f"| server, each idle player | {report.idle_kb:.1f} kB |",
        f"| longest wait for a round, sidecar killed | {found.after_kill_ms:.1f} ms |",
        f"| longest wait for a round, sidecar hung | {found.while_hung_ms:.1f} ms |",
        f"| a model plays again after its restart | {found.recovered_after_ms:.0f} ms |",
    ]
    return "\n".join(lines)


def _row(name: str, found: Load) -> str:
    sidecar = f"{found.cpu_us[1]:.0f}" if len(found.cpu_us) > 1 else ""
    return (
        f"| {found.players} | {name} | {found.rate:.0f} | {found.p50_ms:.1f} | {found.p99_ms:.1f} "
        f"| {found.cpu_us[0]:.0f} | {sidecar} | {found.core_rate:.0f} |"
    )


def parser() -> Parser:
    """The command line without a command; each command has its own."""
    line = Parser(
        "python -m bench",
        description="Measure the running system on this machine, and print the table. Compare ratios within one run, "
        "not machines.",
        epilog=ending(examples=["python -m bench --players 64 --seconds 3"])
        + "\n\ncommands of their own, each with --help:\n"
        + "\n".join(f"  python -m {name}" for name in [*(f"bench {one}" for one in COMMANDS), *MODULES]),
    )
    add_version(line)
    line.add_argument(
        "--players", type=whole(1), nargs="+", default=[64, 512], metavar="N", help="at once (default: 64 512)"
    )
    line.add_argument(
        "--seconds", type=above_zero, default=6.0, metavar="S", help="of each measurement (default: %(default)s)"
    )
    add_json(line)
    return line


def main() -> int:
    command = COMMANDS.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if command is not None:
        return command(sys.argv[2:])
    given = parser().parse_args()
    with TemporaryDirectory(prefix="rps-bench-") as folder, Bar() as tell:
        report = uvloop.run(run(Path(folder), given.players, given.seconds, tell))
    print_result(given, report, [table(report)])
    return 0


if __name__ == "__main__":
    sys.exit(finished(main, "server,inference"))
