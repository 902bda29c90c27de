"""How much a model leans on each feature: the rise of its log-loss when the feature is shuffled (Breiman, 2001)."""

import numpy as np

from game.features import NAMES
from trainer.data.rows import Rows
from trainer.fitting.measures import log_loss
from trainer.fitting.served import Served, first

ROWS = 2000
"""Rows it is found on, at most; the model is asked once more for each of 50 features."""


def permutation(model: Served, rows: Rows, seed: int) -> dict[str, float]:
    """By feature; near 0, and by chance a little below, where the model makes nothing of it.

    Shuffling `rounds_known` takes from a reader where a player's rounds follow each other, and so all that it has read.
    """
    random = np.random.default_rng(seed)
    parts = model.alone(rows)
    drawn = first([parts[at] for at in random.permutation(len(parts))], ROWS)
    some = rows.where(np.concatenate(drawn)[:ROWS])
    features, weight = some.features, some.weight.astype(np.float64)
    before = log_loss(model.predict(some), some.target, weight)
    rises = dict.fromkeys(NAMES, 0.0)
    for name in model.sees:
        at = NAMES.index(name)
        kept = features[:, at].copy()
        features[:, at] = random.permutation(kept)
        rises[name] = log_loss(model.predict(some), some.target, weight) - before
        features[:, at] = kept
    return rises
