"""Two players whom the bot foresees rightly, and what the scores are worth against them: the table that looks ahead.

They throw the same mix for ever, and the bot's prediction is exactly that mix: what a perfect model would win.
"""

from pathlib import Path

import numpy as np

from game.points import TARGET
from trainer.data.columns import Floats
from trainer.policy.race import best, race, throwing
from trainer.policy.rounds import by_move, by_ranks

FILE = "prospect.f32"
"""Beside the equilibrium's table."""
IID = by_move(0.45, 0.30, 0.25)
HIGH = by_ranks(low=0.25, mid=0.25, high=0.5)


def foreseen() -> list[Floats]:
    """The best response's win probability at every pair of scores, against each of the two players."""
    return [race(best, throwing(mix)) for mix in (IID, HIGH)]


def looking_ahead() -> Floats:
    """The mean over the two: one prior for whoever goes on being predictable, finished races too."""
    return np.asarray(np.mean(foreseen(), axis=0))


def store(path: Path, table: Floats) -> None:
    """Write the scores of races that go on as little-endian float32, row by row."""
    path.write_bytes(table[:TARGET, :TARGET].astype("<f4").tobytes())
