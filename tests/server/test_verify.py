"""The command that checks a transcript."""

from pathlib import Path

import pytest
from msgspec import json
from msgspec.structs import replace
from support.play import play_out

from game.records import Winner
from game.transcript import transcript
from server.__main__ import main


@pytest.fixture
def file(tmp_path: Path) -> Path:
    match, _ = play_out()
    path = tmp_path / "transcript.json"
    path.write_bytes(json.encode(transcript(match, match.closed)))
    return path


def test_a_fair_match_holds(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(file)]) == 0
    assert "holds" in capsys.readouterr().out


def test_a_changed_one_does_not(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    match, _ = play_out()
    file.write_bytes(json.encode(replace(transcript(match, match.closed), winner=Winner.TIE)))
    assert main(["verify", str(file), "--json"]) == 1
    assert json.decode(capsys.readouterr().out)["faults"] == ["The winner does not follow from how the match ended."]


@pytest.mark.parametrize("content", [b"{}", b"not json", None])
def test_what_is_no_transcript_is_said(file: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]) -> None:
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    assert main(["verify", str(file)]) == 2
    assert str(file) in capsys.readouterr().err
