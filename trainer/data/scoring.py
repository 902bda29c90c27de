"""The rules over columns: the values of rounds and what many throws gain at once."""

import numpy as np

from game.moves import MOVES
from game.points import DRAW, round_values
from trainer.data.columns import Ints


def draw_seed(random: np.random.Generator) -> str:
    """A match's seed as the server draws it, from a seeded generator."""
    return random.bytes(16).hex()


def values_of(seed: str, round: int) -> tuple[int, int, int]:
    """The values of a round in the order of `MOVES`."""
    drawn = round_values(seed, round)
    rock, paper, scissors = MOVES
    return drawn[rock], drawn[paper], drawn[scissors]


def gained(player: Ints, bot: Ints, values: Ints) -> tuple[Ints, Ints]:
    """What (players, bots) gain from these throws, in tenths."""
    rows = np.arange(len(player))
    draw = DRAW * (player == bot)
    won = (player - bot) % 3 == 1
    lost = (bot - player) % 3 == 1
    return draw + won * values[rows, player], draw + lost * values[rows, bot]
