"""How good predictions are, with intervals by resampling whole players."""

import numpy as np

from models.bundle import Scores
from trainer.columns import Floats, Ints

RESAMPLES = 2000
_LEAST = 1e-9
"""A probability below this counts as this, so that one certain mistake stays finite."""


def log_losses(probabilities: Floats, target: Ints) -> Floats:
    """Each row's -ln P(the move that was thrown)."""
    return np.asarray(-np.log(np.maximum(probabilities[np.arange(len(target)), target], _LEAST)))


def log_loss(probabilities: Floats, target: Ints) -> float:
    return float(log_losses(probabilities, target).mean())


def scores(probabilities: Floats, target: Ints, players: Ints, seed: int) -> Scores:
    """Accuracy and log-loss over all rows, each with its 95 % percentile-bootstrap interval over players."""
    _, player = np.unique(players, return_inverse=True)
    rows = np.bincount(player).astype(np.float64)
    hits = np.bincount(player, weights=_hits(probabilities, target))
    losses = np.bincount(player, weights=log_losses(probabilities, target))
    drawn = np.random.default_rng(seed).multinomial(len(rows), np.full(len(rows), 1 / len(rows)), RESAMPLES)
    return Scores(
        rounds=len(target),
        accuracy=float(hits.sum() / rows.sum()),
        log_loss=float(losses.sum() / rows.sum()),
        accuracy_interval=_interval(drawn @ hits / (drawn @ rows)),
        log_loss_interval=_interval(drawn @ losses / (drawn @ rows)),
    )


def _hits(probabilities: Floats, target: Ints) -> Floats:
    """1 where the likeliest move was thrown; a tie for it counts its share."""
    likeliest = probabilities == probabilities.max(axis=1, keepdims=True)
    return np.asarray(likeliest[np.arange(len(target)), target] / likeliest.sum(axis=1))


def _interval(resampled: Floats) -> tuple[float, float]:
    low, high = np.quantile(resampled, (0.025, 0.975))
    return float(low), float(high)
