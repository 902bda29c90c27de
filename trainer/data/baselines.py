"""Predictors without training, on the rows a model is judged on: what a model must beat to be worth serving."""

import numpy as np

from trainer.data.columns import UNPLAYED, Floats, Ints, Rounds
from trainer.data.race import player_mixes

SMOOTHING = 1.0
"""Laplace: every move counts as seen once before the first throw."""


def predictions(rounds: Rounds) -> dict[str, Floats]:
    """Probabilities (n, 3) by predictor, each told only what went before the round it predicts."""
    owners, moves = rounds.owners, rounds.player
    context = _context(owners, moves)
    return {
        "uniform": np.full((len(rounds), 3), 1 / 3),
        "frequency": shares_so_far(owners, moves),
        "markov2": shares_so_far(owners * 16 + context, moves),
        "equilibrium": player_mixes(rounds.bot_score, rounds.player_score, rounds.values),
    }


def _context(owners: Ints, moves: Ints) -> Ints:
    """A number for the player's own last two throws; 3 stands for one that is missing or was never thrown."""
    order = np.argsort(owners, kind="stable")
    sorted_owners, sorted_moves = owners[order], np.where(moves == UNPLAYED, 3, moves)[order]
    lags = []
    for lag in (1, 2):
        earlier = np.full(len(moves), 3)
        same = sorted_owners[lag:] == sorted_owners[:-lag]
        earlier[lag:][same] = sorted_moves[:-lag][same]
        lags.append(earlier)
    context = np.empty(len(moves), np.int64)
    context[order] = 4 * lags[0] + lags[1]
    return context


def shares_so_far(group: Ints, moves: Ints) -> Floats:
    """The smoothed shares of the moves seen earlier in the same group."""
    order = np.argsort(group, kind="stable")
    thrown = (moves[order][:, None] == np.arange(3)).astype(np.int64)
    before = np.cumsum(thrown, axis=0) - thrown
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    before -= np.repeat(before[starts], np.diff(starts, append=len(group)), axis=0)
    shares = np.empty((len(moves), 3))
    shares[order] = (before + SMOOTHING) / (before.sum(axis=1, keepdims=True) + 3 * SMOOTHING)
    return shares
