"""Where bundles are kept: a folder of immutable bundles and one table that says which version each alias means.

The table `aliases.json` is replaced whole by an atomic rename and carries a generation number; `swap` succeeds only
against the generation it was computed from. Below a store lie the shipped bundles: an empty store means those.
"""

import fcntl
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Protocol

from msgspec import DecodeError, Struct, ValidationError, convert, json

from game.assignment import Alias
from models.bundle import MANIFEST, MODEL, Bundle, Manifest, Version, read, write
from models.errors import BundleError, StoreError

TABLE = "aliases.json"
BUNDLES = "bundles"
SHIPPED = Path(__file__).parent / "shipped"


class Pin(Struct, frozen=True):
    """One version, pinned by the digest of its manifest."""

    version: Version
    digest: str


Stamp = tuple[tuple[int, int, int] | None, ...]
"""How files look from outside; equal as long as nobody replaced or changed them."""

Aliases = Mapping[str, Mapping[Alias, Pin]]
"""Family -> alias -> what it means now."""


class Table(Struct, frozen=True):
    """The aliases at one generation; generation 0 is what was shipped."""

    generation: int
    aliases: dict[str, dict[Alias, Pin]]


class Store(Protocol):
    """What the sidecar reads and the trainer writes."""

    def table(self) -> Table:
        """The aliases now; raises StoreError."""

    def bundle(self, pin: Pin) -> Bundle:
        """The verified bundle; raises BundleError."""

    def stamp(self, pin: Pin | None = None) -> Stamp:
        """A cheap look at the table, or at one bundle's files: another stamp means that it is time to read again."""

    def put(self, manifest: Manifest, model: bytes) -> Pin:
        """Keep a bundle; keeping the same version twice changes nothing. Raises BundleError."""

    def swap(self, generation: int, aliases: Aliases) -> Table:
        """Replace the table if it is still at `generation`; raises StoreError if it is not."""


class FolderStore:
    """A store in a folder, over a folder of shipped bundles that is only ever read."""

    def __init__(self, root: Path, shipped: Path = SHIPPED) -> None:
        self._root = root
        self._shipped = shipped

    def table(self) -> Table:
        for folder in (self._root, self._shipped):
            try:
                return json.decode((folder / TABLE).read_bytes(), type=Table)
            except FileNotFoundError:
                continue
            except (OSError, DecodeError, ValidationError) as error:
                raise StoreError(f"{folder / TABLE} cannot be read: {error}") from error
        return Table(generation=0, aliases={})

    def bundle(self, pin: Pin) -> Bundle:
        folders = [folder / BUNDLES / pin.version for folder in (self._root, self._shipped)]
        folder = next((folder for folder in folders if folder.is_dir()), None)
        if folder is None:
            raise BundleError(f"Bundle {pin.version}: not in the store.")
        bundle = read(folder, pin.digest)
        if bundle.manifest.version != pin.version:
            raise BundleError(f"Bundle {pin.version}: its manifest is of version {bundle.manifest.version}.")
        return bundle

    def stamp(self, pin: Pin | None = None) -> Stamp:
        names = [TABLE] if pin is None else [f"{BUNDLES}/{pin.version}/{name}" for name in (MANIFEST, MODEL)]
        return tuple(_look(folder / name) for folder in (self._root, self._shipped) for name in names)

    def put(self, manifest: Manifest, model: bytes) -> Pin:
        try:
            convert(manifest.version, Version)
        except ValidationError as error:
            raise BundleError(f"{manifest.version!r} cannot be a version: {error}") from error
        home = self._root / BUNDLES
        home.mkdir(parents=True, exist_ok=True)
        target = home / manifest.version
        draft = Path(mkdtemp(prefix=".draft-", dir=home))
        try:
            digest = write(draft / manifest.version, manifest, model)
            read(draft / manifest.version, digest)  # what could not be served is not kept
            with suppress(OSError):  # it is there already, and bundles never change
                (draft / manifest.version).rename(target)
        finally:
            shutil.rmtree(draft)
        kept = read(target)
        return Pin(manifest.version, kept.digest)

    def swap(self, generation: int, aliases: Aliases) -> Table:
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = self.table().generation
            if found != generation:
                raise StoreError(f"The aliases were changed meanwhile: generation {found}, not {generation}.")
            table = Table(generation + 1, {family: dict(pins) for family, pins in aliases.items()})
            draft = self._root / f".{TABLE}"
            with draft.open("wb") as file:
                file.write(json.format(json.encode(table), indent=2))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._root / TABLE)
        return table


def _look(path: Path) -> tuple[int, int, int] | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_mtime_ns, seen.st_size
