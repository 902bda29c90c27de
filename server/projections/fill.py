"""Adding rows of the log to the standings, whoever brings them."""

from collections.abc import Sequence

from server.ports import Entry, History
from server.projections.deltas import ended, fold
from server.projections.ports import Projected

BATCH = 512
"""Rows that are added in one transaction."""


async def catch_up(history: History, projected: Projected, to: int | None = None) -> int:
    """Add what the log has, up to position `to` if it is given; how far the standings have come."""
    while True:
        position = await projected.position()
        wanted = BATCH if to is None else min(BATCH, to - position)
        entries = await history.since(position, wanted) if wanted > 0 else []
        if not entries:
            return position
        await add(projected, entries)


async def add(projected: Projected, entries: Sequence[Entry]) -> bool:
    """Add these neighbouring rows, unless the standings stand elsewhere than before the first; whether they did not."""
    live = await projected.live(ended(entries))
    return await projected.apply(entries[0].position - 1, entries[-1].position, fold(entries, live))
