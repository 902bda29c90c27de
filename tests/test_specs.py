"""The documents that describe the protocols are made of the code, are valid, and tell what the processes really do."""

import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from shutil import which
from typing import Any, cast

import pytest
from msgspec import MsgspecError
from openapi_spec_validator import validate
from support.house import House, running
from support.specs import DOCS, Http, Socket, kept, routed

import inference.describe
import server.describe
import trainer.describe
from game import wire
from game.fairness import opens, sha256_hex
from game.points import round_values
from inference import gestures
from inference.follow import Follower
from inference.http import create_app as sidecars_app
from inference.shelf import Window
from models.places import store_at
from server.app import create_app as servers_app
from server.describe_socket import CLOSES
from server.settings import Settings as ServerSettings
from telemetry.page import metrics_route
from trainer.lifecycle.admin import Admin
from trainer.settings import Settings as TrainerSettings

NO_MESSAGE = "'#/channels/game/messages/nothing' does not exist"
NOTHING = cast(Any, None)
MADE: dict[str, Callable[[], int]] = {
    "asyncapi.json": lambda: server.describe.main("asyncapi"),
    "openapi.json": lambda: server.describe.main("openapi"),
    "openapi-inference.json": inference.describe.main,
    "openapi-trainer.json": trainer.describe.main,
}
HTTP = sorted(name for name in MADE if name.startswith("openapi"))
TOOLS = DOCS / "node_modules/.package-lock.json"
with_tools = pytest.mark.skipif(
    not (which("node") and TOOLS.exists()), reason="the documents' tools are not installed: npm ci in docs/"
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running(ServerSettings(port=0, data_dir=str(tmp_path), control_share=0.0)) as opened:
        yield opened


@pytest.mark.parametrize("name", MADE)
def test_what_is_kept_is_what_the_code_says(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert MADE[name]() == 0
    assert (DOCS / name).read_text() == capsys.readouterr().out


@pytest.mark.parametrize("name", HTTP)
def test_openapi_documents_are_valid(name: str) -> None:
    validate(kept(name))


@with_tools
def test_asyncapis_own_parser_finds_nothing_wrong_or_to_warn_of(tmp_path: Path) -> None:
    broken = kept("asyncapi.json")
    broken["operations"]["move"]["messages"][0]["$ref"] = "#/channels/game/messages/nothing"
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(broken))
    done = subprocess.run(
        ["node", "tools/asyncapi.js", "asyncapi.json", str(file)],
        cwd=DOCS, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines() == [f"{file}: operations.move.messages.0.$ref: {NO_MESSAGE}"]
    assert (done.returncode, done.stderr) == (1, "")


def test_every_message_is_described_and_shown_as_it_is() -> None:
    socket = Socket()
    messages = socket.document["components"]["messages"]
    for name, message in messages.items():
        assert message["summary"], name
        for example in message.get("examples", []):
            assert socket.faults(example["payload"]) == []
    assert socket.seen == messages.keys() - {"image"}
    assert socket.messages("receive") | socket.messages("send") == messages.keys()


@pytest.mark.parametrize(
    "spoilt",
    [
        {"type": "hello", "name": ""},
        {"type": "hello", "age": 7},
        {"type": "start"},
        {"type": "move", "match": "m", "round": 0, "move": "rock"},
        {"type": "move", "match": "m", "round": 1, "move": "well"},
        {"type": "gesture", "match": "m", "round": 1, "intent": "play", "input": "key"},
        {"type": "sync", "match": "m", "seen": -1},
        {"type": "ping", "t": "now"},
    ],
)
def test_what_the_document_forbids_the_server_refuses(spoilt: dict[str, Any]) -> None:
    assert Socket().faults(spoilt)
    with pytest.raises(MsgspecError):
        wire.decode(json.dumps(spoilt))


def test_the_codes_that_close_a_socket_are_those_in_the_prose() -> None:
    prose = dict(re.findall(r"^\| (\d{4}) \| (.+) \|$", (DOCS / "protocol.md").read_text(), re.MULTILINE))
    assert (
        prose
        == {str(code): why for code, why in CLOSES.items()}
        == kept("asyncapi.json")["channels"]["game"]["x-close-codes"]
    )


def test_the_round_in_the_prose_is_one_of_the_protocol() -> None:
    frames = [
        json.loads(line)
        for block in re.findall(r"^```json\n(.*?)^```$", (DOCS / "protocol.md").read_text(), re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    socket = Socket()
    assert [(frame, socket.faults(frame)) for frame in frames if socket.faults(frame)] == []
    assert {"hello", "welcome", "start", "matched", "round", "move", "result", "over"} <= socket.seen
    told = {frame["type"]: frame for frame in frames}
    opened = opens(told["result"]["reveal"], told["round"]["commitment"])
    assert opened is not None and opened.move == told["result"]["bot_move"]
    seed = told["over"]["seed"]
    assert sha256_hex(seed) == told["matched"]["seed_hash"]
    assert round_values(seed, told["round"]["round"]) == told["round"]["values"]


@with_tools
@pytest.mark.skipif(not which("chromium"), reason="chromium is not there")
def test_every_diagram_can_be_drawn(tmp_path: Path) -> None:
    broken = tmp_path / "broken.md"
    broken.write_text("# A page\n\n```mermaid\nflowchart LR\n  a --> --> b[\n```\n")
    pages = [path for path in DOCS.glob("*.md") if "```mermaid" in path.read_text()]
    done = subprocess.run(
        [sys.executable, DOCS / "tools/diagrams.py", tmp_path, broken, *pages],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith(f"{broken}:3: ") and len(re.findall(r"\.md:\d+: ", done.stdout)) == 1, done.stdout
    assert [page for page in pages if not (tmp_path / f"{page.stem}-1.png").exists()] == []


async def test_the_servers_document_tells_of_its_routes_and_no_other(house: House) -> None:
    assert routed(servers_app(house.parts, [metrics_route(NOTHING)])) == Http("openapi.json").operations


def test_the_sidecars_document_tells_of_its_routes_and_no_other(tmp_path: Path) -> None:
    window = Window()
    beside = [*gestures.routes(NOTHING, NOTHING, NOTHING), metrics_route(NOTHING)]
    app = sidecars_app(window, Follower(store_at(tmp_path, str(tmp_path)), window), beside)
    assert routed(app) == Http("openapi-inference.json").operations


def test_the_trainers_document_tells_of_its_routes_and_no_other(tmp_path: Path) -> None:
    app = Admin(TrainerSettings(data_dir=str(tmp_path)), open_to_all=[metrics_route(NOTHING)]).app()
    document = Http("openapi-trainer.json")
    assert routed(app) == document.operations
    for method, path in document.operations:
        assert ("security" in document.document["paths"][path][method.lower()]) == path.startswith("/admin/")


def test_the_lock_of_the_documents_tools_names_no_registry() -> None:
    assert "resolved" not in (DOCS / "package-lock.json").read_text()
