"""`python -m bench.training`: how long a retraining takes, what it needs, and how soon what it publishes is served."""

import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct, json

from bench import journal
from bench.process import resident_mb
from bench.system import PATIENCE_S, System, free_port
from game.assignment import Alias
from models.store import FolderStore
from telemetry.commandline import FAILED, Parser, add_json, ending, finished, print_result, whole
from telemetry.progress import Bar, Tell, untold
from trainer.data.features import matrix
from trainer.data.snapshot import Snapshot, take

FAMILY = "logan"
_SAMPLE_S = 0.05


class Cycle(Struct, frozen=True):
    """One `python -m trainer cycle`. Memory is resident; pages that processes share count in each of them."""

    seconds: float
    largest_mb: float
    tree_mb: float
    decided: list[str]


class Report(Struct, frozen=True):
    """Everything measured in one run."""

    rounds: int
    matches: int
    log_mb: float
    written_per_s: float
    intake_per_s: float
    features_per_s: float
    cycle: Cycle
    served_after_s: float


def run(folder: Path, rounds: int, seed: int, tell: Tell = untold) -> Report:
    """Write a log into the folder and measure everything on it in turn."""
    database = folder / "rps.db"
    tell(f"writing a log of {rounds} rounds", 0.0)
    held, writing_s = timed(lambda: journal.write(database, rounds, seed))
    tell("intake, all matches", 0.2)
    snapshot, intake_s = timed(lambda: take(database, 1.0, lambda *_: None))
    tell("features", 0.25)
    features_s = min(timed(lambda: _features(snapshot))[1] for _ in range(3))
    with System(folder, RPS_INFERENCE_PORT=str(port := free_port())) as system:
        tell("a whole cycle", 0.3)
        cycle = _cycle(system)
        tell("from publishing to serving", 0.95)
        served_after_s = _served_after(system, port)
    return Report(
        rounds=held,
        matches=len(snapshot.matches),
        log_mb=database.stat().st_size / 1e6,
        written_per_s=held / writing_s,
        intake_per_s=held / intake_s,
        features_per_s=len(snapshot.rounds) / features_s,
        cycle=cycle,
        served_after_s=served_after_s,
    )


def timed(work: Any) -> tuple[Any, float]:
    """(what it returns, seconds)."""
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began


def _features(snapshot: Snapshot) -> None:
    matrix(snapshot.rounds)


def _cycle(system: System) -> Cycle:
    """The command in a process of its own, looked at until it ends."""
    command = [sys.executable, "-m", "trainer", "cycle", "--json"]
    largest = together = 0.0
    began = time.perf_counter()
    with (system.folder / "cycle.log").open("wb") as out:
        process = subprocess.Popen(command, env=system.environment, stdout=subprocess.PIPE, stderr=out)
        while process.poll() is None:
            sizes = [_resident(pid) for pid in _family(process.pid)]
            largest, together = max(largest, *sizes, 0.0), max(together, sum(sizes))
            time.sleep(_SAMPLE_S)
    seconds = time.perf_counter() - began
    said = process.stdout.read() if process.stdout is not None else b""
    if process.returncode:
        raise RuntimeError(f"The cycle failed:\n{system.log('cycle')}")
    entries = json.decode(said)["entries"]
    return Cycle(seconds, largest, together, [f"{one['family']} {one['kind']}: {one['reason']}" for one in entries])


def _family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except OSError:  # it has ended meanwhile
            continue
        for child in children:
            found += _family(int(child))
    return found


def _resident(pid: int) -> float:
    try:
        return resident_mb(pid)
    except OSError:  # it has ended meanwhile
        return 0.0


def _served_after(system: System, port: int) -> float:
    """Seconds from a table that means another version, one that must be loaded first, until the sidecar serves it."""
    store = FolderStore(system.folder / "store")
    pins = store.table().aliases[FAMILY]
    coming = next(pin for pin in pins.values() if pin != pins[Alias.PRODUCTION])
    system.start("inference")
    url = f"http://127.0.0.1:{port}/v2/models/{FAMILY}.{Alias.PRODUCTION}"
    for pin in (pins[Alias.PRODUCTION], coming):
        table = store.table()
        began = time.perf_counter()
        store.swap(table.generation, {**table.aliases, FAMILY: dict.fromkeys(Alias, pin)})
        _until(url, pin.version)
    return time.perf_counter() - began


def _until(url: str, version: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if version in json.decode(answer.read())["versions"]:
                    return
        except OSError:  # it is not up yet
            pass
        time.sleep(0.01)
    raise TimeoutError(f"{version} is not served after {PATIENCE_S} s.")


def table(report: Report) -> str:
    """The report for a person."""
    rows = {
        f"log of {report.rounds:,} rounds in {report.matches:,} matches": f"{report.log_mb:.0f} MB",
        "written by the real rules": f"{report.written_per_s:,.0f} rounds/s",
        "intake: read, checked against the rules, as columns": f"{report.intake_per_s:,.0f} rounds/s",
        "features, one core": f"{report.features_per_s:,.0f} rounds/s",
        "a whole cycle": f"{report.cycle.seconds:.0f} s",
        "largest process of the cycle, resident": f"{report.cycle.largest_mb:.0f} MB",
        "all its processes together": f"{report.cycle.tree_mb:.0f} MB",
        "from publishing to serving": f"{report.served_after_s:.2f} s",
    }
    lines = ["| | |", "|---|--:|", *(f"| {what} | {figure} |" for what, figure in rows.items())]
    return "\n".join([*lines, "", *report.cycle.decided])


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m bench.training",
        description="Measure a retraining on this machine: a log is written, a cycle learns from it, the sidecar "
        "serves what comes of it.",
        epilog=ending(examples=["python -m bench.training --rounds 20000"]),
    )
    line.add_argument("--rounds", type=whole(1), default=100_000, metavar="N", help="of the log (default: %(default)s)")
    line.add_argument("--seed", type=whole(0), default=0, metavar="N", help="of the log (default: %(default)s)")
    add_json(line)
    return line


def main() -> int:
    given = parser().parse_args()
    try:
        with TemporaryDirectory(prefix="rps-bench-") as folder, Bar() as tell:
            report = run(Path(folder), given.rounds, given.seed, tell)
    except (RuntimeError, TimeoutError) as error:
        sys.stderr.write(f"This could not be measured: {error}\n")
        return FAILED
    print_result(given, report, [table(report)])
    return 0


if __name__ == "__main__":
    sys.exit(finished(main, "server,inference,trainer"))
