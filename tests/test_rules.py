"""Alerts fire when they should, say what to do, and Prometheus runs with them."""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from socket import socket
from subprocess import STDOUT, CompletedProcess, Popen, run
from typing import Any
from urllib.request import urlopen

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types
from msgspec.json import decode

from k8s.boards import rules
from k8s.boards.alert import PAGE, TICKET, Alert
from k8s.boards.expressions import expressions
from k8s.boards.promql import wilson

ROOT = Path(__file__).parent.parent
PROMETHEUS = ROOT / "k8s" / "prometheus"
ALERTS = rules.alerts()
PATIENCE_S = 180

needs_promtool = pytest.mark.skipif(which("promtool") is None, reason="needs promtool, of Debian's package prometheus")
needs_prometheus = pytest.mark.skipif(which("prometheus") is None, reason="needs Debian's package prometheus")


def promtool(*words: str | Path) -> CompletedProcess[str]:
    return run(["promtool", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE_S * 4)


@needs_promtool
def test_prometheus_reads_the_configuration_and_the_rules() -> None:
    done = promtool("check", "config", PROMETHEUS / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 rule files found" in done.stdout


@needs_promtool
@pytest.mark.parametrize("name", ["tests.yml", "tests_days.yml"])
def test_alerts_fire_on_what_they_are_for_and_on_nothing_else(name: str) -> None:
    done = promtool("test", "rules", PROMETHEUS / name)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_every_expression_of_dashboards_and_rules_can_be_read(tmp_path: Path) -> None:
    read = [{"record": f"x{number}", "expr": expression} for number, (_, expression) in enumerate(expressions())]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "read", "rules": read}]}))
    done = promtool("check", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_the_interval_of_a_share_is_wilsons(tmp_path: Path) -> None:
    """Eight of ten: .4902 to .9433 (Brown, Cai & DasGupta, Statistical Science 16, 2001)."""
    ends = [{"expr": f"round({wilson('vector(8)', 'vector(10)', sign)}, 0.0001)", "eval_time": "1m",
             "exp_samples": [{"labels": "{}", "value": end}]} for sign, end in ((-1, 0.4902), (1, 0.9433))]  # fmt: skip
    file = tmp_path / "tests.yml"
    file.write_text(yaml.safe_dump({"tests": [{"input_series": [], "promql_expr_test": ends}]}))
    done = promtool("test", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_a_server_on_which_every_throw_fails_and_no_round_was_ever_played_has_lost_all(tmp_path: Path) -> None:
    told = "rps_round_failures_total", 'process_uptime_seconds{job="rps-quest/server"}'
    test = {
        "interval": "15s",
        "input_series": [{"series": name, "values": "0+15x20"} for name in told],
        "promql_expr_test": [
            {
                "expr": dict(expressions())["game: Failed rounds: A"],
                "eval_time": "5m",
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
        ],
    }
    file = tmp_path / "tests.yml"
    file.write_text(yaml.safe_dump({"tests": [test]}))
    done = promtool("test", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested() -> None:
    text = "".join(path.read_text() for path in PROMETHEUS.glob("tests*.yml"))
    assert set(re.findall(r'alertname="(\w+)"', text)) == {alert.name for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert.name} {alert.severity} {alert.labels}")
def test_every_alert_has_a_severity_and_says_what_to_do_here_and_in_the_runbook(alert: Alert) -> None:
    assert alert.severity in (PAGE, TICKET) and alert.summary and len(alert.description) > 80
    file, _, anchor = alert.runbook.partition("#")
    sections = re.split(r"^### (\w+)$", (ROOT / file).read_text(), flags=re.M)
    runbook = {name.lower(): text for name, text in zip(sections[1::2], sections[2::2], strict=True)}
    assert re.findall(r"^- (Look|Mend)\b", runbook[anchor], re.M) == ["Look", "Mend"]


def test_the_runbook_has_no_section_for_an_alert_that_is_not_there() -> None:
    calling = (ROOT / "docs/operations.md").read_text().partition("## When an alert calls")[2].partition("\n## ")[0]
    assert set(re.findall(r"^### (\w+)$", calling, re.M)) == {alert.name for alert in ALERTS}


@contextmanager
def observed(**variables: str) -> Iterator[Popen[bytes]]:
    """`make observe` with these variables, ended with all that it has started."""
    folder = Path(variables["RPS_DATA_DIR"])
    given = [f"{name}={value}" for name, value in variables.items()]
    with (folder / "said").open("wb") as out:
        made = Popen(["make", "observe", *given], cwd=ROOT, stdout=out, stderr=STDOUT, start_new_session=True)
    try:
        yield made
    finally:
        os.killpg(made.pid, signal.SIGTERM)
        made.wait(PATIENCE_S)


def free_port() -> int:
    with socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@needs_prometheus
def test_make_observe_runs_prometheus_with_the_alerts_on_the_ports_of_the_variables(tmp_path: Path) -> None:
    port = free_port()
    variables = {"RPS_DATA_DIR": str(tmp_path), "OBSERVE_PORT": str(port), "RPS_HOST": "0.0.0.0", "RPS_PORT": "8001"}
    with observed(**variables, RPS_INFERENCE_PORT="8003") as made:
        url, end = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE_S
        while not answers(f"{url}/-/ready") or len(targets := told(f"{url}/api/v1/targets")["activeTargets"]) < 3:
            assert made.poll() is None and time.monotonic() < end, (tmp_path / "said").read_text()
            time.sleep(0.1)
        assert {(one["labels"]["job"], one["scrapeUrl"]) for one in targets} == {
            ("rps-quest/server", "http://127.0.0.1:8001/metrics"),
            ("rps-quest/inference", "http://127.0.0.1:8003/metrics"),
            ("rps-quest/trainer", "http://127.0.0.1:8002/metrics"),
        }
        groups = told(f"{url}/api/v1/rules?type=alert")["groups"]
        assert len([rule for group in groups for rule in group["rules"]]) == len(ALERTS)
        assert url in (tmp_path / "said").read_text()
    assert (tmp_path / "prometheus" / "data").is_dir()


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def told(url: str) -> dict[str, Any]:
    with urlopen(url, timeout=120) as answer:
        found: dict[str, Any] = decode(answer.read())["data"]
        return found


@pytest.mark.skipif(which("make") is None, reason="needs make")
def test_make_observe_says_how_to_install_prometheus_where_it_is_not_there(tmp_path: Path) -> None:
    for tool in ("bash", "make", "echo"):
        (tmp_path / tool).symlink_to(str(which(tool)))
    done = run(["make", "observe"], cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "apt-get install" in done.stdout
