"""What a model learns from: one row for each played round."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trainer.columns import Bools, Features, Ints, Rounds
from trainer.features import matrix


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Features before a round, the move thrown in it, whose it is, and how much it counts in a fit."""

    features: Features
    target: Ints
    player: Ints
    weight: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.target)

    @classmethod
    def of(cls, rounds: Rounds, weight: float = 1.0) -> Self:
        """The played rounds' rows."""
        played = rounds.played
        return cls(
            features=matrix(rounds)[played],
            target=rounds.player[played].astype(np.int64),
            player=rounds.owners[played].astype(np.int64),
            weight=np.full(int(played.sum()), weight, np.float32),
        )

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def where(self, keep: Bools) -> Self:
        return type(self)(*(getattr(self, field.name)[keep] for field in fields(self)))
