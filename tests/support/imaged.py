"""A process as its image holds it: the files that are copied, the distributions of its lock, and nobody's rights."""

import os
import shutil
import subprocess
import sys
import time
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from bench.system import free_port
from k8s.images.locks import path_of, pins_of
from support.dockerfiles import lay_out, stages

NOBODY = 10001
PATIENCE_S = 180


@cache
def rights() -> tuple[tuple[str, ...], dict[str, Any]]:
    """What makes a command run without rights over files: a user without any, or else root without its capabilities."""
    if os.geteuid() != 0:
        return (), {}
    nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": ()}
    try:
        if subprocess.run([sys.executable, "-c", ""], **nobody, capture_output=True).returncode == 0:
            return (), nobody
    except PermissionError:
        pass  # the interpreter is in a home folder
    return ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs"), {}


class Imaged:
    """One process with folders of its own; `with` ends it."""

    def __init__(self, process: str, folder: Path, **variables: str) -> None:
        self._image = stages(process)[-1]
        self.app, self._site, self.data = (folder / name for name in ("app", "site", "data"))
        lay_out(process, self.app)
        _install(process, self._site)
        for path in (self.app, *self.app.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        self._home = folder / "home"
        for path in (self.data, self._home):
            path.mkdir()
            if "user" in rights()[1]:
                os.chown(path, NOBODY, NOBODY)
        ours = {name: text for name, text in self._image.variables().items() if name.startswith("RPS_")}
        ours |= {name: str(free_port()) for name in ours if name.endswith("_PORT")}
        ours |= {name: "127.0.0.1" for name in ours if name.endswith("_HOST")}
        self.variables = ours | {"RPS_DATA_DIR": str(self.data)} | variables
        self._log = folder / "log"
        self._running: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Imaged":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start what the image starts, and wait until its own health check passes."""
        module = self._image.command("ENTRYPOINT")[1:]
        with self._log.open("ab") as out:
            command = [*rights()[0], sys.executable, "-S", *module]
            self._running = subprocess.Popen(command, **self._around(), stdout=out, stderr=subprocess.STDOUT)
        end = time.monotonic() + PATIENCE_S
        while not self.healthy():
            assert self._running.poll() is None and time.monotonic() < end, self._log.read_text()
            time.sleep(0.05)

    def stop(self) -> int | None:
        """Ask it to stop; its exit status, None if it was not running."""
        if self._running is None:
            return None
        self._running.terminate()
        status = self._running.wait(PATIENCE_S)
        self._running = None
        return status

    def healthy(self) -> bool:
        """What the image's health check says."""
        return self.does(*self._image.command("HEALTHCHECK")[1:]) == 0

    def does(self, *arguments: str) -> int:
        """The exit status of a Python command line in there."""
        command = [*rights()[0], sys.executable, "-S", *arguments]
        return subprocess.run(command, **self._around(), capture_output=True, timeout=PATIENCE_S).returncode

    def _around(self) -> dict[str, Any]:
        settings = {"HOME": str(self._home), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(self._site)}
        return {"cwd": self.app, "env": settings | self.variables, **rights()[1]}


def _install(process: str, site: Path) -> None:
    """Copy what the lock names out of the environment that the tests run in."""
    for name in pins_of(path_of(process).read_text()):
        held = distribution(name)
        for file in held.files or ():
            source = Path(str(held.locate_file(file)))
            if ".." not in file.parts and source.suffix != ".pyc" and source.exists():
                target = site / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
