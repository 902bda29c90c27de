"""Labelled photos in folders: `<root>/<class>/` is one source named like the root, `<root>/<source>/<class>/` several.

A class is a folder named like a `Label`. A table `MANIFEST.csv` at the root may say more of a photo, by its path from
there: its `split` and its `licence`. Whether a file can be read at all shows when it is decoded.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from game.gestures import Label
from game.look import MAX_UPLOAD
from trainer.errors import NothingToLearn

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
CLASSES = frozenset(str(label) for label in Label)
TABLE = "MANIFEST.csv"


class Photo(Struct, frozen=True, order=True):
    """A file, who took it and what it shows; `split` and `licence` are empty where nobody says."""

    path: Path
    source: str
    label: Label
    split: str = ""
    licence: str = ""

    @property
    def name(self) -> str:
        return str(self.path)

    def content(self) -> bytes:
        """The file's bytes; no more than may be uploaded, and one."""
        with self.path.open("rb") as file:
            return file.read(MAX_UPLOAD + 1)


class Album(Struct, frozen=True):
    """The photos in their order by name, and what beside them is no photo of a class, in words."""

    photos: list[Photo]
    left_out: list[str]

    @property
    def sources(self) -> list[str]:
        """Their names in order."""
        return sorted({photo.source for photo in self.photos})


def read(root: Path) -> Album:
    """What is below `root`; raises NothingToLearn where there is no photo at all, naming what is there instead."""
    if not root.is_dir():
        raise NothingToLearn(f"There is no folder {root}.")
    told, left_out = _table(root), list[str]()
    inside = _folders(root)
    sources = {root.resolve().name: root} if any(folder.name in CLASSES for folder in inside) else {}
    if not sources:
        sources = {folder.name: folder for folder in inside}
    photos = [photo for name, folder in sources.items() for photo in _source(root, name, folder, told, left_out)]
    if not photos:
        there = "; ".join(left_out) or "it is empty"
        raise NothingToLearn(f"{root} holds no photos in folders named {', '.join(Label)}: {there}.")
    return Album(sorted(photos), left_out)


def _source(
    root: Path, name: str, folder: Path, told: dict[str, tuple[str, str]], left_out: list[str]
) -> Iterator[Photo]:
    unknown = [inside.name for inside in _folders(folder) if inside.name not in CLASSES]
    if unknown:
        left_out.append(f"{name} has no class {', '.join(unknown)}")
    if not any(inside.name in CLASSES for inside in _folders(folder)) and not unknown:
        left_out.append(f"{name} has no folders of classes")
    for inside in _folders(folder):
        if inside.name in CLASSES:
            files = sorted(file for file in inside.iterdir() if not file.name.startswith("."))
            others = [file.name for file in files if not _is_photo(file)]
            if others:
                left_out.append(f"{name}/{inside.name} has {len(others)} files that are no photos, such as {others[0]}")
            for file in files:
                if _is_photo(file):
                    split, licence = told.get(file.relative_to(root).as_posix(), ("", ""))
                    yield Photo(file, name, Label(inside.name), split, licence)


def _is_photo(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES and file.is_file()


def _folders(folder: Path) -> list[Path]:
    return sorted(inside for inside in folder.iterdir() if inside.is_dir() and not inside.name.startswith("."))


def _table(root: Path) -> dict[str, tuple[str, str]]:
    """(split, licence) by path."""
    try:
        with (root / TABLE).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        return {}
    except (UnicodeDecodeError, csv.Error) as error:
        raise NothingToLearn(f"{root / TABLE} cannot be read: {error}.") from error
    return {row["path"]: (row.get("split") or "", row.get("licence") or "") for row in rows if row.get("path")}
