"""Logan: multinomial logistic regression on turned positions and products of their columns."""

import numpy as np
from msgspec import Struct
from sklearn.linear_model import LogisticRegression

from game.features import NAMES
from trainer.calibration import softmax, temperature
from trainer.columns import Features, Floats, Ints
from trainer.families import Fitted
from trainer.graph import dense, standardised
from trainer.rows import Rows
from trainer.turning import turn, turn_back, turn_moves

_ROUNDS = 400
"""L-BFGS steps at most; the fits here settle within 60."""
_PRIOR = 1e-3
"""Weight of one average row for each move, so that a move nobody threw still has a probability."""


class Logistic(Struct, frozen=True):
    """`inverse_penalty` is scikit-learn's C: smaller means weights closer to nothing. The intercept is free."""

    name: str
    inverse_penalty: float
    products: str

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        pairs = PRODUCTS[self.products]
        inputs = _inputs(train.features, pairs)
        mean, scale = inputs.mean(axis=0), _scale(inputs)
        solver = LogisticRegression(C=self.inverse_penalty, max_iter=_ROUNDS, tol=1e-3)
        standard = np.concatenate([(inputs - mean) / scale, np.zeros((3, len(mean)))]).astype(np.float32)
        target = np.concatenate([turn_moves(train.target, train.features), np.arange(3)])
        solver.fit(standard, target, np.concatenate([train.weight, np.full(3, _PRIOR)]))
        layer = standardised((solver.coef_.T.astype(np.float64), solver.intercept_.astype(np.float64)), mean, scale)
        weights, biases = _calibrated(layer, pairs, validation)

        def predict(features: Features) -> Floats:
            return turn_back(softmax(_inputs(features, pairs) @ weights + biases), features)

        return Fitted(predict, dense([(weights, biases)], pairs))


def _inputs(features: Features, pairs: Ints) -> Floats:
    turned = turn(features).astype(np.float64)
    return np.concatenate([turned, turned[:, pairs[:, 0]] * turned[:, pairs[:, 1]]], axis=1)


def _scale(inputs: Floats) -> Floats:
    spread = inputs.std(axis=0)
    return np.where(spread > 1e-6, spread, 1.0)


def _calibrated(layer: tuple[Floats, Floats], pairs: Ints, validation: Rows) -> tuple[Floats, Floats]:
    weights, biases = layer
    logits = _inputs(validation.features, pairs) @ weights + biases
    heat = temperature(logits, turn_moves(validation.target, validation.features), validation.weight)
    return weights / heat, biases / heat


def _among(left: list[int], right: list[int]) -> list[tuple[int, int]]:
    return [(a, b) for a in left for b in right if a < b]


_LAGS = list(range(3, NAMES.index("rock_pts")))
"""The one-hot columns of the last three rounds; the last own throw is always rock after turning."""
_TENDENCIES = list(range(NAMES.index("user_tend_rock"), NAMES.index("score_diff")))
_STANDING = [NAMES.index(name) for name in ("score_diff", "bot_pts_to_win", "rounds_known")]
_POINTS = list(range(NAMES.index("rock_pts"), NAMES.index("rock_pts") + 3))
_RANKS = _TENDENCIES[3:]

_HABITS = _among(_LAGS, _LAGS)
_STYLES = _among(_TENDENCIES, _TENDENCIES) + _among(_LAGS, _TENDENCIES) + _among(_LAGS, _STANDING)
_GREED = _among(_POINTS, _RANKS)

PRODUCTS: dict[str, Ints] = {
    "habits": np.array(_HABITS + _GREED),
    "styles": np.array(_HABITS + _STYLES + _GREED),
}
"""Pairs of turned columns to multiply: two lags ("after losing twice"), or lags with who the player is."""

CONFIGURATIONS = (
    # Products decide: validation log-loss is .965 without any, .920 with lags alone, .912 with styles. The penalty
    # only polishes: these three span the flat bottom.
    Logistic("styles", inverse_penalty=0.01, products="styles"),
    Logistic("styles-loose", inverse_penalty=0.03, products="styles"),
    Logistic("styles-tight", inverse_penalty=0.001, products="styles"),
    # half the weights, quicker to fit
    Logistic("habits", inverse_penalty=0.1, products="habits"),
)
