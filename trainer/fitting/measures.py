"""How good predictions are, with intervals by resampling whole players.

Every row counts by its weight, so that scripted-looking sessions judge a model as little as they teach it.
"""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from models.bundle import Interval, Scores
from trainer.data.columns import Floats, Ints
from trainer.data.rows import Rows
from trainer.fitting.winnings import over_equilibrium
from trainer.registry.runs import Bin

RESAMPLES = 2000
_AT_ONCE = 100
"""Resamples in memory together: with thousands of players all of them would take hundreds of megabytes."""
_LEAST = 1e-9
"""A probability below this counts as this, so that one certain mistake stays finite."""
BINS = 10
FULL = 50
"""Rows that a bin holds at least, if need be by there being fewer bins: emptier ones would show chance alone."""
PLAYED_OUT = 2000
"""Rows that a policy is played on, at most: it is the game's scalar code."""

Confusion = tuple[tuple[int, int, int], ...]


class Rate(Struct, frozen=True):
    """A mean per round and its 95 % percentile-bootstrap interval."""

    mean: float
    interval: Interval


def log_losses(probabilities: Floats, target: Ints) -> Floats:
    """Each row's -ln P(the move that was thrown)."""
    return np.asarray(-np.log(np.maximum(probabilities[np.arange(len(target)), target], _LEAST)))


def log_loss(probabilities: Floats, target: Ints, weight: Floats | None = None) -> float:
    return float(np.average(log_losses(probabilities, target), weights=weight))


def briers(probabilities: Floats, target: Ints) -> Floats:
    """Each row's squared distance from what was thrown, from 0 to 2 (Brier, 1950)."""
    return np.asarray(((probabilities - np.eye(3)[target]) ** 2).sum(axis=1))


def scores(probabilities: Floats, rows: Rows, seed: int, clusters: Ints | None = None) -> Scores:
    """All that is told of a predictor on these rows; intervals are over whole players, or over `clusters` if given."""
    groups = rows.player if clusters is None else clusters
    weight = rows.weight.astype(np.float64)
    values = {
        "accuracy": _hits(probabilities, rows.target),
        "log_loss": log_losses(probabilities, rows.target),
        "brier": briers(probabilities, rows.target),
    }
    found = rates(values, weight, groups, seed)
    some = _some(len(rows), PLAYED_OUT, seed)
    won = over_equilibrium(probabilities[some], rows.features[some], rows.target[some])
    points = rates({"points": won}, weight[some], groups[some], seed)["points"]
    return Scores(
        rounds=len(rows),
        accuracy=found["accuracy"].mean,
        log_loss=found["log_loss"].mean,
        accuracy_interval=found["accuracy"].interval,
        log_loss_interval=found["log_loss"].interval,
        brier=found["brier"].mean,
        brier_interval=found["brier"].interval,
        calibration_error=calibration(probabilities, rows)[0],
        points_over_equilibrium=points.mean,
        points_over_equilibrium_interval=points.interval,
    )


def rates(values: Mapping[str, Floats], weight: Floats, clusters: Ints, seed: int) -> dict[str, Rate]:
    """The weighted mean of each of `values`, all resampled alike over whole clusters."""
    _, cluster = np.unique(clusters, return_inverse=True)
    weighted = [weight, *(weight * value for value in values.values())]
    sums = np.column_stack([np.bincount(cluster, weights=one) for one in weighted])
    random, share = np.random.default_rng(seed), np.full(len(sums), 1 / len(sums))
    drawn = [random.multinomial(len(sums), share, _AT_ONCE) @ sums for _ in range(RESAMPLES // _AT_ONCE)]
    resampled, whole = np.concatenate(drawn), sums.sum(axis=0)
    ends = np.quantile(resampled[:, 1:] / resampled[:, :1], (0.025, 0.975), axis=0)
    return {
        name: Rate(float(whole[at] / whole[0]), (float(ends[0, at - 1]), float(ends[1, at - 1])))
        for at, name in enumerate(values, start=1)
    }


def difference(ours: Floats, theirs: Floats, rows: Rows, seed: int, clusters: Ints | None = None) -> Rate:
    """How much larger our log-loss is than theirs on the same rows, paired row by row; below 0 where ours is better."""
    apart = log_losses(ours, rows.target) - log_losses(theirs, rows.target)
    groups = rows.player if clusters is None else clusters
    return rates({"apart": apart}, rows.weight.astype(np.float64), groups, seed)["apart"]


def calibration(probabilities: Floats, rows: Rows) -> tuple[float, tuple[Bin, ...]]:
    """(expected calibration error of the likeliest move, the bins): equally full bins, as far as ties allow.

    Naeini, Cooper & Hauskrecht (2015), with the bins of Nguyen & O'Connor (2015).
    """
    sure, came_true = probabilities.max(axis=1), _hits(probabilities, rows.target)
    number = min(BINS, max(1, len(rows) // FULL))
    edges = np.quantile(sure, np.arange(1, number) / number)
    place = np.searchsorted(edges, sure, side="right")
    bins, error = [], 0.0
    for one in np.unique(place):
        inside = place == one
        weight = rows.weight[inside]
        expected = float(np.average(sure[inside], weights=weight))
        share = float(np.average(came_true[inside], weights=weight))
        bins.append(Bin(expected, share, int(inside.sum())))
        error += abs(expected - share) * float(weight.sum())
    return error / float(rows.weight.sum()), tuple(bins)


def confusion(probabilities: Floats, target: Ints) -> Confusion:
    """Counts of rows: the move thrown by the likeliest move, both in the order of `MOVES`."""
    pairs = np.bincount(3 * target + probabilities.argmax(axis=1), minlength=9).reshape(3, 3).tolist()
    return tuple((rock, paper, scissors) for rock, paper, scissors in pairs)


def _some(rows: int, most: int, seed: int) -> Ints:
    """The indices of all rows, or of `most` drawn from them."""
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def _hits(probabilities: Floats, target: Ints) -> Floats:
    """1 where the likeliest move was thrown; a tie for it counts its share."""
    likeliest = probabilities == probabilities.max(axis=1, keepdims=True)
    return np.asarray(likeliest[np.arange(len(target)), target] / likeliest.sum(axis=1))
