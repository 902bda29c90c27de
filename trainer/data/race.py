"""The race's equilibrium for many rounds at once: `game.equilibrium` over columns."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from game.equilibrium import value
from game.points import BASES, HIGH_STEP, TARGET
from trainer.data.columns import Floats, Ints, Rounds
from trainer.data.scoring import gained


def player_mixes(bot_score: Ints, player_score: Ints, values: Ints) -> Floats:
    """The player's equilibrium mix in each round, shape (n, 3)."""
    return _normal(_cofactors(_stakes(bot_score, player_score, values)).sum(axis=1))


def bot_mixes(bot_score: Ints, player_score: Ints, values: Ints) -> Floats:
    """The bot's equilibrium mix in each round, shape (n, 3)."""
    return _normal(_cofactors(_stakes(bot_score, player_score, values)).sum(axis=2))


def stakes(rounds: Rounds) -> NDArray[np.float32]:
    """How far apart each round's best and worst outcome are for the bot, in chances to win the race, shape (n,)."""
    games = _stakes(rounds.bot_score, rounds.player_score, rounds.values)
    return np.asarray(games.max(axis=(1, 2)) - games.min(axis=(1, 2)), np.float32)


def _normal(weights: Floats) -> Floats:
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@cache
def _table() -> Floats:
    """The bot's win probability at every pair of scores that one more round can lead to."""
    scores = range(TARGET + BASES[-1] + HIGH_STEP)
    return np.array([[value(bot, player) for player in scores] for bot in scores])


def _stakes(bot_score: Ints, player_score: Ints, values: Ints) -> Floats:
    """The bot's win probability by its move (rows) and the player's (columns), shape (n, 3, 3)."""
    stakes = np.empty((len(values), 3, 3))
    for bot, player in np.ndindex(3, 3):
        throw = np.ones(len(values), np.int64)
        to_player, to_bot = gained(player * throw, bot * throw, values)
        stakes[:, bot, player] = _table()[bot_score + to_bot, player_score + to_player]
    return stakes


def _cofactors(games: Floats) -> Floats:
    """Row sums give the rows' mix, column sums the columns' (Shapley & Snow, 1950)."""
    turned = [np.roll(games, (-row, -column), axis=(1, 2)) for row, column in ((1, 1), (2, 2), (1, 2), (2, 1))]
    return np.asarray(turned[0] * turned[1] - turned[2] * turned[3])
