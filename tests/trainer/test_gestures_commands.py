"""`python -m trainer gestures`: what serves is judged on folders of photos, told for people and as one JSON object."""

import os
from pathlib import Path

import pytest
from msgspec import json
from support.database import made
from support.photos import album, photo
from support.pixels import put_pixels

from game.assignment import Alias
from game.gestures import Label
from models.gesture_bundle import Family
from models.places import gestures_at
from trainer import __main__ as command

ALL = {Label.ROCK: 4, Label.PAPER: 4, Label.SCISSORS: 4, Label.NONE: 2, Label.OTHER: 3}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose store has a model of whole images in production, and the same before it."""
    made(tmp_path)
    store = gestures_at(tmp_path / "store", str(tmp_path))
    pins = {Alias.PRODUCTION: put_pixels(store, 1), Alias.B: put_pixels(store, 2)}
    store.swap(store.table().generation, {Family.PIXELS: pins})
    monkeypatch.setenv("RPS_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two sources, in one of which two photos of rock are called paper; and a file that is no image."""
    root = album(album(tmp_path / "photos", "hall", ALL), "lamp", {Label.ROCK: 2, Label.PAPER: 2})
    for number in range(2):
        (root / "lamp" / "paper" / f"wrong-{number}.jpg").write_bytes(photo(Label.ROCK, 50 + number))
    (root / "lamp" / "paper" / "torn.jpg").write_bytes(photo(Label.PAPER)[:40])
    (root / "lamp" / "lizard").mkdir()
    return root


def test_what_serves_is_judged_by_source(
    place: Path, photos: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "trainer")
    cores = os.sched_getaffinity(0)
    assert command.main(["gestures", "evaluate", str(photos), "--cnn-only", "--json"]) == 0
    assert os.sched_getaffinity(0) == cores
    out = capsys.readouterr().out
    told = json.decode(out)
    hall, lamp = told["sources"]["hall"], told["sources"]["lamp"]
    assert (hall["n"], hall["accuracy"], hall["coverage"], hall["accuracy_answered"]) == (12, 1.0, 1.0, 1.0)
    assert (lamp["n"], lamp["accuracy"], lamp["coverage"]) == (6, pytest.approx(4 / 6), 1.0)
    assert told["overall"]["n"] == 18 and told["macro"]["accuracy"] == pytest.approx((1 + 4 / 6) / 2)
    assert (told["none_false_rate"], told["other_false_rate"], hall["none_false_rate"]) == (0, 0, 0)
    assert 0 < told["ms_p50"] <= told["ms_p95"] and told["images"] == 23
    assert [one["photo"].rpartition("/")[2] for one in told["unread"]] == ["torn.jpg"]
    assert told["left_out"] == ["lamp has no class lizard"]
    assert "looking at hall" in caplog.text and "100" not in out[:3]


def test_the_table_for_people_tells_the_same(place: Path, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["gestures", "evaluate", str(photos), "--cnn-only", "--alias", "B"]) == 0
    out = capsys.readouterr().out
    for text in ("hall", "lamp", "0.667", "all photos", "mean of sources", "1 files could not be read", "not used"):
        assert text in out


def test_another_store_is_named_by_its_own_folder_or_the_one_around_it(
    place: Path, photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RPS_DATA_DIR", str(tmp_path / "elsewhere"))
    for store in (place / "store", place / "store" / "gestures"):
        arguments = ["gestures", "evaluate", str(photos / "hall"), "--cnn-only", "--models", str(store), "--json"]
        assert command.main(arguments) == 0
        assert json.decode(capsys.readouterr().out)["sources"]["hall"]["accuracy"] == 1.0


def test_what_cannot_be_judged_says_so_in_one_line(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    for arguments, said in (
        (["evaluate", str(tmp_path / "empty")], "it is empty"),
        (["evaluate", str(tmp_path / "away")], "no folder"),
        (["fetch", "nobody", "--out", str(tmp_path / "x")], "There is no set 'nobody'; known are drgfreeman"),
        (["fetch", "moroney", "--out", str(tmp_path / "x")], "--sha256"),
        (["export", str(tmp_path / "empty")], "has no pixels.keras"),
        (["retrain"], "There are no photos in"),
    ):
        assert command.main(["gestures", *arguments]) == 1
        lines = capsys.readouterr().err.strip().splitlines()
        assert lines[-1].startswith("trainer: ") and said in lines[-1]


def test_a_rollback_and_the_ledger(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = gestures_at(place / "store", str(place))
    before = store.table().aliases[Family.PIXELS]
    assert command.main(["gestures", "rollback"]) == 0
    after = store.table().aliases[Family.PIXELS]
    assert (after[Alias.PRODUCTION], after[Alias.B]) == (before[Alias.B], before[Alias.PRODUCTION])
    assert command.main(["gestures", "ledger", "--json"]) == 0
    told = json.decode(capsys.readouterr().out.splitlines()[-1])
    assert [one["kind"] for one in told["entries"]] == ["adopted", "rolled-back"]
