"""Public sets of hand photos, downloaded by address and unpacked below one folder, each file checked by its digest.

Nothing is trusted that comes from outside: an archive's members must be plain files that stay below the folder, of
no more bytes than `MAX_UNPACKED` in all. A set that is there already, by its digest, is not fetched again; a download
that broke off goes on where it stopped, if the server can.
"""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from zipfile import BadZipFile, ZipFile

from msgspec import Struct

from models.files import DRAFT, replace_file
from trainer.cycle import Tell
from trainer.errors import NotFetched

MAX_ARCHIVE = 2 * 1024**3
MAX_UNPACKED = 4 * 1024**3
MAX_MEMBERS = 200_000
PARTIAL = ".partial"
DIGEST = ".sha256"
"""In the unpacked folder: the digest of the archive that it came from."""
_CHUNK = 1024 * 1024
_TIMEOUT_S = 30.0


class KnownSet(Struct, frozen=True):
    """A set that is named in public; where no digest is known, whoever fetches it must say which they expect."""

    name: str
    url: str
    licence: str
    credit: str
    sha256: str = ""


KNOWN = {
    one.name: one
    for one in (
        KnownSet(
            "drgfreeman",
            "https://www.kaggle.com/api/v1/datasets/download/drgfreeman/rockpaperscissors",
            "CC BY-SA 4.0",
            "Julien de la Bruere-Terreault",
        ),
        KnownSet(
            "moroney",
            "https://storage.googleapis.com/download.tensorflow.org/data/rps.zip",
            "CC BY 2.0",
            "Laurence Moroney (laurencemoroney.com)",
        ),
        KnownSet(
            "moroney-test",
            "https://storage.googleapis.com/download.tensorflow.org/data/rps-test-set.zip",
            "CC BY 2.0",
            "Laurence Moroney (laurencemoroney.com)",
        ),
    )
}


def fetch(url: str, digest: str, target: Path, tell: Tell) -> Path:
    """The folder `target` with the archive's files in it; raises NotFetched. `digest` is the archive's SHA-256."""
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise NotFetched("Say which archive you expect: --sha256 and 64 hexadecimal digits.")
    if there(target, digest):
        return target
    if target.exists():
        raise NotFetched(f"{target} is there and is not what this archive holds; name another folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    archive = target.with_name(f".{target.name}-{digest[:12]}{PARTIAL}")
    download(url, archive, tell)
    found = _digest(archive)
    if found != digest:
        archive.unlink()
        raise NotFetched(f"{url} gave an archive of the digest {found}, not {digest}.")
    with TemporaryDirectory(prefix=DRAFT, dir=target.parent) as folder:
        draft = Path(folder) / target.name
        unpack(archive, draft)
        replace_file(draft / DIGEST, digest.encode())
        draft.rename(target)
    archive.unlink()
    return target


def there(target: Path, digest: str) -> bool:
    """Whether the folder came from this archive."""
    try:
        return (target / DIGEST).read_text() == digest
    except OSError:
        return False


def download(url: str, archive: Path, tell: Tell) -> None:
    """The whole of what is at the address in this file, after what is in it already."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise NotFetched(f"{url} is no http or https address.")
    had = archive.stat().st_size if archive.exists() else 0
    request = Request(url, headers={"Range": f"bytes={had}-"} if had else {})
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer, archive.open("ab") as file:
            if answer.status != 206:
                file.truncate(0)
                had = 0
            _copied(answer, file, had, int(answer.headers.get("content-length") or 0), tell)
    except HTTPError as error:
        if error.code == 416:  # nothing after what is there: it is whole, or another one, which its digest tells
            return
        raise NotFetched(f"{url} answers {error.code}.") from error
    except (URLError, OSError, HTTPException) as error:
        raise NotFetched(f"{url} broke off: {error}. The next attempt goes on from there.") from error


def _copied(answer: IO[bytes], file: IO[bytes], had: int, length: int, tell: Tell) -> None:
    total, done = had + length, had
    while chunk := answer.read(_CHUNK):
        done += len(chunk)
        if done > MAX_ARCHIVE:
            raise NotFetched(f"The archive is larger than {MAX_ARCHIVE} bytes.")
        file.write(chunk)
        tell("downloading", done / total if length else 0.0)
    if length and done < total:
        raise OSError(f"{done} of {total} bytes came")


def unpack(archive: Path, folder: Path) -> None:
    """The archive's plain files below the folder; raises NotFetched if any member would be anything else."""
    folder.mkdir(parents=True)
    left, count = MAX_UNPACKED, 0
    try:
        for name, opened in _members(archive):
            count += 1
            path = _inside(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with opened as source, path.open("xb") as file:
                while chunk := source.read(_CHUNK):
                    left -= len(chunk)
                    if left < 0 or count > MAX_MEMBERS:
                        raise NotFetched("The archive unpacks to more than is allowed.")
                    file.write(chunk)
    except (BadZipFile, tarfile.TarError, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise NotFetched(f"The archive cannot be unpacked: {error}.") from error


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of every file, one open at a time."""
    with archive.open("rb") as file:
        zipped = file.read(4) == b"PK\x03\x04"
    with _zip_members(archive) if zipped else _tar_members(archive) as members:
        yield from members


@contextmanager
def _zip_members(archive: Path) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    with ZipFile(archive) as zip:
        for one in zip.infolist():
            if one.external_attr >> 16 & 0o170000 not in (0, 0o100000, 0o040000):
                raise NotFetched(f"The archive's {one.filename} is neither a file nor a folder.")
        yield ((one.filename, zip.open(one)) for one in zip.infolist() if not one.is_dir())


@contextmanager
def _tar_members(archive: Path) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    with tarfile.open(archive) as tar:
        yield _tar_files(tar)


def _tar_files(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for one in tar:
        if not one.isfile() and not one.isdir():
            raise NotFetched(f"The archive's {one.name} is neither a file nor a folder.")
        opened = tar.extractfile(one) if one.isfile() else None
        if opened is not None:
            yield one.name, opened


def _inside(folder: Path, name: str) -> Path:
    path = PurePosixPath(name)
    if "\\" in name or ":" in name or "\0" in name or path.is_absolute() or ".." in path.parts or not path.parts:
        raise NotFetched(f"The archive's {name!r} leads out of the folder.")
    return folder.joinpath(*path.parts)


def _digest(archive: Path) -> str:
    digest = sha256()
    with archive.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
