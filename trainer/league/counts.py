"""References that count: how often this player threw what, after what went before, with Laplace's one for each move.

All are columns of the whole file at once; a round's row counts only earlier rounds of the same player.
"""

import numpy as np

from trainer.data.baselines import shares_so_far
from trainer.data.columns import Floats, Ints, Rounds
from trainer.fitting.measures import log_losses
from trainer.league.plays import Plays, Predictor

_NONE = 3
"""Stands for the move of a round before the player's first."""
_LEARNING = 1.0
"""The mixture's rate: at 1, weights by exp(-log-loss) are Bayes' rule, and the mixture's log-loss over a career is at
most ln(number of predictors) above the best one's (Littlestone & Warmuth, 1994; Vovk, 1998)."""


def uniform(plays: Plays) -> Floats:
    return np.full((len(plays), 3), 1 / 3)


def markov(own: int, theirs: int = 0) -> Predictor:
    """Shares of the moves that followed the last `own` throws of the player and `theirs` of the opponent."""

    def predict(plays: Plays) -> Floats:
        return shares_so_far(_contexts(plays, own, theirs), plays.rounds.player)

    return predict


def hedge(plays: Plays) -> Floats:
    """The counting references mixed by how each has done on this player so far."""
    said = np.stack([predict(plays) for predict in SINGLE.values()])
    losses = np.column_stack([log_losses(one, plays.rounds.player) for one in said])
    weights = -_LEARNING * _sums_before(losses, plays.rounds)
    weights = np.exp(weights - weights.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray((weights.T[:, :, None] * said).sum(axis=0))


SINGLE: dict[str, Predictor] = {
    "uniform": uniform,
    "frequency": markov(0),
    "markov1": markov(1),
    "markov2": markov(2),
    "markov3": markov(3),
    "markov2 both": markov(2, 2),
}
REFERENCES: dict[str, Predictor] = {**SINGLE, "hedge": hedge}


def _contexts(plays: Plays, own: int, theirs: int) -> Ints:
    """A number for each round's player and what went before."""
    context = plays.rounds.owners.astype(np.int64)
    for moves, lags in ((plays.rounds.player, own), (plays.rounds.bot, theirs)):
        for lag in range(1, lags + 1):
            earlier = np.full(len(plays), _NONE)
            earlier[lag:] = moves[:-lag]
            earlier[plays.number <= lag] = _NONE
            context = context * (_NONE + 1) + earlier
    return context


def _sums_before(values: Floats, rounds: Rounds) -> Floats:
    """For each round, the sums over the earlier rounds of its career."""
    before = np.cumsum(values, axis=0) - values
    return np.asarray(before - before[rounds.starts][rounds.history])
