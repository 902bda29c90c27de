"""Photos that this installation was given to learn from: labelled ones in a folder, and what players donated.

`retrain_data/<move>/` holds files; the table `donations` of the round log's database holds what players gave with a
move that was accepted. What is there twice counts once, and what is there under two labels is not learned from. About
a fifth is held out: which photo is, its digest says, so that it is the same ones in every retraining.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from game.gestures import Label
from game.images import BadImage, measured
from game.look import MAX_UPLOAD
from game.moves import MOVES, Move
from models.files import replace_file
from trainer.errors import NoLog
from trainer.settings import Settings

HELD_OUT = 5
"""One in so many is held out."""
SOURCE = "your photos"
"""How they are called where sources are told apart."""
_NO_TABLE = "no such table: donations"
_PAGE = 100
"""Donations that are read at once."""


class Given(Struct, frozen=True):
    """One photo, its label, and where it is from: a file, which is read again when it is wanted, or a donation."""

    digest: str
    label: Label
    name: str
    file: Path | None = None
    image: bytes = b""
    source: str = SOURCE

    @property
    def held_out(self) -> bool:
        """Whether it judges and is never learned from."""
        return int(self.digest[:8], 16) % HELD_OUT == 0

    def content(self) -> bytes:
        return self.image if self.file is None else self.file.read_bytes()


class Gathered(Struct, frozen=True):
    """What may be learned from in the order of the digests, and what may not, in words."""

    photos: list[Given]
    left_out: list[str]


def gather(settings: Settings) -> Gathered:
    """All that was given and donated and has the header of an image; raises NoLog where the database is damaged."""
    left_out: list[str] = []
    found: dict[str, list[Given]] = {}
    for one in (*_files(settings.retrain_data, left_out), *_donations(settings.address, left_out)):
        found.setdefault(one.digest, []).append(one)
    photos = []
    for _, same in sorted(found.items()):
        if len({one.label for one in same}) > 1:
            left_out.append(f"{' and '.join(one.name for one in same)} are one photo with two labels")
        else:
            photos.append(same[0])
    return Gathered(photos, left_out)


def keep(root: Path, move: Move, content: bytes) -> Path:
    """Keep a labelled photo under its digest; raises BadImage where it is none. Keeping it twice changes nothing."""
    header = measured(content)
    folder = root / move
    path = folder / f"{sha256(content).hexdigest()}.{header.format.lower()}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)
    return path


def counts(root: Path) -> dict[Move, int]:
    """How many files lie in each move's folder."""
    return {move: sum(1 for _ in _visible(root / move)) for move in MOVES}


def donations(database: Path | str) -> int:
    """How many photos players have donated, by the SQLite file or PostgreSQL's address."""
    return next((int(count) for (count,) in _rows(database, "SELECT count(*) FROM donations")), 0)


def _files(root: Path, left_out: list[str]) -> Iterator[Given]:
    others = sorted(inside.name for inside in _visible(root) if inside.name not in MOVES)
    if others:
        left_out.append(f"{', '.join(others)} in {root.name}: only {', '.join(MOVES)} are learned from")
    for move in MOVES:
        for file in sorted(_visible(root / move)):
            name = f"{root.name}/{move}/{file.name}"
            if not file.is_file() or file.stat().st_size > MAX_UPLOAD:
                left_out.append(f"{name} is no file of at most {MAX_UPLOAD} bytes")
                continue
            content = file.read_bytes()
            if _sound(name, content, left_out):
                yield Given(sha256(content).hexdigest(), Label(move), name, file)


def _donations(database: Path | str, left_out: list[str]) -> Iterator[Given]:
    for id, label, image in _pages(database):
        name = f"donation {id}"
        if label in MOVES and _sound(name, image, left_out):
            yield Given(sha256(image).hexdigest(), Label(label), name, image=image)


def _pages(database: Path | str) -> Iterator[Sequence[Any]]:
    """(id, label, image) of each, some at a time: together they may be more than one answer should hold."""
    last: int | None = 0
    while last is not None:
        sql = f"SELECT id, label, image FROM donations WHERE id > {last} ORDER BY id LIMIT {_PAGE}"
        found = _rows(database, sql)
        yield from found
        last = found[-1][0] if found else None


def _rows(database: Path | str, sql: str) -> Sequence[Sequence[Any]]:
    if isinstance(database, str):
        return _of_server(database, sql)
    if not database.exists():
        return []
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database.absolute()))}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()
    except sqlite3.Error as error:
        if str(error) == _NO_TABLE:
            return []
        raise NoLog(f"The donations in {database} cannot be read: {error}.") from error


def _of_server(url: str, sql: str) -> Sequence[Sequence[Any]]:
    from trainer.postgres import Postgres  # its client is loaded where it is used

    with closing(Postgres(url)) as server:
        try:
            return server.fetch(sql)
        except NoLog:
            return []


def _sound(name: str, content: bytes, left_out: list[str]) -> bool:
    try:
        measured(content)
    except BadImage as error:
        left_out.append(f"{name}: {error}")
        return False
    return True


def _visible(folder: Path) -> Iterator[Path]:
    return (inside for inside in folder.glob("*") if not inside.name.startswith("."))
