"""Whole players to one side each: a model is judged only on people it has never met."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.data.columns import Ints
from trainer.errors import LeakError


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Indices of players. Made only through `split`, and checked when made."""

    train: Ints
    validation: Ints
    test: Ints

    def __post_init__(self) -> None:
        apart(self.train, self.validation, self.test)


def apart(*sides: Ints) -> None:
    """Raise LeakError if a player is on two of these sides."""
    seen: set[int] = set()
    for side in sides:
        players = set(np.unique(side).tolist())
        if both := seen & players:
            raise LeakError(f"{len(both)} players stand on two sides of the split, first {min(both)}.")
        seen |= players


def split(players: Sequence[int], shares: tuple[float, float], seed: int) -> Split:
    """Shuffle whole players; `shares` are those of validation and test, each at least one player if any is left."""
    shuffled = np.random.default_rng(seed).permutation(np.unique(np.asarray(players, np.int64)))
    validation, test = (max(1, round(share * len(shuffled))) if share else 0 for share in shares)
    return Split(shuffled[validation + test :], shuffled[:validation], shuffled[validation : validation + test])
