"""`make up` as a person uses it: ready, alive again after a death, and gone after Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from bench.system import free_port

ROOT = Path(__file__).parents[2]
INSTALLED = (Path(sys.prefix) / ".running").exists()
pytestmark = [
    pytest.mark.skipif(which("make") is None, reason="needs make"),
    pytest.mark.skipif(not INSTALLED, reason="needs an environment that make has set up"),
]


class Up:
    """`make up` in a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._output = folder / "output"
        environment = os.environ | {
            "RPS_DATA_DIR": str(folder / "data"),
            "RPS_PORT": str(port),
            "RPS_INFERENCE_PORT": str(free_port()),
            "RPS_ADMIN_PORT": str(free_port()),
        }
        with self._output.open("wb") as out:
            self.process = subprocess.Popen(
                ["make", "up", f"VENV={sys.prefix}"],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self._output.read_text()

    def until(self, pattern: str, times: int = 1) -> list[str]:
        """Wait until the output has said this so often."""
        end = time.monotonic() + 180
        while len(found := re.findall(pattern, self.said())) < times:
            assert time.monotonic() < end, self.said()
            time.sleep(0.05)
        return found

    def until_ready(self) -> None:
        end = time.monotonic() + 180
        while True:
            try:
                with urllib.request.urlopen(self.url + "/readyz", timeout=5):
                    return
            except OSError:
                assert time.monotonic() < end, self.said()
                time.sleep(0.05)

    def interrupt(self) -> int:
        """Ctrl-C, which a terminal sends to the whole foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(60)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path)
    yield running
    if running.process.poll() is None:
        running.interrupt()


def test_all_three_run_come_back_and_stop(up: Up) -> None:
    up.until_ready()
    up.until(re.escape(f"Play at {up.url}"))
    for name in ("server", "inference", "trainer"):
        pid = int(up.until(rf"spawned: '{name}' with pid (\d+)")[-1])
        os.kill(pid, signal.SIGKILL)
        up.until(rf"exited: {name} \(terminated by SIGKILL")
        up.until(rf"spawned: '{name}' with pid (\d+)", times=2)
    up.until_ready()
    up.until(r"success: \w+ entered RUNNING", times=3)
    pids = [int(pid) for pid in re.findall(r"spawned: '\w+' with pid (\d+)", up.said())]
    up.interrupt()
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    assert {name: f"stopped: {name} (exit status 0)" in up.said() for name in ("server", "inference", "trainer")} == {
        "server": True,
        "inference": True,
        "trainer": True,
    }
