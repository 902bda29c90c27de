"""What is unfit to serve is taken out at once, and what only had bad luck is not."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support.database import made
from support.play import opening, play_out, records

from game.assignment import Alias
from game.gambits import LENGTH
from models.store import FolderStore, Pin
from trainer.data import log
from trainer.errors import SidecarUnavailable
from trainer.lifecycle import book, guard
from trainer.lifecycle.decisions import Change, Lifecycle, Move
from trainer.lifecycle.guard import Answered
from trainer.lifecycle.ledger import Entry, Kind
from trainer.lifecycle.sidecar import Count, Inferences, Loaded, Sidecar, Statistics
from trainer.lifecycle.watch import Watch, expelled

PINS = {alias: Pin(f"brian-{alias.lower()}", str(alias)) for alias in Alias}
PLACES = {"brian": PINS}


def statistics(version: str, count: int = 100, ns: int = 50_000, failed: int = 0) -> Statistics:
    return Statistics("brian", version, count, Inferences(Count(count // 4, count * ns), Count(failed, 0)))


def test_what_the_sidecar_refuses_is_expelled() -> None:
    index = [Loaded(f"brian.{alias}", PINS[alias].version, "READY") for alias in Alias if alias is not Alias.B]
    bad = Loaded("brian.B", PINS[Alias.B].version, "UNAVAILABLE", "the digest is wrong")
    (change,) = guard.refused(PLACES, [*index, bad], 5)
    assert (change.kind, change.moves) == (Kind.EXPELLED, (Move(PINS[Alias.B], None),))
    assert change.reason == "brian-b is taken out: the sidecar refuses it: the digest is wrong"
    stale = Loaded("brian.B", "brian-earlier", "UNAVAILABLE", "the digest is wrong")
    assert list(guard.refused(PLACES, [*index, stale], 5)) == []


def test_a_version_that_fails_or_is_slow_is_expelled_and_from_production_it_is_a_rollback() -> None:
    found = [
        statistics("brian-production", ns=guard.SLOW_NS + 1),
        statistics("brian-b", failed=guard.FAILURES),
        statistics("brian-shadow1", count=guard.SETTLED - 1, ns=10 * guard.SLOW_NS),
        statistics("brian-shadow2", failed=guard.FAILURES - 1),
        statistics("brian-elsewhere", failed=100),
    ]
    slow, failing = guard.misbehaving(PLACES, found, 5)
    assert (slow.kind, failing.kind) == (Kind.ROLLED_BACK, Kind.EXPELLED)
    assert "a prediction takes it 2.0 ms" in slow.reason and "3 of its inferences failed" in failing.reason


def newcomer() -> Entry:
    before = {"brian": {**PINS, Alias.SHADOW2: Pin("brian-old", "old")}}
    return Entry(
        number=2, at=0, kind=Kind.ENTERED, family="brian", by="cycle 1", reason="", position=0, generation=2,
        before=before, after=PLACES, evidence={}, previous="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("here", "elsewhere", "taken"),
    [
        (Answered(100, 20), Answered(100, 0), True),
        (Answered(100, 5), Answered(100, 0), False),
        (Answered(100, 20), Answered(100, 15), False),
        (Answered(20, 20), Answered(100, 0), False),
        (Answered(100, 20), Answered(0, 0), False),
    ],
)
def test_rounds_that_go_unanswered_since_it_came(here: Answered, elsewhere: Answered, taken: bool) -> None:
    change = guard.unanswered(newcomer(), {"brian": here, "logan": elsewhere}, 5)
    assert (change is not None) == taken
    if change is not None:
        assert change.moves == (Move(PINS[Alias.SHADOW2], None),)


def test_unanswered_rounds_are_counted_from_the_log(tmp_path: Path) -> None:
    answered, silent = (records(play_out(opening(), given=given)[1]) for given in (None, {}))
    with log.opened(made(tmp_path, silent)) as reader:
        rounds = silent[-1].round - 1 - LENGTH
        assert rounds > 0
        assert guard.count_answered(reader, 0) == {"brian": Answered(rounds, rounds)}
        assert guard.count_answered(reader, len(silent)) == {}
    (tmp_path / "other").mkdir()
    with log.opened(made(tmp_path / "other", answered)) as reader:
        assert guard.count_answered(reader, 0)["brian"].unanswered == 0


class Answering(BaseHTTPRequestHandler):
    """A sidecar that says what it is told to."""

    answers: dict[str, tuple[int, object]]

    def do_GET(self) -> None:
        status, body = self.answers.get(self.path, (404, {"error": "unknown"}))
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


Serving = Callable[[dict[str, tuple[int, object]]], Sidecar]


@pytest.fixture
def serving() -> Iterator[Serving]:
    servers: list[HTTPServer] = []

    def serve(answers: dict[str, tuple[int, object]]) -> Sidecar:
        server = HTTPServer(("127.0.0.1", 0), type("Handler", (Answering,), {"answers": answers}))
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return Sidecar("127.0.0.1", server.server_port)

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def stats(version: str, failed: int) -> dict[str, object]:
    counts = {"success": {"count": 100, "ns": 100}, "fail": {"count": failed, "ns": 1}}
    return {"name": "brian", "version": version, "inference_stats": counts, "more": 1}


def test_the_watch_expels_once_and_the_version_does_not_come_back(tmp_path: Path, serving: Serving) -> None:
    answers: dict[str, tuple[int, object]] = {
        "/v2/repository/index": (200, [{"name": "brian.B", "version": PINS[Alias.B].version, "state": "READY"}])
    }
    told = [stats(pin.version, 9 * (alias is Alias.PRODUCTION)) for alias, pin in PINS.items()]
    answers["/v2/models/stats"] = (200, {"model_stats": told})
    store = FolderStore(tmp_path / "store", shipped=tmp_path / "none")
    store.swap(0, PLACES)
    path = made(tmp_path)
    with book.opened(path) as opened, log.opened(path) as reader:
        lifecycle = Lifecycle(opened, store)
        watch = Watch("sequential", 1.0, serving(answers))
        lifecycle.settle()
        watch.guard(lifecycle, reader)
        watch.guard(lifecycle, reader)
        entries = lifecycle.entries()
    assert [entry.kind for entry in entries] == [Kind.ADOPTED, Kind.ROLLED_BACK]
    assert store.table().aliases["brian"][Alias.PRODUCTION] == PINS[Alias.B]
    assert expelled(entries, "brian") == {PINS[Alias.PRODUCTION].version}


def test_without_the_sidecar_the_guard_decides_nothing(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store", shipped=tmp_path / "none")
    store.swap(0, PLACES)
    path = made(tmp_path)
    with book.opened(path) as opened, log.opened(path) as reader:
        lifecycle = Lifecycle(opened, store)
        lifecycle.settle()
        lifecycle.decide(
            Change(
                kind=Kind.ENTERED, family="brian", by="test", reason="", position=0,
                moves=(Move(Pin("brian-new", "new"), Alias.SHADOW2),),
            )
        )  # fmt: skip
        Watch("sequential", 1.0, Sidecar("127.0.0.1", 9)).guard(lifecycle, reader)
        assert len(lifecycle.entries()) == 2


@pytest.mark.parametrize("answer", [(500, b"oops"), (200, b"not json"), (200, [{"name": 3}])])
def test_a_sidecar_that_fails_or_lies_is_one_clear_error(serving: Serving, answer: tuple[int, object]) -> None:
    with pytest.raises(SidecarUnavailable):
        serving({"/v2/repository/index": answer}).index()


def test_a_refused_load_says_why(serving: Serving) -> None:
    path = "/v2/repository/models/{}/load"
    sidecar = serving({path.format("brian"): (200, {}), path.format("logan"): (400, {"error": "its digest"})})
    assert sidecar.load("brian") is None
    assert "its digest" in str(sidecar.load("logan"))
