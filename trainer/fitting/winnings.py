"""What predictions are worth to the bot: points won by playing on them, against throws as they were recorded."""

import numpy as np

from game.equilibrium import equilibrium, stakes
from game.features import NAMES
from game.moves import MOVES
from game.points import TARGET
from game.policy import respond
from trainer.data.columns import Features, Floats, Ints

_VALUES = slice(NAMES.index("rock_pts"), NAMES.index("rock_pts") + 3)
_TO_WIN = [NAMES.index("bot_pts_to_win"), NAMES.index("user_pts_to_win")]
_POINT = 10
"""Tenths."""


def over_equilibrium(probabilities: Floats, features: Features, thrown: Ints) -> Floats:
    """By round, the points that the bot would on average gain beyond the player's by `respond` to these probabilities,
    less what it would gain so by the equilibrium mix."""
    values = np.rint(features[:, _VALUES] * _POINT).astype(np.int64)
    scores = TARGET - np.rint(features[:, _TO_WIN] * _POINT).astype(np.int64)
    rows = zip(probabilities.tolist(), scores.tolist(), values.tolist(), strict=True)
    shifts = [_shift(expected, bot, player, worth) for expected, (bot, player), worth in rows]
    return np.asarray((np.array(shifts).reshape(-1, 3) * _margins(values, thrown)).sum(axis=1))


def _shift(expected: list[float], bot: int, player: int, values: list[int]) -> list[float]:
    """How much more of each move the bot would throw than at the equilibrium."""
    game = stakes(bot, player, dict(zip(MOVES, values, strict=True)))
    rock, paper, scissors = expected
    balanced, _, _ = equilibrium(game)
    mixes = zip(respond(game, (rock, paper, scissors)), balanced, strict=True)
    return [ours - theirs for ours, theirs in mixes]


def _margins(values: Ints, thrown: Ints) -> Floats:
    """The bot's points less the player's by the bot's move, given the player's: float64 [n, 3]."""
    rows = np.arange(len(thrown))
    margins = np.zeros((len(thrown), 3))  # a draw gives both the same
    winner, loser = (thrown + 1) % 3, (thrown - 1) % 3
    margins[rows, winner] = values[rows, winner] / _POINT
    margins[rows, loser] = -values[rows, thrown] / _POINT
    return margins
