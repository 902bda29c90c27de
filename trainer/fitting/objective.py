"""What every fit minimises: cross-entropy, something on top for dangerous mistakes, and rows that count unequally.

A mistake is dangerous where it expects the move that beats the one thrown: the bot then answers with the move that the
player's throw beats, and loses; expecting the third move it draws. With a danger of d the loss of a row is
-ln P(thrown) + d * P(what beats it). Turning a position (`trainer.data.turning`) turns both moves alike.
"""

import numpy as np

from trainer.data.columns import Features, Floats, Ints
from trainer.data.rows import Rows
from trainer.fitting.measures import log_losses


def importance(rows: Rows, stakes: float) -> Features:
    """How much each row counts: its weight times (stake / mean stake) ** stakes, rescaled to keep the mean weight."""
    if not stakes or not rows.stake.any():
        return rows.weight
    found = rows.weight * (rows.stake / rows.stake.mean(dtype=np.float64)) ** stakes
    return np.asarray(found * (rows.weight.sum(dtype=np.float64) / found.sum(dtype=np.float64)), np.float32)


def beating(target: Ints) -> Ints:
    """The move that beats each of these."""
    return np.asarray((target + 1) % 3)


def losses(probabilities: Floats, target: Ints, danger: float) -> Floats:
    """Each row's loss."""
    return log_losses(probabilities, target) + danger * probabilities[np.arange(len(target)), beating(target)]


def slopes(probabilities: Floats, target: Ints, danger: float) -> Floats:
    """The derivatives (n, 3) of each row's loss by the logits that a softmax made these probabilities of."""
    rows, over = np.arange(len(target)), beating(target)
    feared = danger * probabilities[rows, over]
    found = probabilities * (1 - feared[:, None])
    found[rows, target] -= 1
    found[rows, over] += feared
    return np.asarray(found)


def bends(probabilities: Floats, danger: float) -> Floats:
    """Curvatures (n, 3) above those of each row's loss: positive also where the loss itself bends the other way.

    2p(1 - p) is what XGBoost takes for cross-entropy. No row of the danger's own Hessian sums to more than that either.
    """
    return np.maximum(2 * (1 + danger) * probabilities * (1 - probabilities), 1e-6)
