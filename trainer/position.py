"""How far the log has been learned from: one number in a file that is replaced whole."""

import os
from pathlib import Path

from msgspec import Struct, json


class Position(Struct, frozen=True):
    """The last log position that a finished cycle has read."""

    position: int = 0


def load(path: Path) -> int:
    """The stored position, 0 where there is none; a file that cannot be read raises."""
    try:
        return json.decode(path.read_bytes(), type=Position).position
    except FileNotFoundError:
        return 0


def store(path: Path, position: int) -> None:
    """Replace the stored position; a reader sees the old one or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    with draft.open("wb") as file:
        file.write(json.encode(Position(position)))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
