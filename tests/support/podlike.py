"""The processes of a pod, started here as the manifests say, with ports and folders of this test's own."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.system import free_port
from k8s.variants import Manifest
from support.manifests import Pod, containers, environment, ports

PATIENCE_S = 180


class Podlike:
    """All of our containers in the manifests; what lies in one volume there lies in one folder here."""

    def __init__(self, objects: list[Manifest], folder: Path) -> None:
        self._objects, self._folder = objects, folder
        self._ports = {number: str(free_port()) for number in (8000, 8001, 8002)}
        self.found = {
            one["name"]: (pod, one) for pod, one in containers(objects) if one["image"].startswith("rps-quest/")
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()

    def start(self, name: str) -> None:
        pod, container = self.found[name]
        said = {key: self._here(pod, container, value) for key, value in environment(container, self._objects).items()}
        with (self._folder / f"{name}.log").open("wb") as out:
            self.running[name] = subprocess.Popen(
                [sys.executable, *container["command"][1:], *container.get("args", [])],
                env={"PATH": os.environ["PATH"], **said},
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def stop(self, name: str, within_s: float) -> int:
        """As the kubelet does it: SIGTERM, and no more than that time."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(within_s)
        finally:
            process.kill()

    def address(self, number: int) -> str:
        """Where what listens on this port in the manifests listens here."""
        return f"http://127.0.0.1:{self._ports[number]}"

    def passes(self, name: str, kind: str) -> bool:
        """Whether this probe would succeed now."""
        pod, container = self.found[name]
        probe = container[kind]
        if "exec" in probe:
            command = [self._port_here(word) for word in probe["exec"]["command"][1:]]
            return subprocess.run([sys.executable, *command], stderr=subprocess.DEVNULL, timeout=60).returncode == 0
        number = {called: number for number, called in ports(pod).items()}[probe["httpGet"]["port"]]
        try:
            with urllib.request.urlopen(self.address(number) + probe["httpGet"]["path"], timeout=5) as answer:
                return bool(200 <= answer.status < 400)
        except OSError:
            return False

    def until_passes(self, name: str, kind: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self.passes(name, kind):
            said = (self._folder / f"{name}.log").read_text()
            assert self.running[name].poll() is None and time.monotonic() < end, said
            time.sleep(0.1)

    def _here(self, pod: Pod, container: dict[str, Any], value: str) -> str:
        """A value with this machine's folders, ports and addresses."""
        for mount in container["volumeMounts"]:
            if value == mount["mountPath"] or value.startswith(mount["mountPath"] + "/"):
                return str(self._volume(pod, mount["name"])) + value.removeprefix(mount["mountPath"])
        everywhere = {each["metadata"]["name"] for each in self._objects if each["kind"] == "Service"} | {"0.0.0.0"}
        if value in everywhere:
            return "127.0.0.1"
        return self._ports.get(int(value), value) if value.isdigit() else value

    def _volume(self, pod: Pod, name: str) -> Path:
        (volume,) = [one for one in pod.spec["volumes"] if one["name"] == name]
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        folder = self._folder / (f"claim-{claim}" if claim else f"{pod.name}-{name}")
        folder.mkdir(exist_ok=True)
        return folder

    def _port_here(self, word: str) -> str:
        for number, here in self._ports.items():
            word = word.replace(f"127.0.0.1:{number}/", f"127.0.0.1:{here}/")
        return word
