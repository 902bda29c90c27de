"""`python -m bench newcomer`: type every command of the documents in a new clone, and tell how long each took.

One shell session per page: what a block sets, a later one of the same page may use. A block that stays runs on while
others are typed, until the next one that stays.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from bench.documented import Block, Mark, blocks, pages
from telemetry.commandline import FAILED, Parser, add_json, ending, finished, print_result

ROOT = Path(__file__).parents[1]
READY_S = 1800
"""How long a system that installs itself first may take to answer."""
PATIENCE_S = 3600
READY = "http://127.0.0.1:8000/readyz"
PORTS = (8000, 8001, 8002)
"""What the documents use."""
STOP_S = 120
_SCRIPT = 'set -a; [ ! -e "$1" ] || . "$1"; set -eo pipefail; eval "$2"; export -p > "$1"'
"""Of the file of variables, which live on from block to block as in one shell, and the commands."""


class Done(Struct, frozen=True):
    """One block: `status` is the exit status, None where it was not run; `seconds` until it ended, or was ready."""

    page: str
    line: int
    commands: str
    mark: str
    why: str
    status: int | None
    seconds: float
    output: str


class Newcomer:
    """Types commands in a clone; leave it by `close`, which interrupts what stays."""

    def __init__(self, clone: Path, scratch: Path, environment: dict[str, str]) -> None:
        self._clone = clone
        self._scratch = scratch
        self._environment = environment | {"PATH": f"{clone / '.venv/bin'}:{environment['PATH']}"}
        self._staying: subprocess.Popen[bytes] | None = None

    def type(self, block: Block, long: bool) -> Done:
        """Run one block as its mark says."""
        begun = time.monotonic()
        if block.mark is Mark.NOT_RUN or (block.mark is Mark.LONG and not long):
            return self._done(block, None, begun, "")
        if block.mark is Mark.STAYS:
            return self._stay(block, begun)
        state = self._scratch / f"{block.page.replace('/', '-')}.state"
        ran = subprocess.run(
            ["bash", "-c", _SCRIPT, "bash", str(state), block.text],
            cwd=self._clone,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
        )
        return self._done(block, ran.returncode, begun, ran.stdout)

    def close(self) -> None:
        """Ctrl-C for what stays."""
        staying, self._staying = self._staying, None
        if staying is not None:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(staying.pid, signal.SIGINT)
            try:
                staying.wait(STOP_S)
            except subprocess.TimeoutExpired:
                os.killpg(staying.pid, signal.SIGKILL)  # what is not typed any more must not be left behind
                staying.wait()
                raise

    def _stay(self, block: Block, begun: float) -> Done:
        self.close()
        output = self._scratch / "staying.log"
        with output.open("wb") as out:
            self._staying = subprocess.Popen(
                ["bash", "-ec", block.text],
                cwd=self._clone,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while not _ready():
            status = self._staying.poll()
            if status is not None or time.monotonic() - begun > READY_S:
                return self._done(block, status or 1, begun, output.read_text())
            time.sleep(0.2)
        return self._done(block, 0, begun, output.read_text())

    def _done(self, block: Block, status: int | None, begun: float, output: str) -> Done:
        seconds = time.monotonic() - begun
        return Done(block.page, block.line, block.commands, block.mark, block.why, status, seconds, output)


def _ready() -> bool:
    try:
        with urllib.request.urlopen(READY, timeout=5):
            return True
    except (OSError, HTTPException):
        return False


def taken() -> list[int]:
    """The usual ports that somebody has, to whom the commands would be typed."""
    found = []
    for port in PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                found.append(port)
    return found


@contextmanager
def newcomer(clone: Path) -> Iterator[Newcomer]:
    """In this clone, without any variable of ours."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("RPS_", "OTEL_", "MLFLOW_"))}
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        environment.pop(name, None)
    with TemporaryDirectory(prefix="rps-newcomer-") as scratch:
        typing = Newcomer(clone, Path(scratch), environment)
        try:
            yield typing
        finally:
            typing.close()


def walk(clone: Path, long: bool, tell: Callable[[Done], None]) -> list[Done]:
    """Every block of every page, to the end whatever fails."""
    found = []
    with newcomer(clone) as typing:
        for page in pages(clone):
            for block in blocks(clone, page):
                found.append(typing.type(block, long))
                tell(found[-1])
    return found


def table(found: Sequence[Done]) -> str:
    """For a person: what took how long, and what was not typed and why."""
    lines = ["| page | commands | |", "|---|---|--:|"]
    for one in found:
        shown = one.commands if len(one.commands) <= 90 else f"{one.commands[:89]}…"
        took = f"not run: {one.why}" if one.status is None else f"{one.seconds:.1f} s"
        failed = "" if one.status in (0, None) else f", **exit {one.status}**"
        lines.append(f"| {one.page}:{one.line} | `{shown.replace('|', chr(92) + '|')}` | {took}{failed} |")
    return "\n".join(lines)


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m bench newcomer",
        description="Type every command of the documents, in order, in a new clone, and tell how long each took. "
        "What is committed here is cloned; the ports 8000 to 8002 must be free.",
        epilog=ending(
            examples=["python -m bench newcomer", "python -m bench newcomer --long"],
            exits="0 every command ended well, 1 one did not, 2 the arguments are wrong, 130 interrupted.",
        ),
    )
    line.add_argument("--long", action="store_true", help="also what the documents call long: hours")
    add_json(line)
    return line


def main(arguments: Sequence[str]) -> int:
    given = parser().parse_args(arguments)
    return finished(lambda: _run(given), "dev")


def _run(given: Namespace) -> int:
    if others := taken():
        sys.stderr.write(f"bench newcomer: somebody has the ports {', '.join(map(str, others))}.\n")
        return FAILED
    with TemporaryDirectory(prefix="rps-clone-") as folder:
        clone = Path(folder) / "rps-quest"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        found = walk(clone, given.long, _tell)
    print_result(given, found, [table(found)])
    return 1 if any(one.status for one in found) else 0


def _tell(done: Done) -> None:
    how = {None: "not run", 0: "done"}.get(done.status, f"exit {done.status}\n{done.output}")
    sys.stderr.write(f"{done.page}:{done.line}: {done.commands[:100]}: {how}, {done.seconds:.1f} s\n")
