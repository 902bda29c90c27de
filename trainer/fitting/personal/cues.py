"""What personal weights weigh: some of the bank's voices, and the plainest habits, as numbers for each move.

A cue speaks for moves in log-odds. There are few of them, because a population of some hundred people tells little of
how the weights of many go together: with 94 in place of 54 log-loss on unseen players rose by .004.
"""

import numpy as np

from models.experts.bank import Floats32
from models.experts.specs import EXPERTS, FIRST, PRIORS, Frame, Side

BOUND = 1.5
"""No voice speaks louder: log-odds are bent to it smoothly."""


def _told(side: Side, frames: set[Frame], slowest: float, fastest: float) -> list[int]:
    return [
        number
        for number, expert in enumerate(FIRST)
        if expert.side is side and expert.frame in frames and fastest <= expert.memory <= slowest
    ]


SAID = [
    *_told(Side.PLAYER, {Frame.OWN, Frame.ROCK}, 0.97, 0.75),
    *_told(Side.PLAYER, {Frame.LOW}, 0.95, 0.9),
    *range(len(EXPERTS), len(EXPERTS) + len(PRIORS)),
]
"""Voices on the player's own throw."""
FORESEEN = _told(Side.OPPONENT, {Frame.OPPONENT, Frame.OWN, Frame.ROCK}, 0.97, 0.75)
"""Voices on the opponent's throw: what beats it is what their cue speaks for."""
TASTES = np.eye(3, dtype=np.float32)[1:]
_STEPS = 6
_RANKS = 2
SIZE = len(SAID) + len(FORESEEN) + len(TASTES) + _STEPS + _RANKS
VALUED = [at for at, voice in enumerate(SAID) if voice < len(FIRST) and FIRST[voice].frame is Frame.LOW]
"""Cues of voices that speak of the round's values."""
RANKS = list(range(SIZE - _RANKS, SIZE))
"""Cues that are the round's ranks themselves."""


def cues(logs: Floats32, frames: Floats32) -> Floats32:
    """[g, 3, SIZE] from what the voices say [g, VOICES, 3] and the frames [g, 3, 3] (`models.experts.reading`).

    After the voices' come two tastes, the steps from the own last throw by its outcome, and two ranks of the round.
    """
    own, theirs, low = frames.transpose(1, 0, 2)
    said = logs[:, SAID]
    gain = np.roll(logs[:, FORESEEN], 1, axis=2)
    voices = BOUND * np.tanh(np.concatenate([said, gain], axis=1) / BOUND)
    tastes = np.broadcast_to(TASTES, (len(logs), *TASTES.shape))
    steps = [
        np.roll(own, step, axis=1) * (own * np.roll(theirs, -turn, axis=1)).sum(axis=1, keepdims=True)
        for turn in range(3)
        for step in (1, 2)
    ]
    ranks = [np.roll(low, turn, axis=1) for turn in (1, 2)]
    return np.concatenate([voices, tastes, np.stack([*steps, *ranks], axis=1)], axis=1).transpose(0, 2, 1)
