"""Copying what others may be writing: a SQLite file as it was at one moment, and files as they are or not at all."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from urllib.parse import quote

from msgspec import Struct

from server.errors import BackupError
from telemetry.untouched import WAIT_S, is_sqlite

PAGES = 2048
"""Of a SQLite file, in one step."""
PIECE = 1 << 20
ATTEMPTS = 5
BESIDE = ("-wal", "-shm", "-journal")
PASSING = (".draft-", ".lock")
"""How names begin of what is being written, and of what only keeps others out."""

Copied = Callable[[int], None]
"""Told of bytes, as they are copied."""


class Kept(Struct, frozen=True):
    """A file of a backup: its path below the backup's folder, its bytes, and their SHA-256 in hex."""

    path: str
    bytes: int
    sha256: str


def files(folder: Path) -> list[Path]:
    """All files below the folder that are worth copying, one that is there itself, or none; links lead nowhere."""
    if folder.is_file():
        return [folder]
    found = []
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith(PASSING))
        found += [Path(place, name) for name in sorted(names) if not name.startswith(PASSING)]
    return [path for path in found if _regular(path) and not _beside_a_database(path)]


def copied(source: Path, target: Path, tell: Copied) -> bool:
    """Whether there was such a file, which is then at `target` too; raises BackupError where it never stands still."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if is_sqlite(source):
            database(source, target, tell)
            return True
        for _ in range(ATTEMPTS):
            before = _look(source)
            plain(source, target)
            if _look(source) == before:
                tell(before[-1])
                return True
    except FileNotFoundError:  # removed since it was found
        target.unlink(missing_ok=True)
        return False
    raise BackupError(f"{source} is being written all the time.")


def database(source: Path, target: Path, tell: Copied) -> None:
    """Copy a SQLite file as it is at this moment, while others read and write it; raises BackupError."""
    address, done = f"file:{quote(str(source.absolute()))}?mode=ro", 0

    def progress(status: int, remaining: int, total: int) -> None:
        nonlocal done
        tell((total - remaining - done) * size)
        done = total - remaining

    try:
        with (
            closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=WAIT_S)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            (size,) = reading.execute("PRAGMA page_size").fetchone()
            reading.execute("BEGIN")  # all of it is read as it is now, whatever is written meanwhile
            reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            reading.backup(writing, pages=PAGES, progress=progress)
    except sqlite3.Error as error:
        raise BackupError(f"{source} cannot be copied: {error}.") from error
    synced(target)


def kept(path: Path, folder: Path) -> Kept:
    """What is to be known of this file of the backup in `folder`."""
    digest, length = sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            length += len(piece)
    return Kept(path.relative_to(folder).as_posix(), length, digest.hexdigest())


def synced_folders(folder: Path) -> None:
    """Names outlive a loss of power too."""
    for place, _, _ in os.walk(folder):
        synced(Path(place))


def written(path: Path, content: bytes) -> None:
    """The file with this content, durable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    synced(path)


def plain(source: Path, target: Path) -> None:
    """Copy the bytes of a file as they are read."""
    with source.open("rb") as reading, target.open("wb") as writing:
        while piece := reading.read(PIECE):
            writing.write(piece)
    synced(target)


def synced(path: Path) -> None:
    """What is in the file, or which names are in the folder, outlives a loss of power."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _look(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def length(path: Path) -> int:
    """Its bytes, 0 where it is not there any more."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _regular(path: Path) -> bool:
    try:
        return S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _beside_a_database(path: Path) -> bool:
    """What a database has beside it is copied with it."""
    base = next((path.name.removesuffix(end) for end in BESIDE if path.name.endswith(end)), "")
    return bool(base) and path.with_name(base).is_file()
