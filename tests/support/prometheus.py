"""A real Prometheus that watches a system under test, and what it answers."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from urllib.parse import urlencode
from urllib.request import urlopen

from msgspec import json
from msgspec.json import decode

from bench.system import free_port

PROMETHEUS = which("prometheus")
PATIENCE_S = 180

Sample = tuple[dict[str, str], float]


class Refused(AssertionError):
    """Prometheus cannot read an expression."""


class Prometheus:
    """One that runs; made by `watching`."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, expression: str) -> list[Sample]:
        """What the expression is now; raises Refused where it is none."""
        try:
            with urlopen(f"{self.url}/api/v1/query?{urlencode({'query': expression})}", timeout=120) as answer:
                told = decode(answer.read())
        except OSError as error:
            raise Refused(f"{expression}: {error}") from error
        found = told["data"]["result"]
        if told["data"]["resultType"] == "scalar":
            return [({}, float(found[1]))]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def value(self, expression: str) -> float:
        """Its only sample; 0 where there is none."""
        found = self.ask(expression)
        assert len(found) <= 1, found
        return found[0][1] if found else 0.0

    def ready(self) -> bool:
        try:
            with urlopen(f"{self.url}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@contextmanager
def watching(folder: Path, targets: Mapping[str, int], rules: Path) -> Iterator[Prometheus]:
    """Prometheus asks each target (job -> port of the loopback) every second, and follows these rules."""
    assert PROMETHEUS is not None
    jobs = [{"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for job, port in targets.items()]
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "2s"},
        "rule_files": [str(rules.absolute())],
        "scrape_configs": jobs,
    }
    file = folder / "prometheus.json"  # JSON is YAML
    file.write_bytes(json.encode(configuration))
    prometheus = Prometheus(free_port())
    with (folder / "prometheus.log").open("wb") as out:
        running = subprocess.Popen(
            [
                PROMETHEUS,
                f"--config.file={file}",
                f"--storage.tsdb.path={folder / 'prometheus'}",
                f"--web.listen-address={prometheus.url.removeprefix('http://')}",
            ],
            stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        end = time.monotonic() + PATIENCE_S
        while not prometheus.ready():
            assert running.poll() is None and time.monotonic() < end, (folder / "prometheus.log").read_text()
            time.sleep(0.1)
        yield prometheus
    finally:
        running.terminate()
        running.wait(PATIENCE_S)
