"""What a model learns from: one row for each played round."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from game.features import NAMES
from trainer.data.columns import Bools, Features, Ints, Pasts, Rounds
from trainer.data.features import matrix
from trainer.data.race import stakes


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Features before a round, the move to expect in it, whose it is, how much it counts in a fit, what was at stake.

    `stake` is how far apart the round's best and worst outcome are for the bot, in chances to win the race. `thrown`
    and `bot` are both sides' throws, by which play went on: what is expected of a round may depend on those of earlier
    rows. `target` is what was thrown too, but where a lesson is made up. `past` stands at a history's first row: the
    player's earlier rounds as they were known when it began.
    """

    features: Features
    target: Ints
    player: Ints
    weight: NDArray[np.float32]
    stake: NDArray[np.float32]
    thrown: Ints
    bot: Ints
    past: Pasts

    def __len__(self) -> int:
        return len(self.target)

    @classmethod
    def of(cls, rounds: Rounds, weight: float | NDArray[np.float32] = 1.0) -> Self:
        """The played rounds' rows; `weight` is one for all, or one for each of `rounds`."""
        return cls.sealed(rounds, weight).where(rounds.played)

    @classmethod
    def sealed(cls, rounds: Rounds, weight: float | NDArray[np.float32] = 1.0) -> Self:
        """The rows of all rounds; the target of one that was never played is UNPLAYED."""
        past = np.full(len(rounds), b"", object)
        past[rounds.starts] = rounds.known.past
        return cls(
            features=matrix(rounds),
            target=rounds.player.astype(np.int64),
            player=rounds.owners.astype(np.int64),
            weight=np.broadcast_to(np.float32(weight), len(rounds)),
            stake=stakes(rounds),
            thrown=rounds.player.astype(np.int64),
            bot=rounds.bot.astype(np.int64),
            past=past,
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
            thrown=np.zeros(0, np.int64),
            bot=np.zeros(0, np.int64),
            past=np.zeros(0, object),
        )

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def where(self, keep: Bools | Ints) -> Self:
        return type(self)(*(getattr(self, field.name)[keep] for field in fields(self)))
