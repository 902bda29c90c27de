"""Folders of labelled photos are read by name, and what is none of them is told of."""

from pathlib import Path

import pytest

from game.gestures import Label
from trainer.errors import NothingToLearn
from trainer.gestures.folders import read


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"any")


def test_classes_at_the_root_are_one_source_of_its_name(tmp_path: Path) -> None:
    put(tmp_path / "mine", "rock/a.jpg", "paper/b.PNG", "none/c.webp")
    found = read(tmp_path / "mine")
    assert found.sources == ["mine"] and found.left_out == []
    assert [(photo.path.name, photo.label) for photo in found.photos] == [
        ("c.webp", Label.NONE), ("b.PNG", Label.PAPER), ("a.jpg", Label.ROCK),
    ]  # fmt: skip


def test_several_sources_and_what_is_left_out_of_them(tmp_path: Path) -> None:
    put(tmp_path, "one/rock/a.jpg", "two/scissors/b.jpeg", "two/lizard/c.jpg", "marks/all.npz", "one/rock/notes.txt")
    put(tmp_path, "one/rock/.hidden.jpg", ".git/rock/d.jpg")
    found = read(tmp_path)
    assert found.sources == ["one", "two"] and len(found.photos) == 2
    assert found.left_out == [
        "marks has no folders of classes",
        "one/rock has 1 files that are no photos, such as notes.txt",
        "two has no class lizard",
    ]


def test_a_table_at_the_root_tells_split_and_licence(tmp_path: Path) -> None:
    put(tmp_path, "one/rock/a.jpg", "one/rock/b.jpg")
    (tmp_path / "MANIFEST.csv").write_text("path,licence,split\none/rock/a.jpg,CC0,test\n")
    assert [(photo.split, photo.licence) for photo in read(tmp_path).photos] == [("test", "CC0"), ("", "")]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "it is empty"),
        (["lizard/a.jpg", "spock/b.jpg"], "lizard has no folders of classes; spock has no folders of classes"),
        (["one/lizard/a.jpg"], "one has no class lizard"),
        (["rock/readme.txt"], "1 files that are no photos, such as readme.txt"),
    ],
)
def test_without_any_photo_it_is_said_what_is_there(tmp_path: Path, names: list[str], said: str) -> None:
    put(tmp_path, *names)
    with pytest.raises(NothingToLearn, match=said):
        read(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NothingToLearn, match=r"no folder .*away"):
        read(tmp_path / "away")
