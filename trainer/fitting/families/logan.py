"""Logan: multinomial logistic regression on turned positions and products of their columns."""

from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from game.features import NAMES
from trainer.data.columns import Features, Floats, Ints
from trainer.data.rows import Rows
from trainer.data.turning import TURNED_NAMES, WIDTH, turn, turn_back, turn_moves
from trainer.fitting import objective
from trainer.fitting.blocks import fill, moments
from trainer.fitting.calibration import softmax, temperature
from trainer.fitting.families import THREADS, Fitted, admitted
from trainer.fitting.graph import dense, standardised
from trainer.fitting.space import Choice, Space, Span

MOST_ROWS = 100_000
"""Drawn where there are more, because every row takes 2 kB once its products are made. Validation log-loss falls from
.9167 with 40,000 rows to .9137 with 80,000 and .9122 with 160,000; at this bound a fit takes 360 MB beside the rows it
is given."""
_ROUNDS = 400
"""L-BFGS steps at most; the fits here settle within 60."""
_MORE_ROUNDS = 25
"""L-BFGS steps at most from there to where danger counts too; 15 lost .0005 of log-loss against 40."""
_PRIOR = 1e-3
"""Weight of one average row for each move, so that a move nobody threw still has a probability."""


class Logistic(Struct, frozen=True):
    """`inverse_penalty` is scikit-learn's C: smaller means weights closer to nothing. The intercept is free.

    `danger` and `stakes` are those of `trainer.fitting.objective`; they bend what is learned, not how it is judged.
    """

    name: str
    inverse_penalty: float
    products: str
    danger: float = 0.0
    stakes: float = 0.0

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        train, validation = admitted(train, validation, MOST_ROWS, seed)
        pairs = PRODUCTS[self.products]

        def inputs(features: Features) -> Features:
            turned = turn(features)
            return np.concatenate([turned, turned[:, pairs[:, 0]] * turned[:, pairs[:, 1]]], axis=1)

        mean, scale = moments(inputs, train.features)
        standard = np.zeros((len(train) + 3, len(mean)), np.float32)
        fill(standard[:-3], lambda block: (inputs(block) - mean) / scale, train.features)
        target = np.concatenate([turn_moves(train.target, train.features), np.arange(3)])
        weight = np.concatenate([objective.importance(train, self.stakes), np.full(3, _PRIOR, np.float32)])
        with threadpool_limits(THREADS):
            layer = self._layer(standard, target, weight)
        gain = _gain(layer[0], pairs)
        weights, biases = standardised(layer, mean, scale)

        def logits(features: Features) -> Floats:
            return fill(np.empty((len(features), 3)), lambda block: inputs(block) @ weights + biases, features)

        expected = turn_moves(validation.target, validation.features)
        heat = temperature(logits(validation.features), expected, validation.weight)

        def predict(rows: Rows) -> Floats:
            return turn_back(softmax(logits(rows.features) / heat), rows.features)

        return Fitted(predict, dense([(weights / heat, biases / heat)], pairs), gain=gain)

    def _layer(self, inputs: Features, target: Ints, weight: Features) -> tuple[Floats, Floats]:
        """(weights, biases) on standardised inputs."""
        solver = LogisticRegression(C=self.inverse_penalty, max_iter=_ROUNDS, tol=1e-3)
        solver.fit(inputs, target, weight)
        found = np.concatenate([solver.coef_.T, solver.intercept_[None]]).astype(np.float64)
        if self.danger:
            aim = Aim(inputs, target, weight, self.danger, 1 / self.inverse_penalty)
            options = {"maxiter": _MORE_ROUNDS}
            more = minimize(aim.value_and_slope, found.ravel(), jac=True, method="L-BFGS-B", options=options)
            found = more.x.reshape(found.shape)
        return found[:-1], found[-1]


_Reals = NDArray[np.floating[Any]]


class Aim:
    """What scikit-learn minimises with the danger on top, per unit of weight, in the weights and then the biases."""

    def __init__(self, inputs: _Reals, target: Ints, weight: _Reals, danger: float, penalty: float) -> None:
        total = float(weight.sum(dtype=np.float64))
        self._inputs, self._target, self._danger = inputs, target, danger
        self._share, self._penalty = weight.astype(np.float64) / total, penalty / total

    def value_and_slope(self, flat: Floats) -> tuple[float, Floats]:
        layer = flat.reshape(-1, 3)
        weights, biases = layer[:-1], layer[-1]
        probabilities = softmax(self._inputs @ weights.astype(self._inputs.dtype) + biases)
        losses = objective.losses(probabilities, self._target, self._danger)
        slopes = self._share[:, None] * objective.slopes(probabilities, self._target, self._danger)
        inner = self._inputs.T @ slopes.astype(self._inputs.dtype) + self._penalty * weights
        value = float(self._share @ losses) + self._penalty / 2 * float((weights * weights).sum())
        return value, np.concatenate([inner, slopes.sum(axis=0)[None]]).ravel()


def _gain(weights: Floats, pairs: Ints) -> dict[str, float]:
    """Each column's share of the sum of all standardised weights' sizes; a product's counts half to either column."""
    sizes = np.abs(weights).sum(axis=1)
    found = sizes[:WIDTH].copy()
    for side in pairs.T:
        np.add.at(found, side, sizes[WIDTH:] / 2)
    total = found.sum()
    return dict(zip(TURNED_NAMES, (found / total).tolist(), strict=True)) if total else {}


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
_VALUES = _among(_LAGS, _POINTS) + _among(_POINTS, _STANDING)

PRODUCTS: dict[str, Ints] = {
    "habits": np.array(_HABITS + _GREED),
    "styles": np.array(_HABITS + _STYLES + _GREED),
    "everything": np.array(_HABITS + _STYLES + _GREED + _VALUES),
}
"""Pairs of turned columns to multiply: two lags ("after losing twice"), or lags with who the player is."""

# Products decide: validation log-loss is .965 without any, .921 with lags alone, .913 with styles. The penalty only
# polishes.
_BASE = Logistic("styles", inverse_penalty=0.01, products="styles")

CONFIGURATIONS = (
    _BASE,
    # the flat bottom of the penalty reaches from .01 to .1
    replace(_BASE, name="styles-loose", inverse_penalty=0.03),
    replace(_BASE, name="styles-free", inverse_penalty=0.1),
    # and rises from here on: for logs of few players
    replace(_BASE, name="styles-tight", inverse_penalty=0.001),
    # half the weights, fitted in a third of the time; so few bear a loose penalty
    replace(_BASE, name="habits", inverse_penalty=0.1, products="habits"),
    replace(_BASE, name="habits-tight", inverse_penalty=0.003, products="habits"),
    # what a habit has to do with the round's values: little here, where throws of the laboratory knew of none
    replace(_BASE, name="everything", products="everything"),
    replace(_BASE, name="everything-tight", inverse_penalty=0.003, products="everything"),
    # danger in three steps, up to where log-loss begins to pay for it
    replace(_BASE, name="careful", danger=0.1),
    replace(_BASE, name="wary", danger=0.3),
    replace(_BASE, name="fearful", danger=0.6),
    # a round with four times the stake counts twice
    replace(_BASE, name="decisive", stakes=0.5),
)

SPACE: Space = {
    "inverse_penalty": Span(1e-4, 1.0, log=True),
    "products": Choice(tuple(PRODUCTS)),
}
"""Danger and stakes are not here: the log-loss that a sweep is judged by cannot speak for them."""
