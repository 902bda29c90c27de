"""Three servers share PostgreSQL and a stream; whatever befalls them, no acknowledged round is lost or told twice."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from msgspec import json
from support.services import postgres, stream

from bench import places, trial
from bench.book import read
from bench.system import System
from bench.upheaval import Upheaval
from bench.verdict import Trial

__all__ = ["postgres", "stream"]  # fixtures
TRIAL = [sys.executable, "-m", "bench", "trial"]
MATCHES, SECONDS = 40, 20


@pytest.mark.timeout(1800)
def test_matches_survive_their_servers(postgres: str) -> None:
    if shutil.which("nats-server") is None:
        pytest.skip("nats-server is not there.")
    command = [*TRIAL, "--servers", "3", "--postgres", postgres, "--json"]
    done = subprocess.run(
        [*command, "--matches", str(MATCHES), "--seconds", str(SECONDS)],
        capture_output=True, text=True, timeout=380, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    held = json.decode(done.stdout, type=Trial)
    assert [(one.what, one.faults) for one in held.checks if one.wrong] == []
    assert (held.unsound, held.faults, held.not_ended) == (0, [], 0)
    assert all(number > 0 for number in held.dealt.values()), held.dealt
    assert held.resumes_tried == held.resumes_succeeded > 0
    looked_at = {one.what: one.looked_at for one in held.checks}
    assert looked_at["acknowledged rounds in the log, unchanged"] == held.rounds > MATCHES * 5
    assert looked_at["messages of the stream that are the log's rows"] == looked_at["rows numbered without a gap"]
    assert looked_at["matches that have ended"] >= held.matches >= MATCHES
    assert done.returncode == 0


def test_servers_are_started_paused_and_ended_by_name(tmp_path: Path, postgres: str) -> None:
    with System(tmp_path, servers=2, database_url=postgres) as system:
        system.play()
        assert system.servers == ["server-1", "server-2"]
        assert len({system.url_of(name) for name in system.servers}) == 2
        system.kill("server-1")
        assert system.get("/api/stats", "server-2")["totals"]["matches"] == 0
        system.pause("server-2")
        system.start("server-1")
        system.until_ready("server-1")
        assert system.stop("server-1") == 0
        system.wake("server-2")
        system.until_ready("server-2")
        assert system.stop("server-2") == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("trial", "--postgres", "nonsense"),
        ("trial", "--postgres", "postgresql://rps:hunter2@127.0.0.1:1/rps"),
        ("servers", "--postgres", "nonsense"),
        ("servers", "--postgres", "postgresql://rps:hunter2@127.0.0.1:1/rps"),
        ("servers", "--players", "1"),
    ],
)
def test_what_cannot_begin_is_told_without_the_password(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_a_trial_without_its_stream_does_not_begin(postgres: str) -> None:
    command = [*TRIAL, "--postgres", postgres, "--nats", "nats://rps:hunter2@127.0.0.1:1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "The trial cannot be held: No NATS server answers at 127.0.0.1:1.\n"


def test_a_trial_that_is_ended_leaves_no_process_behind(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with subprocess.Popen(
        [*TRIAL, "--matches", "2", "--keep", str(kept)], stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        assert "rounds/s" in running.stderr.readline()
        running.send_signal(signal.SIGTERM)
        assert "The trial was interrupted" in running.communicate(timeout=90)[1]
    assert running.returncode == 2
    assert "Stopped." in (kept / "inference.log").read_text()


async def test_a_stream_that_was_never_made_has_no_messages(stream: tuple[str, str]) -> None:
    url, name = stream
    assert await places.stream(url, name, expected=1, within_s=0.3) == []


async def test_a_server_that_ends_by_itself_is_a_failure(tmp_path: Path) -> None:
    with System(tmp_path, RPS_LEAN="2") as system:  # beyond 1: it does not start
        system.start("server")
        upheaval = Upheaval(system, None, "", seconds=4, random=Random(0))
        await upheaval.back("server")
        await upheaval.run()
    assert "has ended" in upheaval.failures[0]
    assert "had ended by itself, with the status 1" in upheaval.failures[1]


async def test_a_server_that_does_not_say_what_it_counts_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "CATCH_UP_S", 0.1)
    (found,) = await trial._counted(System(tmp_path), "server", read([]))
    assert found.wrong == 1
    assert "Connection refused" in found.faults[0]
