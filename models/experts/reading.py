"""A player read round by round: the bank, its standing, and what the gates remember, for one gate or many games.

A round is `expect`, whose answer feeds a gate, then `remember` with what the gate gave back, then `learn`.
"""

from dataclasses import dataclass

import numpy as np

from models.experts.bank import Bank, Floats32, Views
from models.experts.layout import COLUMN, UNKNOWN, Ints
from models.experts.standing import Standing, scene

FRAMES = ("own1", "opp1", "low")
"""The moves that a gate may tell its own opinion from."""
LOGS, MERITS, SCENE, FRAME, MEMORY = "logs", "merits", "scene", "frames", "memory"
"""A gate's inputs, float32: what the voices say [g, VOICES, 3], how they have done [g, VOICES, MERITS], the scene
[g, SCENE], each of `FRAMES` as one of three or none [g, 3, 3], and what the gate remembers of the game [g, any]."""
NEXT_MEMORY, PRIOR = "next_memory", "prior"
"""A gate's outputs beside the probabilities: what to remember, and its constant prior [CELLS, 3] for the bank."""
INPUTS = (LOGS, MERITS, SCENE, FRAME, MEMORY)

_EYE = np.eye(3, dtype=np.float32)
_FRAME_COLUMNS = [COLUMN[name] for name in FRAMES]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a gate is fed but for its memory; see `INPUTS`."""

    logs: Floats32
    merits: Floats32
    scene: Floats32
    frames: Floats32


class Reading:
    """g games read side by side: many players with equal priors in training, one player by g gates in serving."""

    def __init__(self, prior: Floats32, room: int) -> None:
        """`prior` [g, CELLS, 3], or [1, CELLS, 3] for all; `room` in rounds."""
        self._bank = Bank(prior, room)
        self._standing = Standing(len(prior))
        self._views: Views | None = None

    def expect(self, low: Ints, base: Ints, lead: Ints) -> Evidence:
        """The evidence on a round with this low move, base (an index) and lead of the player in tenths, each [g]."""
        views = self._views = self._bank.ahead(low, base, lead)
        known = self._bank.lags[:, _FRAME_COLUMNS]
        frames = np.where((known == UNKNOWN)[:, :, None], np.float32(0), _EYE[np.minimum(known, 2)])
        return Evidence(views.logs, self._standing.merits(views), scene(self._bank, lead), frames)

    def learn(self, player: Ints, opponent: Ints) -> tuple[Ints, Ints]:
        """What was thrown in that round, each [g]; answers as `Bank.learn` does."""
        if self._views is None:
            raise ValueError("nothing is expected yet")
        self._standing.learn(self._views, player)
        self._views = None
        return self._bank.learn(player, opponent)
