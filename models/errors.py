"""What can be wrong with a bundle or the store.

BundleError         the bundle cannot be served; whatever served before goes on
└── (its text names the bundle and the fault in one line)
StoreError          the store's table of aliases cannot be read or was changed meanwhile
"""


class BundleError(Exception):
    """A bundle is damaged, incomplete or made for something else."""


class StoreError(Exception):
    """The store cannot be read, or somebody else changed it first."""
