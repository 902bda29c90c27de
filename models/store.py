"""Where bundles are kept: a folder of immutable bundles and one table that says which version each alias means.

The table `aliases.json` is replaced whole by an atomic rename and carries a generation number; `swap` succeeds only
against the generation it was computed from. Below a store lie the shipped bundles: an empty store means those.
With a key every bundle is signed when it is put and checked when it is read; the shipped ones need no signature, for
whoever installed this code trusts them with it.

One store holds bundles of one kind (`models.kinds`): the predictors of throws, which `Store` and `FolderStore` mean, or
those of what an image shows, in a store of their own (`models.gesture_bundle`).
"""

import fcntl
from collections.abc import Collection, Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Generic, Protocol, TypeAlias, TypeVar

from msgspec import DecodeError, Struct, ValidationError, json

from game.assignment import Alias
from models.bundle import MANIFEST, MODEL, SIGNATURE, Bundle, Version, read
from models.errors import BundleError, StoreError
from models.files import DRAFT, drafted, remove_folder, replace_file
from models.kinds import AnyBundle, AnyManifest, B_co, Reads

TABLE = "aliases.json"
BUNDLES = "bundles"
SHIPPED = Path(__file__).parent / "shipped"

B = TypeVar("B", bound=AnyBundle)


class Pin(Struct, frozen=True):
    """One version, pinned by the digest of its manifest."""

    version: Version
    digest: str


Stamp = tuple[Hashable, ...]
"""How files look from outside; equal as long as nobody replaced or changed them."""

Aliases = Mapping[str, Mapping[Alias, Pin]]
"""Family -> alias -> what it means now."""


class Table(Struct, frozen=True, omit_defaults=True):
    """The aliases at one generation; generation 0 is what was shipped.

    `entry` is the hash of the ledger's entry that made this generation, so that neither can be changed alone.
    """

    generation: int
    aliases: dict[str, dict[Alias, Pin]]
    entry: str = ""


class Kept(Struct, frozen=True):
    """What lies in a store under one name; a draft is a bundle that nobody finished writing, and no reader sees it."""

    name: str
    since: float
    draft: bool


class StoreOf(Protocol[B_co]):
    """What the sidecar reads and the trainer writes."""

    def table(self) -> Table:
        """The aliases now; raises StoreError."""

    def last_table(self) -> Table:
        """The aliases now, or as they were when they could last be read here: to serve by, not to decide by.

        Raises StoreError where they can be read and make no sense.
        """

    def bundle(self, pin: Pin) -> B_co:
        """The verified bundle; raises BundleError."""

    def stamp(self, pin: Pin | None = None) -> Stamp:
        """A cheap look at the table, or at one bundle's files: another stamp means that it is time to read again."""

    def put(self, manifest: AnyManifest, model: bytes) -> Pin:
        """Keep a bundle; keeping the same version twice changes nothing. Raises BundleError, also for another kind."""

    def swap(self, generation: int, aliases: Aliases, entry: str = "") -> Table:
        """Replace the table if it is still at `generation`; raises StoreError if it is not."""

    def kept(self) -> list[Kept]:
        """All that was put here, drafts too and shipped bundles not; raises StoreError."""

    def drop(self, generation: int, names: Collection[str]) -> None:
        """Remove what lies under these names if the table is still at `generation`; raises StoreError if it is not."""


Store: TypeAlias = StoreOf[Bundle]


class FolderStoreOf(Generic[B]):
    """A store in a folder, over a folder of shipped bundles that is only ever read."""

    def __init__(self, root: Path, shipped: Path, key: bytes, read: Reads[B]) -> None:
        self._root = root
        self._shipped = shipped
        self._key = key
        self._read = read

    def table(self) -> Table:
        return first_table(self._root, self._shipped)

    def last_table(self) -> Table:
        return self.table()

    def bundle(self, pin: Pin) -> B:
        for root, key in ((self._root, self._key), (self._shipped, b"")):
            folder = root / BUNDLES / pin.version
            if folder.is_dir():
                return read_pinned(folder, pin, key, self._read)
        raise BundleError(f"Bundle {pin.version}: not in the store.")

    def stamp(self, pin: Pin | None = None) -> Stamp:
        names = [TABLE] if pin is None else [f"{BUNDLES}/{pin.version}/{name}" for name in (MANIFEST, MODEL, SIGNATURE)]
        return tuple(_look(folder / name) for folder in (self._root, self._shipped) for name in names)

    def put(self, manifest: AnyManifest, model: bytes) -> Pin:
        home = self._root / BUNDLES
        target = home / manifest.version
        with drafted(home, manifest, model, self._key, self._read) as draft, suppress(OSError):
            draft.rename(target)  # where it is there already: bundles never change
        return Pin(manifest.version, self._read(target, key=self._key).digest)

    def swap(self, generation: int, aliases: Aliases, entry: str = "") -> Table:
        with self._locked():
            table = after(self.table(), generation, aliases, entry)
            replace_file(self._root / TABLE, encoded(table))
        return table

    def kept(self) -> list[Kept]:
        found = []
        for folder in (self._root / BUNDLES).glob("*/"):
            with suppress(FileNotFoundError):  # a draft that was finished meanwhile
                found.append(Kept(folder.name, folder.stat().st_mtime, folder.name.startswith(DRAFT)))
        return found

    def drop(self, generation: int, names: Collection[str]) -> None:
        with self._locked():
            check(self.table(), generation)
            for name in names:
                remove_folder(self._root / BUNDLES / name)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class FolderStore(FolderStoreOf[Bundle]):
    """The predictors of throws, in a folder."""

    def __init__(self, root: Path, shipped: Path = SHIPPED, key: bytes = b"") -> None:
        super().__init__(root, shipped, key, read)


def decoded(text: bytes, where: str) -> Table:
    """The table that this text is; raises StoreError."""
    try:
        return json.decode(text, type=Table)
    except (DecodeError, ValidationError) as error:
        raise StoreError(f"{where} cannot be read: {error}") from error


def encoded(table: Table) -> bytes:
    """The table as it is kept."""
    return json.format(json.encode(table), indent=2)


def first_table(*folders: Path) -> Table:
    """The table in the first of these folders that has one, or the empty one; raises StoreError."""
    for path in (folder / TABLE for folder in folders):
        try:
            return decoded(path.read_bytes(), str(path))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error}") from error
    return Table(generation=0, aliases={})


def after(table: Table, generation: int, aliases: Aliases, entry: str = "") -> Table:
    """The table that follows this one; raises StoreError if that is not the one that the aliases were made for."""
    check(table, generation)
    return Table(generation + 1, {family: dict(pins) for family, pins in aliases.items()}, entry)


def check(table: Table, generation: int) -> None:
    """Raise StoreError if this is not the table at `generation`."""
    if table.generation != generation:
        raise StoreError(f"The aliases were changed meanwhile: generation {table.generation}, not {generation}.")


def read_pinned(folder: Path, pin: Pin, key: bytes, read: Reads[B]) -> B:
    """The bundle in `folder`, which must be the pinned one; raises BundleError."""
    bundle = read(folder, pin.digest, key)
    if bundle.manifest.version != pin.version:
        raise BundleError(f"Bundle {pin.version}: its manifest is of version {bundle.manifest.version}.")
    return bundle


def _look(path: Path) -> tuple[int, int, int] | None:
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_mtime_ns, seen.st_size
