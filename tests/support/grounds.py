"""What lies under a store, by name, for tests that change it behind the store's back."""

from itertools import count
from pathlib import Path
from typing import Protocol

from models.objects import Objects
from models.places import Bucket
from models.s3 import S3Store
from models.store import FolderStore, Store


class Ground(Protocol):
    """A folder or a prefix of a bucket."""

    def store(self, key: bytes = b"") -> Store:
        """A reader or writer of its own, which shares only the ground with others."""

    def names(self) -> list[str]: ...
    def read(self, name: str) -> bytes: ...
    def write(self, name: str, content: bytes) -> None: ...
    def remove(self, name: str) -> None: ...


class FolderGround:
    def __init__(self, root: Path, shipped: Path) -> None:
        self.root, self.shipped = root, shipped

    def store(self, key: bytes = b"") -> FolderStore:
        return FolderStore(self.root, self.shipped, key)

    def names(self) -> list[str]:
        found = [path for path in self.root.rglob("*") if path.is_file() and path.name != ".lock"]
        return sorted(str(path.relative_to(self.root)) for path in found)

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_bytes(content)

    def remove(self, name: str) -> None:
        (self.root / name).unlink()


class BucketGround:
    def __init__(self, place: Bucket, tmp: Path) -> None:
        self.place, self.tmp, self._caches = place, tmp, count()
        self._objects = Objects(place)

    def store(self, key: bytes = b"", cache: str = "", objects: Objects | None = None) -> S3Store:
        folder = self.tmp / (cache or f"cache-{next(self._caches)}")
        return S3Store(objects or Objects(self.place, pause_s=0), folder, self.tmp / "shipped", key)

    def names(self) -> list[str]:
        return [found.name for found in self._objects.list("")]

    def read(self, name: str) -> bytes:
        found = self._objects.get(name)
        assert found is not None
        return found.content

    def write(self, name: str, content: bytes) -> None:
        self._objects.put(name, content)

    def remove(self, name: str) -> None:
        self._objects.remove(name)
