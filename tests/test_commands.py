"""Every command line explains itself, says which version it is, and ends as it says it does."""

import os
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest
from msgspec import json

from bench.pages import sections, walked
from bench.system import free_port
from game.settings import variable_of
from inference.__main__ import main as inference
from inference.settings import Settings as Inference
from server.__main__ import main as server
from server.settings import Settings as Server
from telemetry.commandline import FAILED, INTERRUPTED, WRONG_USE, Parser
from telemetry.release import VERSION
from trainer import commands
from trainer.__main__ import main as trainer
from trainer.commandline import parser as trainer_line
from trainer.gestures import commands as gestures
from trainer.settings import Settings as Trainer

ROOT = Path(__file__).parents[1]
LINES = {one.prog: one for lines in sections().values() for line in lines for one in walked(line)}
MAIN = {"python -m server": Server, "python -m inference": Inference, "python -m trainer": Trainer}
PATIENCE_S = 180


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_help_is_whole_sentences_and_explains_every_option(
    line: ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        line.parse_args(["--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: python -m ")
    told = line.description or ""
    assert told[:1].isupper() and told.endswith(".")
    assert [one.dest for one in line._actions if not one.help and one.dest not in ("command", "gestures")] == []


@pytest.mark.parametrize("prog", MAIN)
def test_help_names_every_variable(prog: str) -> None:
    shown = LINES[prog].format_help().replace("\n", " ")
    assert [name for name in MAIN[prog].__struct_fields__ if variable_of(name) not in shown] == []


@pytest.mark.parametrize("prog", [*MAIN, "python -m bench"])
def test_the_version_is_told(prog: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        LINES[prog].parse_args(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"rps-quest {VERSION}\n"


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_what_is_unknown_is_refused_with_a_hint(line: ArgumentParser, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        line.parse_args(["--nonsense"])
    assert ended.value.code == WRONG_USE
    told = capsys.readouterr().err
    assert "usage: " in told
    if isinstance(line, Parser):
        assert "--help` explains it." in told


def test_a_misspelt_option_is_told_by_the_command_it_was_meant_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        LINES["python -m trainer"].parse_args(["prune", "--keeep", "3"])
    told = capsys.readouterr().err
    assert "python -m trainer prune: unrecognized arguments: --keeep" in told and "did you mean --keep?" in told


def test_every_command_of_the_trainer_is_done_by_something() -> None:
    line = trainer_line()
    assert set(line.commands) - {"doctor", "describe"} == {name for name in commands.RUN if name is not None}
    assert set(line.commands["gestures"].commands) == set(gestures.RUN)


@pytest.mark.parametrize(("main", "arguments"), [(server, ["standings"]), (inference, []), (trainer, ["table"])])
def test_a_setting_that_cannot_be_used_is_one_line_that_names_the_variable(
    main: object, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    assert callable(main)
    monkeypatch.setattr("telemetry.logs.log_to_stderr", lambda *given: None)
    monkeypatch.setenv("RPS_LOG_LEVLE", "info")
    assert main(arguments) == FAILED
    told = capsys.readouterr().err + caplog.text
    assert "RPS_LOG_LEVLE" in told and "RPS_LOG_LEVEL" in told and "Traceback" not in told


def test_what_is_no_file_is_told_and_never_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RPS_DATA_DIR", str(tmp_path))
    nothing, folder, bad = str(tmp_path / "nothing"), str(tmp_path), tmp_path / "bad"
    bad.write_bytes(b"not a database" * 100)
    monkeypatch.setattr("trainer.__main__.log_to_stderr", lambda settings: None)
    for main, arguments, status in (
        (server, ["verify", nothing], 2),
        (server, ["verify", folder], 2),
        (server, ["standings"], 1),
        (trainer, ["parity", "--database", nothing], 1),
        (trainer, ["rescore", "--database", folder], 1),
        (trainer, ["export", str(tmp_path / "lake"), "--database", nothing], 1),
        (trainer, ["scoreboard", "--database", nothing], 1),
        (trainer, ["parity", "--database", str(bad)], 1),
        (trainer, ["fit", "--data", folder, "--out", f"{folder}/fit", "--families", "logan"], 1),
        (trainer, ["league", "--data", folder], 1),
        (trainer, ["sweep", "logan", "--data", nothing], 1),
        (trainer, ["people", "--data", nothing, "--free", nothing, "--out", f"{folder}/out.json"], 1),
        (trainer, ["simulate", "--players", "1", "--url", f"http://127.0.0.1:{free_port()}"], 1),
        (trainer, ["simulate", "--players", "1", "--url", "nowhere"], 1),
        (trainer, ["solve", "--out", f"{nothing}/table.f64"], 1),
    ):
        assert main(arguments) == status, arguments
        out, err = capsys.readouterr()
        assert out == "" and len(err.splitlines()) == 1, (arguments, err)


def test_the_result_is_one_json_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RPS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("trainer.__main__.log_to_stderr", lambda settings: None)
    assert trainer(["table", "--json"]) == 0
    assert json.decode(capsys.readouterr().out)["bundles"]
    assert trainer(["promotion-sim", "--pairs", "30", "--repetitions", "10", "--json"]) == 0
    assert json.decode(capsys.readouterr().out).keys() == {"equal", "plus10", "minus5"}


def started(*arguments: str, folder: Path) -> subprocess.Popen[bytes]:
    """A command in a process of its own, which listens to Ctrl-C as at a terminal."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}  # argparse
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**environment, "RPS_DATA_DIR": str(folder)}, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def test_ctrl_c_ends_a_command_with_one_line(tmp_path: Path) -> None:
    with started("trainer", "promotion-sim", "--pairs", "100000", "--repetitions", "20000", folder=tmp_path) as process:
        assert process.stderr is not None
        first = process.stderr.readline()  # it is under way
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=PATIENCE_S)
    assert b"equal" in first and process.returncode == INTERRUPTED
    assert rest.split() == [b"Interrupted."]


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    with started("server", "--help", folder=tmp_path) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()  # before Python has even started to write
        told = process.stderr.read()
        process.wait(PATIENCE_S)
    assert told == b"" and process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "server", "describe", "openapi"],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (FAILED, "The disk is full; what was to be written is not whole.\n")


def test_a_server_without_its_port_ends_as_every_command_does(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        port = theirs.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "server"], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
            env={**os.environ, "RPS_DATA_DIR": str(tmp_path), "RPS_PORT": str(port)},
        )  # fmt: skip
    assert done.returncode == FAILED and "Traceback" not in done.stderr
    assert f"RPS_HOST and RPS_PORT say 127.0.0.1:{port}" in done.stderr
