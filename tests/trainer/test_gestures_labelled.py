"""What a retraining learns from: files by folder and donations, each photo once, and what is left out is told."""

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from support.database import made
from support.photos import donate, photo

from game.gestures import Label
from game.images import BadImage
from game.moves import MOVES, Move
from trainer.errors import NoLog
from trainer.gestures.labelled import HELD_OUT, counts, donations, gather, keep
from trainer.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made(tmp_path)
    return Settings(data_dir=str(tmp_path))


def test_files_and_donations_are_gathered_by_label_and_each_photo_once(settings: Settings, tmp_path: Path) -> None:
    keep(settings.retrain_data, Move.ROCK, photo(Label.ROCK))
    keep(settings.retrain_data, Move.ROCK, photo(Label.ROCK))
    (settings.retrain_data / "rock" / "again.jpg").write_bytes(photo(Label.ROCK))
    donate(tmp_path, [("rock", photo(Label.ROCK)), ("paper", photo(Label.PAPER))])
    found = gather(settings)
    assert sorted(one.label for one in found.photos) == [Label.PAPER, Label.ROCK] and found.left_out == []
    assert {one.content() for one in found.photos} == {photo(Label.PAPER), photo(Label.ROCK)}
    assert counts(settings.retrain_data) == {Move.ROCK: 2, Move.PAPER: 0, Move.SCISSORS: 0}
    assert donations(settings.database) == 2


def test_one_photo_with_two_labels_teaches_nothing(settings: Settings, tmp_path: Path) -> None:
    keep(settings.retrain_data, Move.PAPER, photo(Label.ROCK))
    donate(tmp_path, [("rock", photo(Label.ROCK))])
    found = gather(settings)
    assert found.photos == [] and "donation 1 are one photo with two labels" in found.left_out[0]


def test_what_is_no_photo_of_a_move_is_left_out_and_told(settings: Settings) -> None:
    root = settings.retrain_data
    keep(root, Move.ROCK, photo(Label.ROCK))
    (root / "lizard").mkdir()
    (root / "lizard" / "a.jpg").write_bytes(photo(Label.ROCK, 1))
    (root / "rock" / "notes.txt").write_text("no image")
    (root / "rock" / ".part").write_text("half a file")
    (root / "rock" / "folder").mkdir()
    found = gather(settings)
    assert len(found.photos) == 1
    assert found.left_out == [
        "lizard in retrain_data: only rock, paper, scissors are learned from",
        "retrain_data/rock/folder is no file of at most 8388608 bytes",
        "retrain_data/rock/notes.txt: These bytes are not a JPEG, PNG or WebP image.",
    ]


def test_about_a_fifth_is_held_out_and_always_the_same(settings: Settings) -> None:
    for number in range(100):
        keep(settings.retrain_data, MOVES[number % 3], photo(Label(MOVES[number % 3]), number))
    held_out = {one.digest for one in gather(settings).photos if one.held_out}
    assert 100 / HELD_OUT / 2 < len(held_out) < 100 / HELD_OUT * 2
    for number in range(100, 110):
        keep(settings.retrain_data, Move.ROCK, photo(Label.ROCK, number))
    assert held_out <= {one.digest for one in gather(settings).photos if one.held_out}


def test_a_photo_is_kept_under_its_digest_and_what_is_none_is_refused(settings: Settings) -> None:
    kept = keep(settings.retrain_data, Move.ROCK, photo(Label.ROCK))
    assert kept.name == f"{sha256(photo(Label.ROCK)).hexdigest()}.jpeg"
    with pytest.raises(BadImage):
        keep(settings.retrain_data, Move.ROCK, b"no image")
    assert counts(settings.retrain_data)[Move.ROCK] == 1


def test_without_anything_there_is_nothing(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path / "new"))
    assert gather(settings).photos == [] and donations(settings.database) == 0
    assert sum(counts(settings.retrain_data).values()) == 0


def test_a_database_without_the_table_has_no_donations_and_a_damaged_one_says_so(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path))
    with closing(sqlite3.connect(settings.database)) as connection:
        connection.execute("CREATE TABLE other (id)")
    assert gather(settings).photos == []
    settings.database.write_bytes(b"no database" * 100)
    with pytest.raises(NoLog, match="donations"):
        gather(settings)
