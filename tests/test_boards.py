"""Dashboards are what the code makes, ask for what is told, and reach a Grafana."""

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from subprocess import run
from sys import executable
from threading import Thread
from typing import Any

import pytest

from inference.levels import tell_levels
from inference.meters import Meters as Inference
from k8s.boards.board import RUNBOOK
from k8s.boards.exceptions import EXCEPTIONS
from k8s.boards.expressions import expressions
from k8s.boards.files import boards, made
from k8s.boards.objectives import BUDGETS, recordings
from k8s.boards.publish import Grafana, PublishError
from server.meters import Meters as Server
from telemetry.exports import Exports
from telemetry.tallies import Counter, Gauge, Histogram, Instrument, Tallies
from trainer.meters import Meters as Trainer

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/operations.md").read_text()
BOARDS = {name: json.loads(text) for name, text in boards().items()}
PANELS = [
    pytest.param(panel, id=f"{name}: {panel['title']}")
    for name, board in BOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
]
ROW = re.compile(r"^\| `([\w.]+)` \| (\w+) \| (\S+) \|(.*?)\|.*\|$", re.M)
CATALOGUE = {
    (name, kind, unit, tuple(re.findall(r"`([\w.]+)`", attributes)))
    for name, kind, unit, attributes in ROW.findall(PAGE)
}
KEPT = re.compile(r"\b\w+ by \(([^)]*)\) \((?:\w+\(|max without \([^)]*\) \()*([\w:]+)[{\[)]")
"""Labels that an aggregation keeps, and the series that it is over."""
MATCHED = re.compile(r"\b([\w:]+)\{([^}]*)\}")
UNITS = {"s": "_seconds", "By": "_bytes", "%": "_percent"}


def instruments() -> Iterator[Instrument]:
    """All that the processes count themselves; what they use of the machine is told by the SDK."""
    inference = Inference()
    tell_levels(inference.tallies, None, None)  # type: ignore[arg-type]  # nothing is read here
    told: list[Tallies] = [Server().tallies, inference.tallies, Trainer().tallies, Exports().tallies]
    for tallies in told:
        yield from tallies.instruments.values()


def kind_of(instrument: Instrument) -> str:
    match instrument:
        case Counter():
            return "counter"
        case Histogram():
            return "histogram"
        case Gauge():
            return "total" if instrument.total else "gauge"


def series() -> dict[str, set[str]]:
    """The names that Prometheus has for what is told, each with its labels."""
    found: dict[str, set[str]] = {"up": set()}
    for name, kind, unit, attributes in CATALOGUE:
        plain = name.replace(".", "_") + UNITS.get(unit, "")
        labels = {attribute.replace(".", "_") for attribute in attributes}
        match kind:
            case "histogram":
                found |= {f"{plain}_bucket": labels | {"le"}, f"{plain}_sum": labels, f"{plain}_count": labels}
            case "gauge":
                found[plain] = labels
            case _:
                found[f"{plain}_total"] = labels
    for one in recordings():
        found[one.record] = found.get(one.record, set()) | set(one.labels)
    return {name: labels | {"job", "instance"} for name, labels in found.items()}


def test_the_files_are_what_the_code_makes() -> None:
    for path, text in made().items():
        assert path.read_text() == text, f"{path} is old; run python -m k8s.boards"


def test_the_catalogue_is_what_the_processes_tell() -> None:
    told = {(one.name, kind_of(one), one.unit, one.attributes) for one in instruments()}
    of_the_sdk = {"rps.children.memory.usage"}
    assert {row for row in CATALOGUE if row[0].startswith("rps.") and row[0] not in of_the_sdk} == told


@pytest.mark.parametrize(("where", "expression"), expressions(), ids=[where for where, _ in expressions()])
def test_every_expression_asks_for_what_is_told(where: str, expression: str) -> None:
    known, plain = series(), re.sub(r'"[^"]*"', '""', expression)
    asked = set(re.findall(r"\b(?:rps_\w+|process_\w+|rps:[\w:]+|up)\b", plain))
    assert asked or plain.startswith("vector("), where
    assert asked <= set(known), where
    for labels, name in KEPT.findall(plain):
        assert {label.strip() for label in labels.split(",")} <= known.get(name, set()), (where, labels, name)
    for name, matchers in MATCHED.findall(plain):
        assert set(re.findall(r"(\w+)=", matchers)) <= known[name], (where, matchers, name)


def test_every_expression_has_a_place_of_its_own_and_no_variables() -> None:
    places = [where for where, _ in expressions()]
    assert len(set(places)) == len(places)
    assert not [where for where, expression in expressions() if "$" in re.sub(r"\{\{.*?\}\}|\"\$1\"", "", expression)]
    assert set(EXCEPTIONS) <= set(places)


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_says_what_it_shows_what_to_do_and_what_no_data_means(panel: dict[str, Any]) -> None:
    shows, if_bad, if_empty = panel["description"].split("\n\n")
    assert shows and if_bad.startswith("If it is bad: ") and if_empty.startswith("No data: ")
    assert panel["fieldConfig"]["defaults"]["noValue"] == if_empty.removeprefix("No data: ")
    units = {"unit"} & set(panel["fieldConfig"]["defaults"]) or panel["fieldConfig"]["overrides"]
    assert units, "no unit"
    assert panel["targets"]
    assert {one["datasource"]["uid"] for one in [panel, *panel["targets"]]} == {"${datasource}"}


@pytest.mark.parametrize("name", BOARDS)
def test_no_panel_lies_on_another_or_beyond_the_edge(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
    numbers = [panel["id"] for panel in BOARDS[name]["panels"]]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("name", BOARDS)
def test_every_dashboard_can_be_imported_anywhere_and_leads_to_the_runbook(name: str) -> None:
    board = BOARDS[name]
    assert board["uid"] == f"rps-{name}" and "id" not in board
    assert board["templating"]["list"][0]["type"] == "datasource"
    assert RUNBOOK in [link["url"] for link in board["links"]] and (ROOT / RUNBOOK).exists()


def test_the_objectives_are_documented_with_their_targets() -> None:
    told = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([\d.]+) % \|$", PAGE, re.M)
    assert {name: round(1 - float(percent) / 100, 6) for name, percent in told} == BUDGETS


class Imitation(HTTPServer):
    """A Grafana that notes what comes and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.came: list[tuple[str, str | None, Any]] = []
        self.answers: dict[str, tuple[int, str]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answering(BaseHTTPRequestHandler):
    server: Imitation

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.came.append((self.path, self.headers["Authorization"], body))
        uid = body.get("dashboard", {}).get("uid", "")
        code, text = self.server.answers.get(self.path, (200, json.dumps({"url": f"/d/{uid}"})))
        self.send_response(code)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def grafana() -> Iterator[Imitation]:
    with Imitation() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_publishing_puts_every_dashboard_into_the_folder_with_the_token(grafana: Imitation) -> None:
    order = [
        executable,
        "-m",
        "k8s.boards",
        "publish",
        "--url",
        grafana.url,
        "--runbook",
        "https://example.org/runbook",
    ]
    done = run(order, cwd=ROOT, env={"GRAFANA_TOKEN": "secret"}, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [f"{grafana.url}/d/{board['uid']}" for board in BOARDS.values()]
    (first, _, folder), *others = grafana.came
    assert (first, folder) == ("/api/folders", {"uid": "rps-quest", "title": "RPS Quest"})
    assert {token for _, token, _ in grafana.came} == {"Bearer secret"}
    assert [(path, body["dashboard"]["uid"], body["folderUid"], body["overwrite"]) for path, _, body in others] == [
        ("/api/dashboards/db", board["uid"], "rps-quest", True) for board in BOARDS.values()
    ]
    assert {body["dashboard"]["links"][0]["url"] for _, _, body in others} == {"https://example.org/runbook"}


def test_a_folder_that_is_there_already_is_used(grafana: Imitation) -> None:
    grafana.answers["/api/folders"] = (412, '{"message": "a folder with that uid exists"}')
    assert len(Grafana(grafana.url + "/", "secret").publish(boards(), "RPS Quest")) == len(BOARDS)


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        (401, "{}", "does not know the token"),
        (403, "{}", "may not edit"),
        (404, "no", "is the address that of a Grafana"),
        (500, "on fire", "on fire"),
        (200, "<html>", "not JSON"),
    ],
)
def test_what_grafana_refuses_is_told_clearly(grafana: Imitation, code: int, said: str, told: str) -> None:
    grafana.answers["/api/dashboards/db"] = (code, said)
    with pytest.raises(PublishError, match=told):
        Grafana(grafana.url, "secret").publish(boards(), "RPS Quest")


@pytest.mark.parametrize(
    ("url", "token", "told"),
    [("grafana.net", "secret", "must begin with http"), ("https://grafana.net", "", "GRAFANA_TOKEN is not set")],
)
def test_a_wrong_address_and_a_missing_token_are_told_before_anything_is_sent(url: str, token: str, told: str) -> None:
    with pytest.raises(PublishError, match=told):
        Grafana(url, token)


def test_a_grafana_that_is_not_there_is_told_in_one_line() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        nobody = f"http://127.0.0.1:{server.server_port}"
    order = [executable, "-m", "k8s.boards", "publish", "--url", nobody]
    done = run(order, cwd=ROOT, env={"GRAFANA_TOKEN": "secret"}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Grafana at {nobody} cannot be reached:") and done.stderr.count("\n") == 1
