"""What a model learns from: one row for each played round."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from game.features import NAMES
from trainer.data.columns import Bools, Features, Ints, Rounds
from trainer.data.features import matrix
from trainer.data.race import stakes


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Features before a round, the move thrown in it, whose it is, how much it counts in a fit, what was at stake.

    `stake` is how far apart the round's best and worst outcome are for the bot, in chances to win the race.
    """

    features: Features
    target: Ints
    player: Ints
    weight: NDArray[np.float32]
    stake: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.target)

    @classmethod
    def of(cls, rounds: Rounds, weight: float | NDArray[np.float32] = 1.0) -> Self:
        """The played rounds' rows; `weight` is one for all, or one for each of `rounds`."""
        played = rounds.played
        return cls(
            features=matrix(rounds)[played],
            target=rounds.player[played].astype(np.int64),
            player=rounds.owners[played].astype(np.int64),
            weight=np.broadcast_to(np.float32(weight), len(rounds))[played].copy(),
            stake=stakes(rounds)[played],
        )

    @classmethod
    def none(cls) -> Self:
        """No row at all."""
        return cls(
            features=np.zeros((0, len(NAMES)), np.float32),
            target=np.zeros(0, np.int64),
            player=np.zeros(0, np.int64),
            weight=np.zeros(0, np.float32),
            stake=np.zeros(0, np.float32),
        )

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def where(self, keep: Bools) -> Self:
        return type(self)(*(getattr(self, field.name)[keep] for field in fields(self)))
