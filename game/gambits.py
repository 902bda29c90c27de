"""The scripted openings: what the bot throws, by rank, in its first three rounds."""

from enum import StrEnum
from itertools import accumulate

from game.points import Rank

LENGTH = 3
"""Rounds 1 to 3 follow the gambit."""


class Gambit(StrEnum):
    CRESCENDO = "crescendo"
    DENOUEMENT = "denouement"
    PAPER_DOLLS = "paper-dolls"
    FISTFUL = "fistful"
    SCISSOR_SANDWICH = "scissor-sandwich"
    BUREAUCRAT = "bureaucrat"
    AVALANCHE = "avalanche"
    TOOLBOX = "toolbox"
    RAZOR = "razor"
    SWITCHBLADE = "switchblade"


_L, _M, _H = Rank.LOW, Rank.MID, Rank.HIGH

SCRIPTS: dict[Gambit, tuple[Rank, Rank, Rank]] = {
    Gambit.CRESCENDO: (_L, _M, _H),
    Gambit.DENOUEMENT: (_H, _M, _L),
    Gambit.PAPER_DOLLS: (_L, _M, _M),
    Gambit.FISTFUL: (_H, _L, _L),
    Gambit.SCISSOR_SANDWICH: (_L, _M, _L),
    Gambit.BUREAUCRAT: (_L, _L, _L),
    Gambit.AVALANCHE: (_H, _H, _H),
    Gambit.TOOLBOX: (_M, _M, _M),
    Gambit.RAZOR: (_M, _L, _H),
    Gambit.SWITCHBLADE: (_M, _H, _L),
}

WEIGHTS: dict[Gambit, int] = {
    Gambit.CRESCENDO: 14,
    Gambit.DENOUEMENT: 12,
    Gambit.PAPER_DOLLS: 12,
    Gambit.FISTFUL: 10,
    Gambit.SCISSOR_SANDWICH: 8,
    Gambit.BUREAUCRAT: 6,
    Gambit.AVALANCHE: 8,
    Gambit.TOOLBOX: 6,
    Gambit.RAZOR: 12,
    Gambit.SWITCHBLADE: 12,
}

_BOUNDS = tuple(zip(accumulate(WEIGHTS.values()), WEIGHTS, strict=True))


def choose(draw: float) -> Gambit:
    """The gambit for a uniform `draw` in [0, 1), by weight."""
    point = draw * _BOUNDS[-1][0]
    return next(gambit for bound, gambit in _BOUNDS if point < bound)
