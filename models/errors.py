"""What can be wrong with a bundle or the store.

BundleError         the bundle cannot be served; whatever served before goes on
└── (its text names the bundle and the fault in one line)
StoreError          the store's table of aliases cannot be read or was changed meanwhile
├── Unreachable     the object store does not answer, or refuses to
└── PlaceError      the text that should say where the store is does not
"""


class BundleError(Exception):
    """A bundle is damaged, incomplete or made for something else."""


class StoreError(Exception):
    """The store cannot be read, or somebody else changed it first."""


class Unreachable(StoreError):
    """The object store did not do what it was asked: down, slow, or closed to us."""


class PlaceError(StoreError, ValueError):
    """No store can be at that address; the text repeats no credentials."""
