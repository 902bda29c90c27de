"""The real processes on free ports and a data folder of their own, to be measured, killed, paused and started again.

No match is played by the control arm unless a variable says so: what a model does is to be seen every time.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError

from msgspec import json

PATIENCE_S = 180


_LOWEST, _BLOCK, _BLOCKS = 10_000, 100, 220
_next = count()


def free_port() -> int:
    """One that nobody has, and that this process is given once: each has a block of its own, below those ports that
    the system deals out for connections.
    """
    while True:
        port = _LOWEST + (os.getpid() % _BLOCKS * _BLOCK + next(_next)) % (_BLOCK * _BLOCKS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


class System:
    """`with System(folder) as system: system.start("server")`; everything started is ended with it.

    Of several servers each has a port of its own, and they share the sidecar, the database and the stream: those are
    `server-1`, `server-2` and so on. A single one is `server`.
    """

    def __init__(
        self, folder: Path, servers: int = 1, database_url: str = "", stream_url: str = "", **variables: str
    ) -> None:
        self.folder = folder
        names = ["server"] if servers == 1 else [f"server-{number}" for number in range(1, servers + 1)]
        self.ports = {name: free_port() for name in names}
        self.port = self.ports[names[0]]
        self.url = self.url_of(names[0])
        self._variables = {
            "RPS_DATA_DIR": str(folder),
            "RPS_PORT": str(self.port),
            "RPS_DATABASE_URL": database_url,
            "RPS_STREAM_URL": stream_url,
            "RPS_INFERENCE_PORT": str(free_port()),
            "RPS_ADMIN_PORT": str(free_port()),
            "RPS_CONTROL_SHARE": "0",
            "PYTHONUNBUFFERED": "1",
            **variables,
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as ending:
            for name in self._running:
                ending.callback(self._end, name)

    def _end(self, name: str) -> None:
        """End it in any case; raises if it does not stop when it is told to."""
        if name not in self._running:  # a thread that was left behind was quicker
            return
        self.wake(name)
        try:
            self.stop(name)
        except subprocess.TimeoutExpired:
            self.kill(name)
            raise

    @property
    def servers(self) -> list[str]:
        """The servers' names."""
        return list(self.ports)

    def url_of(self, name: str) -> str:
        """Where a server is reached."""
        return f"http://127.0.0.1:{self.ports[name]}"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith(("RPS_", "OTEL_"))}
        return inherited | self._variables

    def change(self, **variables: str) -> None:
        """What is started from now on is told this, beside or instead of what the system was made with."""
        self._variables |= variables

    def play(self) -> Self:
        """Start sidecar and servers, and wait until they are ready."""
        for name in ("inference", *self.servers):
            self.start(name)
        for name in self.servers:
            self.until_ready(name)
        return self

    def start(self, name: str) -> None:
        """Start `python -m NAME`, or the server of this name; its output goes to NAME.log in the folder."""
        environment, module = self.environment, name
        if name in self.ports:
            environment, module = environment | {"RPS_PORT": str(self.ports[name])}, "server"
        with (self.folder / f"{name}.log").open("ab") as out:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", module], env=environment, stdout=out, stderr=subprocess.STDOUT
            )

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """kill -9, and wait until it is gone."""
        process = self._running.pop(name)
        process.kill()
        process.wait(PATIENCE_S)

    def stop(self, name: str) -> int:
        """Ask it to stop in order; its exit status."""
        process = self._running[name]
        process.send_signal(signal.SIGTERM)
        status = process.wait(PATIENCE_S)
        self._running.pop(name, None)
        return status

    def ended(self, name: str) -> int | None:
        """The exit status of one that ended by itself, None while it runs."""
        return self._running[name].poll()

    def pause(self, name: str) -> None:
        """Stop its clock: it keeps its connections and does nothing, as a process that gets no processor."""
        self._running[name].send_signal(signal.SIGSTOP)

    def wake(self, name: str) -> None:
        """Let it run again."""
        self._running[name].send_signal(signal.SIGCONT)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command line of one of the processes, run to its end."""
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def get(self, path: str, name: str | None = None) -> Any:
        """What a server, the first one unless named, answers."""
        with urllib.request.urlopen((self.url if name is None else self.url_of(name)) + path, timeout=60) as answer:
            return json.decode(answer.read())

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def until_ready(self, name: str | None = None) -> None:
        """Wait until new players may be sent to a server, the first one unless named; raises TimeoutError, at once if
        it has ended.
        """
        end, process = time.monotonic() + PATIENCE_S, self._running.get(name or self.servers[0])
        while time.monotonic() < end and (process is None or process.poll() is None):
            try:
                self.get("/readyz", name)
                return
            except (URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        logs = "\n".join(f"{name}:\n{self.log(name)}" for name in self._running)
        why = f"is not ready after {PATIENCE_S} s" if process is None or process.poll() is None else "has ended"
        raise TimeoutError(f"The system {why}.\n{logs}")
