"""Changes to folders that no reader ever sees half of: a draft beside the place, then one rename."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import ValidationError, convert

from models.bundle import Version, write
from models.errors import BundleError
from models.kinds import AnyBundle, AnyManifest, Reads

DRAFT = ".draft-"


@contextmanager
def drafted(
    home: Path, manifest: AnyManifest, model: bytes, key: bytes, read: Reads[AnyBundle]
) -> Iterator[Path]:  # fmt: skip
    """The bundle in a folder of its own below `home`, to be moved where it belongs; what stays there is removed.

    Raises BundleError: what could not be served, being not what is `read`, is not kept.
    """
    try:
        convert(manifest.version, Version)
    except ValidationError as error:
        raise BundleError(f"{manifest.version!r} cannot be a version: {error}") from error
    home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=DRAFT, dir=home) as folder:
        draft = Path(folder) / manifest.version
        read(draft, write(draft, manifest, model, key), key)
        yield draft


def replace_file(path: Path, content: bytes) -> None:
    """The file has this content from one moment to the next, and after a power cut it has the old or the new."""
    with TemporaryDirectory(prefix=DRAFT, dir=path.parent) as folder:
        draft = Path(folder) / path.name
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def remove_folder(path: Path) -> None:
    """The folder is gone whole, and only then emptied; one that is not there is no fault."""
    with suppress(FileNotFoundError), TemporaryDirectory(prefix=DRAFT, dir=path.parent) as folder:
        path.rename(Path(folder) / path.name)
