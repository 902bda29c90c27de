"""A store in a bucket, laid out like the folder: immutable bundles, and one table replaced by a compare-and-swap.

A bundle's manifest is written last, and a bundle without one is not there for readers. What was read is kept in a
local folder and verified again whenever it is read from there. While the object store cannot be used, the table is the
last one that was read, or else the shipped one, and bundles come from that folder and from the shipped ones: a sidecar
can start without it. Nothing can be written then.
"""

import logging
from collections.abc import Collection
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Generic

from models.bundle import MANIFEST, MODEL, SIGNATURE, Bundle, read
from models.errors import BundleError, StoreError, Unreachable
from models.files import DRAFT, drafted, remove_folder, replace_file
from models.kinds import AnyManifest, Reads
from models.objects import Objects
from models.store import (
    BUNDLES,
    SHIPPED,
    TABLE,
    Aliases,
    B,
    Kept,
    Pin,
    Stamp,
    Table,
    after,
    check,
    decoded,
    encoded,
    first_table,
    read_pinned,
)

log = logging.getLogger(__name__)

UNKNOWN: Stamp = ()
"""How everything looks while the object store cannot be used."""


class S3StoreOf(Generic[B]):
    """A store in a bucket, over a folder of shipped bundles; `cache` belongs to this bucket and prefix alone."""

    def __init__(self, objects: Objects, cache: Path, shipped: Path, key: bytes, read: Reads[B]) -> None:
        self._objects = objects
        self._cache = cache
        self._shipped = shipped
        self._key = key
        self._read = read
        self._faults = 0

    def table(self) -> Table:
        table = self._fetched()[0]
        self._remember(table)
        return table

    def last_table(self) -> Table:
        try:
            return self.table()
        except Unreachable as error:
            self._faults += 1
            table = self._last_known()
            log.warning("%s Going on with generation %d, the last that is known here.", error, table.generation)
            return table

    def bundle(self, pin: Pin) -> B:
        for root, key in ((self._cache, self._key), (self._shipped, b"")):
            with suppress(BundleError):  # not there or altered: the object store's is as good, being pinned
                return read_pinned(root / BUNDLES / pin.version, pin, key, self._read)
        try:
            with TemporaryDirectory(prefix=DRAFT, dir=self._home()) as draft:
                folder = self._download(pin.version, Path(draft))
                bundle = read_pinned(folder, pin, self._key, self._read)
                remove_folder(self._home() / pin.version)
                with suppress(OSError):  # another process was faster
                    folder.rename(self._home() / pin.version)
        except OSError as error:
            raise BundleError(f"Bundle {pin.version}: it cannot be kept in {self._cache}: {error.strerror}.") from error
        return bundle

    def stamp(self, pin: Pin | None = None) -> Stamp:
        """The tags. A read that failed since changes it too, so that what could not be had is asked for again."""
        try:
            if pin is None:
                return self._objects.tag(TABLE), self._faults
            return *(found.tag for found in self._objects.list(f"{BUNDLES}/{pin.version}/")), self._faults
        except Unreachable:
            return UNKNOWN

    def put(self, manifest: AnyManifest, model: bytes) -> Pin:
        try:
            with drafted(self._home(), manifest, model, self._key, self._read) as draft:
                self._upload(draft)
            with TemporaryDirectory(prefix=DRAFT, dir=self._home()) as found:
                kept = self._read(self._download(manifest.version, Path(found)), key=self._key)
        except Unreachable as error:
            raise BundleError(f"Bundle {manifest.version}: {error}") from error
        return Pin(manifest.version, kept.digest)

    def swap(self, generation: int, aliases: Aliases, entry: str = "") -> Table:
        found, tag = self._fetched()
        table = after(found, generation, aliases, entry)
        if not self._objects.put_over(TABLE, encoded(table), tag):
            raise StoreError(f"The aliases were changed meanwhile: they are no longer generation {generation}.")
        return table

    def kept(self) -> list[Kept]:
        found = []
        for name, group in groupby(self._objects.list(f"{BUNDLES}/"), lambda one: one.name.split("/")[1]):
            files = {file.name.rpartition("/")[2]: file.since for file in group}
            found.append(Kept(name, max(files.values()), MANIFEST not in files))
        return found

    def drop(self, generation: int, names: Collection[str]) -> None:
        check(self._fetched()[0], generation)
        for name in names:
            self._objects.remove(f"{BUNDLES}/{name}/{MANIFEST}")  # from here on it is not there for readers
            for file in self._objects.list(f"{BUNDLES}/{name}/"):
                self._objects.remove(file.name)

    def _fetched(self) -> tuple[Table, str | None]:
        """The table as it is now, never from the cache, and its tag; None where it is still the shipped one."""
        found = self._objects.get(TABLE)
        if found is None:
            return first_table(self._shipped), None
        return decoded(found.content, TABLE), found.tag

    def _last_known(self) -> Table:
        try:
            return first_table(self._cache, self._shipped)
        except StoreError as error:
            log.warning(error)
            return first_table(self._shipped)

    def _remember(self, table: Table) -> None:
        """Keep the table for a start without the object store, and of the bundles those that it names."""
        named = {pin.version for pins in table.aliases.values() for pin in pins.values()}
        try:
            for folder in self._home().glob("[!.]*/"):
                if folder.name not in named:
                    remove_folder(folder)
            replace_file(self._cache / TABLE, encoded(table))
        except OSError as error:
            log.warning("The aliases cannot be kept in %s: %s.", self._cache, error.strerror)

    def _upload(self, draft: Path) -> None:
        name = f"{BUNDLES}/{draft.name}"
        if self._objects.tag(f"{name}/{MANIFEST}") is not None:
            return
        for file in (MODEL, SIGNATURE):
            if (draft / file).exists():
                self._objects.put(f"{name}/{file}", (draft / file).read_bytes())
        self._objects.put_over(f"{name}/{MANIFEST}", (draft / MANIFEST).read_bytes(), None)

    def _download(self, version: str, draft: Path) -> Path:
        folder = draft / version
        folder.mkdir()
        try:
            for file in (MANIFEST, MODEL, SIGNATURE):
                found = self._objects.get(f"{BUNDLES}/{version}/{file}")
                if found is not None:
                    (folder / file).write_bytes(found.content)
                elif file == MANIFEST:
                    raise BundleError(f"Bundle {version}: not in the store.")
        except StoreError as error:
            if isinstance(error, Unreachable):
                self._faults += 1
            raise BundleError(f"Bundle {version}: {error}") from error
        return folder

    def _home(self) -> Path:
        home = self._cache / BUNDLES
        home.mkdir(parents=True, exist_ok=True)
        return home


class S3Store(S3StoreOf[Bundle]):
    """The predictors of throws, in a bucket."""

    def __init__(self, objects: Objects, cache: Path, shipped: Path = SHIPPED, key: bytes = b"") -> None:
        super().__init__(objects, cache, shipped, key, read)
