"""Photos that `support.pixels` can read: one colour for each move, each photo another file."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from game.gestures import Label

HUES = {Label.ROCK: (205, 60, 60), Label.PAPER: (60, 205, 60), Label.SCISSORS: (60, 60, 205)}
GREY = (128, 128, 128)


def photo(label: Label, number: int = 0) -> bytes:
    """A photo of this label; what is no move is grey."""
    noise = np.random.default_rng(number).normal(0, 20, (120, 160, 3))
    pixels = (np.array(HUES.get(label, GREY)) + noise).clip(0, 255).astype(np.uint8)
    out = BytesIO()
    Image.fromarray(pixels).save(out, "JPEG")
    return out.getvalue()


def album(root: Path, source: str, labels: dict[Label, int]) -> Path:
    """Fill `root/source/` with so many photos of each label."""
    for label, count in labels.items():
        folder = root / source / label
        folder.mkdir(parents=True)
        for number in range(count):
            (folder / f"{number:04}.jpg").write_bytes(photo(label, number))
    return root


def donate(folder: Path, images: Sequence[tuple[str, bytes]]) -> None:
    """One player's donations of (label, image), as the server writes them."""
    sql = "INSERT INTO donations (player, match, round, label, consented_at, image) VALUES ('p', 'm', ?, ?, 0, ?)"
    with closing(sqlite3.connect(folder / "rps.db")) as connection, connection:
        connection.execute("INSERT OR IGNORE INTO players (id, name, created_at) VALUES ('p', 'Pat', 0)")
        ((before,),) = connection.execute("SELECT count(*) FROM donations")
        connection.executemany(sql, [(number, *one) for number, one in enumerate(images, before)])
