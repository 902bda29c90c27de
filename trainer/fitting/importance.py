"""How much a model leans on each feature: the rise of its log-loss when the feature is shuffled (Breiman, 2001)."""

import numpy as np

from game.features import NAMES
from trainer.data.rows import Rows
from trainer.fitting.measures import log_loss
from trainer.fitting.served import Served

ROWS = 2000
"""Rows it is found on, at most; the model is asked once more for each of 50 features."""


def permutation(model: Served, rows: Rows, seed: int) -> dict[str, float]:
    """By feature; near 0, and by chance a little below, where the model makes nothing of it."""
    random = np.random.default_rng(seed)
    some = random.permutation(len(rows))[:ROWS]
    features, target, weight = rows.features[some], rows.target[some], rows.weight[some].astype(np.float64)
    before = log_loss(model.predict(features), target, weight)
    rises = {}
    for at, name in enumerate(NAMES):
        kept = features[:, at].copy()
        features[:, at] = random.permutation(kept)
        rises[name] = log_loss(model.predict(features), target, weight) - before
        features[:, at] = kept
    return rises
