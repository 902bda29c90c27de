"""Rounds as columns: many histories one after another, in plain arrays.

A history is a run of rounds over which one player's knowledge grows without a gap: a recorded match together with
what was known when it started, or a whole career from nothing. Match boundaries inside a history show only in the
score and step columns. Moves are indices into `game.moves.MOVES`, points are tenths.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from game.knowledge import LAGS, Knowledge

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]
Features = NDArray[np.float32]
Bools = NDArray[np.bool_]
Pasts = NDArray[np.object_]
"""Of bytes, each as `game.past` writes them."""

UNPLAYED = -1
"""Stands for a move where there is none: a round that was never played, a lag that is not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What was known at the start of each history: one row for each; lags are oldest first."""

    rounds: Ints
    moves: Ints
    ranks: Ints
    player: Ints
    bot: Ints
    values: Ints
    past: Pasts

    @classmethod
    def nothing(cls, histories: int) -> Self:
        """Nothing known of any of them."""
        return cls.of([Knowledge()] * histories)

    @classmethod
    def of(cls, known: Sequence[Knowledge]) -> Self:
        count = len(known)
        player = np.full((count, LAGS), UNPLAYED, np.int8)
        bot = np.full((count, LAGS), UNPLAYED, np.int8)
        values = np.zeros((count, LAGS, 3), np.int16)
        for row, one in enumerate(known):
            for lag, remembered in enumerate(one.lags, start=1):
                player[row, -lag], bot[row, -lag] = remembered.player, remembered.bot
                values[row, -lag] = remembered.values
        return cls(
            rounds=np.array([one.rounds for one in known], np.int64),
            moves=np.array([one.moves for one in known], np.int64).reshape(count, 3),
            ranks=np.array([one.ranks for one in known], np.int64).reshape(count, 3),
            player=player,
            bot=bot,
            values=values,
            past=np.array([one.past for one in known], object),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Rounds:
    """n rounds of m histories. `starts` and `owner` (an index of the player) have m entries, `known` m rows.

    Only the last round of a history may be unplayed: sealed, and never thrown.
    """

    player: Ints
    bot: Ints
    values: Ints
    player_score: Ints
    bot_score: Ints
    step: Ints
    starts: Ints
    owner: Ints
    known: Known

    def __len__(self) -> int:
        return len(self.player)

    @property
    def history(self) -> Ints:
        """The index of each round's history."""
        return np.repeat(np.arange(len(self.starts)), np.diff(self.starts, append=len(self)))

    @property
    def owners(self) -> Ints:
        """The index of each round's player."""
        return self.owner[self.history]

    @property
    def played(self) -> Bools:
        return np.asarray(self.player != UNPLAYED)


def join(parts: Sequence[Rounds]) -> Rounds:
    """The histories of all parts, in order."""
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Rounds)
        if field.name not in ("starts", "known")
    }
    offsets = np.cumsum([0, *(len(part) for part in parts[:-1])])
    starts = np.concatenate([part.starts + offset for part, offset in zip(parts, offsets, strict=True)])
    known = Known(*(np.concatenate([getattr(part.known, field.name) for part in parts]) for field in fields(Known)))
    return Rounds(**columns, starts=starts, known=known)


def rows_of(rounds: Rounds, histories: Ints) -> Ints:
    """The rows of these histories, in this order."""
    lengths = np.diff(rounds.starts, append=len(rounds))[histories]
    starts = np.cumsum(lengths) - lengths
    return np.asarray(np.repeat(rounds.starts[histories] - starts, lengths) + np.arange(lengths.sum()))


def pick(rounds: Rounds, histories: Ints) -> Rounds:
    """These histories alone, in this order; `owner` keeps meaning the same players."""
    rows = rows_of(rounds, histories)
    lengths = np.diff(rounds.starts, append=len(rounds))[histories]
    columns = {
        field.name: getattr(rounds, field.name)[rows]
        for field in fields(Rounds)
        if field.name not in ("starts", "owner", "known")
    }
    known = Known(*(getattr(rounds.known, field.name)[histories] for field in fields(Known)))
    return Rounds(**columns, starts=np.cumsum(lengths) - lengths, owner=rounds.owner[histories], known=known)
