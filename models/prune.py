"""What a store no longer needs is removed: bundles that nothing means any more, and drafts that nobody finished."""

from collections.abc import Collection

from models.kinds import AnyBundle
from models.store import Kept, StoreOf

GRACE_S = 3600.0
"""Nothing younger is removed: a publisher may be about to name it, or still be writing it."""


def prune(store: StoreOf[AnyBundle], now: float, newest: int = 0, also: Collection[str] = ()) -> list[str]:
    """Remove what no alias names, except the `newest` youngest and those in `also`; returns the names that went.

    Raises StoreError, having removed nothing, where the table changes meanwhile. `now` is in seconds of the epoch.
    """
    table = store.table()
    named = {pin.version for pins in table.aliases.values() for pin in pins.values()}.union(also)
    spare = sorted((one for one in store.kept() if one.name not in named), key=_age)
    kept = {one.name for one in [one for one in spare if not one.draft][:newest]}
    gone = [one.name for one in spare if one.name not in kept and now - one.since > GRACE_S]
    if gone:
        store.drop(table.generation, gone)
    return gone


def _age(one: Kept) -> tuple[float, str]:
    return -one.since, one.name
