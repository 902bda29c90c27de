"""The frame of the doctors, and what all of them look at."""

import io
import os
import resource
import socket
import sqlite3
import threading
from base64 import b64encode
from collections import namedtuple
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec import json

from server.settings import Settings
from telemetry import doctor, installation, packages, places, ports, untouched
from telemetry.doctor import Check, Found, Look, Outcome, failed, ok, warning
from telemetry.release import VERSION

GIB = places.GIB


def told(capsys: pytest.CaptureFixture[str], looks: dict[str, Look], **variables: str) -> tuple[int, str]:
    status = doctor.report("server", looks, False, variables)
    return status, capsys.readouterr().out


def test_each_finding_is_a_line_and_what_is_not_well_has_a_second_one(capsys: pytest.CaptureFixture[str]) -> None:
    status, out = told(
        capsys,
        {
            "disk": lambda: ok("much"),
            "sidecar": lambda: warning("nobody\nlistens", "start it."),
            "database": lambda: failed("it is damaged", "restore it."),
        },
    )
    assert status == 1
    lines = out.splitlines()
    assert lines[0].startswith("RPS Quest ") and lines[0].endswith(", server")
    assert lines[1:] == [
        "ok       disk      much",
        "warning  sidecar   nobody listens",
        "                   Mend: start it.",
        "failed   database  it is damaged",
        "                   Mend: restore it.",
        "1 ok, 1 warning, 1 failed.",
    ]


@pytest.mark.parametrize(("found", "status"), [(ok("a"), 0), (warning("a", "b"), 0), (failed("a", "b"), 1)])
def test_only_a_failure_is_told_by_the_exit_status(found: Found, status: int) -> None:
    assert doctor.report("server", {"one": lambda: found}, False, {}) == status


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.report("trainer", {"one": lambda: ok("a"), "two": lambda: failed("b", "c")}, True, {}) == 1
    report = json.decode(capsys.readouterr().out)
    assert (report["process"], report["ok"]) == ("trainer", False)
    assert report["checks"] == [
        {"name": "one", "outcome": "ok", "found": "a", "mend": ""},
        {"name": "two", "outcome": "failed", "found": "b", "mend": "c"},
    ]


def test_what_hangs_is_told_of_and_holds_up_nothing() -> None:
    release = threading.Event()

    def hang() -> Found:
        release.wait()
        return ok("at last")

    try:
        stuck, quick = doctor.examined({"stuck": hang, "quick": lambda: ok("here")}, patience_s=2.0)
    finally:
        release.set()
    assert stuck.outcome is Outcome.FAILED and "within 2 s" in stuck.found and stuck.mend
    assert quick == Check("quick", Outcome.OK, "here")


def test_all_looks_are_taken_at_once() -> None:
    together = threading.Barrier(3)

    def meet() -> Found:
        together.wait(60)
        return ok("met")

    found = doctor.examined({name: meet for name in "abc"}, patience_s=60)  # noqa: C420 - each is asked
    assert [check.found for check in found] == ["met"] * 3


def test_a_look_that_fails_costs_itself_alone() -> None:
    def broken() -> Found:
        raise OSError("the disk is\ngone")

    def missing() -> Found:
        raise ModuleNotFoundError("No module named 'nats'", name="nats")

    checks = doctor.examined({"broken": broken, "missing": missing, "well": lambda: ok("well")}, 60)
    assert [check.outcome for check in checks] == [Outcome.FAILED, Outcome.FAILED, Outcome.OK]
    assert checks[0].found == "OSError: the disk is gone"
    assert checks[1].found == "nats is not installed." and "make" in checks[1].mend


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("out", "variables", "expected"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colours_are_for_terminals_alone(out: io.StringIO, variables: dict[str, str], expected: bool) -> None:
    assert doctor.coloured(out, variables) is expected


def test_colours_mark_the_outcome_and_nothing_else() -> None:
    page = doctor.page("server", [Check("one", Outcome.FAILED, "b", "c")], colours=True)
    assert "\x1b[1;31mfailed \x1b[0m  one  b\n" in page and page.count("\x1b") == 2
    assert "\x1b" not in doctor.page("server", [Check("one", Outcome.FAILED, "b", "c")], colours=False)


def test_every_setting_that_cannot_be_used_is_told_and_the_others_hold() -> None:
    variables = {"RPS_PORT": "x", "RPS_PROT": "1", "RPS_DATA_DIR": "here", "RPS_LEAN": "7", "PATH": "/bin"}
    settings, found = doctor.settings_of(Settings, variables)
    assert found.outcome is Outcome.FAILED
    assert all(word in found.text for word in ("RPS_PORT", "RPS_PROT", "did you mean RPS_PORT", "RPS_LEAN"))
    assert (settings.data_dir, settings.port, settings.lean) == ("here", 8000, 1.0)


def test_settings_that_can_be_used_are_named_without_their_values() -> None:
    secret = "postgresql://rps:secret@host/name"
    settings, found = doctor.settings_of(Settings, {"RPS_DATABASE_URL": secret})
    assert found == ok("set are RPS_DATABASE_URL") and settings.database_url == secret


def distribution(folder: Path, requires: list[str], version: str = VERSION) -> None:
    info = folder / "doctored-1.dist-info"
    info.mkdir(exist_ok=True)
    lines = [
        "Metadata-Version: 2.1",
        "Name: doctored",
        f"Version: {version}",
        *(f"Requires-Dist: {one}" for one in requires),
    ]
    (info / "METADATA").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("requires", "pins", "outcome", "said"),
    [
        (["msgspec>=0.1"], "", Outcome.OK, "1 packages"),
        (["msgspec>=999"], "", Outcome.FAILED, "is not >=999"),
        (["nowhere-to-be-found"], "", Outcome.FAILED, "nowhere-to-be-found is missing"),
        (["nowhere-to-be-found; extra == 'trainer'", "msgspec"], "", Outcome.OK, "1 packages"),
        (["nowhere-to-be-found; extra == 'server'"], "", Outcome.FAILED, "is missing"),
        (["nowhere-to-be-found; sys_platform == 'plan9'", "msgspec"], "", Outcome.OK, "1 packages"),
        (["msgspec"], "# comment\nMsgSpec==0.0.1\n", Outcome.WARNING, "instead of 0.0.1"),
    ],
)
def test_packages_are_held_against_what_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, requires: list[str], pins: str, outcome: Outcome, said: str
) -> None:
    distribution(tmp_path, requires)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "constraints.txt").write_text(pins)
    found = packages.packages(("server",), "doctored", tmp_path / "constraints.txt")
    assert found.outcome is outcome and said in found.text
    assert ("pip install" in found.mend) is (outcome is not Outcome.OK)


def test_an_installation_of_another_version_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(tmp_path, ["msgspec"], "0.0.1")
    monkeypatch.syspath_prepend(tmp_path)
    found = packages.packages(("server",), "doctored", tmp_path / "none")
    assert found.outcome is Outcome.WARNING and "when it was 0.0.1" in found.text


def test_an_image_is_no_fault() -> None:
    assert packages.packages(("server",), "not-installed-at-all").outcome is Outcome.OK


def test_a_data_folder_is_looked_at_and_not_made(tmp_path: Path) -> None:
    assert installation.data_folder(tmp_path / "a" / "b").outcome is Outcome.OK
    assert not (tmp_path / "a").exists()
    assert installation.data_folder(tmp_path).outcome is Outcome.OK
    (tmp_path / "file").write_text("")
    assert installation.data_folder(tmp_path / "file").outcome is Outcome.FAILED


def test_a_data_folder_that_is_closed_to_this_user_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    for folder in (tmp_path, tmp_path / "below"):
        found = installation.data_folder(folder)
        assert found.outcome is Outcome.FAILED and "chown" in found.mend + "chown" and str(folder) in found.mend


def test_a_data_folder_of_somebody_else_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 12345)
    assert installation.data_folder(tmp_path).outcome is Outcome.WARNING


@pytest.mark.parametrize(
    ("free", "outcome"), [(2 * GIB, Outcome.OK), (GIB - 1, Outcome.WARNING), (200 * 2**20 - 1, Outcome.FAILED)]
)
def test_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, outcome: Outcome) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(installation.shutil, "disk_usage", lambda path: usage(0, 0, free))
    assert installation.disk(tmp_path / "below").outcome is outcome


def test_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=GIB))
    monkeypatch.setattr(installation, "_left_to_the_group", lambda: [])
    assert installation.free_memory(GIB).outcome is Outcome.OK
    assert installation.free_memory(GIB + 1).outcome is Outcome.WARNING
    monkeypatch.setattr(installation, "_left_to_the_group", lambda: [1])
    assert installation.free_memory(GIB).outcome is Outcome.WARNING


def test_a_containers_limit_is_read(tmp_path: Path) -> None:
    for most, left in (("300\n", [200]), ("max\n", []), ("50\n", [0])):
        (tmp_path / "memory.max").write_text(most)
        (tmp_path / "memory.current").write_text("100\n")
        assert installation._left_to_the_group(tmp_path) == left
    assert installation._left_to_the_group(tmp_path / "none") == []


def test_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1024, 4096))
    assert installation.open_files(1024).outcome is Outcome.OK
    assert installation.open_files(2000).mend.startswith("ulimit -n 2000, before")
    assert "as root" in installation.open_files(5000).mend
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert installation.open_files(10**9).outcome is Outcome.OK


@contextmanager
def answering(status: int, body: bytes = b"", **headers: str) -> Iterator[tuple[int, list[dict[str, str]]]]:
    """A port where every request is answered so, and the headers of those that came."""
    came: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            came.append({name.lower(): text for name, text in self.headers.items()})
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, came
        finally:
            server.shutdown()
            thread.join()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("status", "outcome", "said"),
    [
        (200, Outcome.OK, "takes what is sent"),
        (401, Outcome.WARNING, "refuses the key"),
        (404, Outcome.WARNING, "not as an OTLP receiver"),
    ],
)
def test_the_receiver_is_asked_with_its_key(status: int, outcome: Outcome, said: str) -> None:
    with answering(status) as (port, came):
        found = installation.receiver(f"http://127.0.0.1:{port}/otlp", "Authorization=Basic%20abc")
    assert found.outcome is outcome and said in found.text and bool(found.mend) is (status != 200)
    assert came[0]["authorization"] == "Basic abc" and "abc" not in found.text + found.mend


def test_a_password_in_the_receivers_address_is_sent_and_not_told() -> None:
    with answering(200) as (port, came):
        found = installation.receiver(f"http://user:s%2Fecret@127.0.0.1:{port}/otlp", "")
    assert found == ok(f"http://127.0.0.1:{port}/otlp takes what is sent")
    assert came[0]["authorization"] == f"Basic {b64encode(b'user:s/ecret').decode()}"


@pytest.mark.parametrize("password", ["secret", "sec/ret", "sec@ret"])
def test_no_address_is_told_with_its_password_whoever_says_it(password: str) -> None:
    def careless() -> Found:
        raise ValueError(f"postgresql://user:{password}@host/name is no address")

    (check,) = doctor.examined({"one": careless}, 60)
    assert check.found == "ValueError: postgresql://host/name is no address"


def test_without_an_endpoint_nobody_is_asked() -> None:
    assert installation.receiver("", "").outcome is Outcome.OK
    assert installation.receiver(f"http://127.0.0.1:{free_port()}", "").outcome is Outcome.WARNING


def known(answer: ports.Answer) -> Found | None:
    return ok("ours") if answer.body == b"ours" else None


def test_a_port_is_free_or_ours_or_somebody_elses() -> None:
    free = free_port()
    assert ports.seen("127.0.0.1", free, "/", "RPS_PORT", known) == ok(f"127.0.0.1:{free} is free")
    assert ports.seen("127.0.0.1", 0, "/", "RPS_PORT", known).outcome is Outcome.OK
    with answering(200, b"ours") as (port, _):
        assert ports.seen("0.0.0.0", port, "/", "RPS_PORT", known) == ok("ours")
    with answering(404, b"theirs") as (port, _):
        found = ports.seen("127.0.0.1", port, "/x", "RPS_PORT", known)
        assert found.outcome is Outcome.FAILED and "GET /x with 404" in found.text and "BaseHTTP" in found.text
        assert f"process {os.getpid()}" in found.text and "RPS_PORT" in found.mend


def test_a_port_of_one_who_speaks_no_http_or_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setattr(ports.asked, "__defaults__", (0.2,))
        assert "does not answer by HTTP" in ports.seen("127.0.0.1", port, "/", "RPS_PORT", known).text
    found = ports.seen("192.0.2.1", 8000, "/", "RPS_HOST", known)  # of nobody's, by RFC 5737
    assert found.outcome is Outcome.FAILED and "cannot be listened on" in found.text


def test_reading_a_database_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a ?#.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE one (x)")
        connection.execute("INSERT INTO one VALUES (1)")
        connection.commit()
    before = path.read_bytes()
    with untouched.reading(path) as reading:
        assert reading.execute("SELECT * FROM one").fetchall() == [(1,)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reading.execute("INSERT INTO one VALUES (2)")
    assert [each.name for each in tmp_path.iterdir()] == [path.name] and path.read_bytes() == before


def test_reading_a_database_that_is_written_sees_what_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "written.db"
    with closing(sqlite3.connect(path)) as writing:
        writing.execute("PRAGMA journal_mode = WAL")
        writing.execute("CREATE TABLE one (x)")
        writing.execute("INSERT INTO one VALUES (1)")
        writing.commit()
        with untouched.reading(path) as reading:
            assert reading.execute("SELECT * FROM one").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://user:secret@host:5432/name?password=x", "postgresql://host:5432/name"),
        ("http://host/path", "http://host/path"),
        ("http://user:sec/ret@host/path", "an address that cannot be read"),
        ("http://[::1", "an address that cannot be read"),
    ],
)
def test_an_address_is_told_without_what_opens_it(url: str, said: str) -> None:
    assert places.address(url) == said
