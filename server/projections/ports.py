"""What the standings need of a database that keeps them."""

from collections.abc import Iterable
from typing import Protocol

from server.projections.deltas import Deltas, Seat
from server.standings import Standings


class Projected(Standings, Protocol):
    """Standings that are as old as `position`. All raise LogUnavailable."""

    async def position(self) -> int:
        """Up to which row of the log they count; 0 if they count nothing yet."""

    async def live(self, matches: Iterable[str]) -> dict[str, Seat]:
        """The seats of those of these matches that are live at `position`."""

    async def apply(self, begin: int, end: int, deltas: Deltas) -> bool:
        """Add what the rows after `begin` up to `end` change, all of it or nothing; whether it was.

        It is not where the position is not `begin`: then the deltas have been added already, or belong elsewhere.
        """

    async def reset(self) -> None:
        """Forget everything: what is read then counts nothing, until rows are applied again."""
