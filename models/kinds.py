"""What stores ask of a bundle, of whichever kind: predictors of throws (`models.bundle`) or of what an image shows
(`models.gesture_bundle`).
"""

from pathlib import Path
from typing import Protocol, TypeVar


class AnyManifest(Protocol):
    """What every manifest tells."""

    @property
    def version(self) -> str: ...


class AnyBundle(Protocol):
    """What every bundle is, once it was read and found whole."""

    @property
    def manifest(self) -> AnyManifest: ...
    @property
    def digest(self) -> str: ...


B_co = TypeVar("B_co", bound=AnyBundle, covariant=True)


class Reads(Protocol[B_co]):
    """How a kind of bundle is read."""

    def __call__(self, folder: Path, digest: str | None = None, key: bytes = b"") -> B_co:
        """The verified bundle; raises BundleError where it may not be served."""
