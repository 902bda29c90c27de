"""The real processes on free ports and a data folder of their own, to be measured, killed and started again.

No match is played by the control arm unless a variable says so: what a model does is to be seen every time.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError

from msgspec import json

PATIENCE_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class System:
    """`with System(folder) as system: system.start("server")`; everything started is ended with it."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._variables = {
            "RPS_DATA_DIR": str(folder),
            "RPS_PORT": str(self.port),
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
        for name in list(self._running):
            self.stop(name)

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("RPS_")}
        return inherited | self._variables

    def play(self) -> Self:
        """Start sidecar and server, and wait until they are ready."""
        self.start("inference")
        self.start("server")
        self.until_ready()
        return self

    def start(self, name: str) -> None:
        """Start `python -m NAME`; its output goes to NAME.log in the folder."""
        with (self.folder / f"{name}.log").open("ab") as out:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", name], env=self.environment, stdout=out, stderr=subprocess.STDOUT
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
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(PATIENCE_S)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command line of one of the processes, run to its end."""
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            env=self.environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.decode(answer.read())

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def until_ready(self) -> None:
        """Wait until new players may be sent here."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                self.get("/readyz")
                return
            except (URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        logs = "\n".join(f"{name}:\n{self.log(name)}" for name in self._running)
        raise TimeoutError(f"The system is not ready after {PATIENCE_S} s.\n{logs}")
