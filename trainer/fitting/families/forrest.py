"""Forrest: gradient-boosted trees (XGBoost) on turned positions."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import xgboost as xgb
from msgspec import Struct
from msgspec.structs import replace

from trainer.data.columns import Features, Floats, Ints
from trainer.data.rows import Rows
from trainer.data.turning import TURNED_NAMES, WIDTH, turn, turn_back, turn_moves
from trainer.fitting import objective
from trainer.fitting.blocks import fill
from trainer.fitting.calibration import softmax, temperature
from trainer.fitting.families import THREADS, Fitted, admitted
from trainer.fitting.graph import Graph
from trainer.fitting.space import Space, Span, Whole

MOST_ROWS = 300_000
"""Drawn where there are more. Validation log-loss falls from .9028 with 50,000 rows to .8994 with 100,000 and .8931
with 200,000; at this bound a fit takes some 25 s and 200 MB beside the rows it is given."""
_PATIENCE = 20
"""Rounds of trees without a better validation before the fit stops."""


class Boosting(Struct, frozen=True):
    """XGBoost's own names for its parameters are in `_parameters`.

    `danger` and `stakes` are those of `trainer.fitting.objective`; they bend what is learned, not how it is judged.
    """

    name: str
    depth: int
    rate: float
    rounds: int
    least_weight: float
    penalty: float
    row_share: float
    column_share: float
    danger: float = 0.0
    stakes: float = 0.0

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        train, validation = admitted(train, validation, MOST_ROWS, seed)
        weight, target = objective.importance(train, self.stakes), turn_moves(train.target, train.features)
        learn = xgb.QuantileDMatrix(_turned(train.features), target, weight=weight, nthread=THREADS)
        expected = turn_moves(validation.target, validation.features)
        judged = learn
        if len(validation):
            turned = _turned(validation.features)
            judged = xgb.QuantileDMatrix(turned, expected, weight=validation.weight, ref=learn, nthread=THREADS)
        told: dict[str, dict[str, list[float]]] = {}
        booster = xgb.train(
            self._parameters(seed),
            learn,
            self.rounds,
            evals=[(judged, "judged")],
            obj=wary(target, weight, self.danger) if self.danger else None,
            early_stopping_rounds=_PATIENCE,
            evals_result=told,
            verbose_eval=False,
        )
        booster = booster[: booster.best_iteration + 1]

        def margins(features: Features) -> Floats:
            return fill(np.empty((len(features), 3)), lambda block: _margins(booster, block), features)

        heat = temperature(margins(validation.features), expected, validation.weight)

        def predict(rows: Rows) -> Floats:
            return turn_back(softmax(margins(rows.features) / heat), rows.features)

        curve = tuple(told["judged"]["mlogloss"]) if len(validation) else ()
        return Fitted(predict, _graph(booster, heat), curve, _gain(booster))

    def _parameters(self, seed: int) -> dict[str, Any]:
        return {
            "objective": "multi:softprob",
            "num_class": 3,
            "eval_metric": "mlogloss",
            "tree_method": "hist",
            "max_depth": self.depth,
            "eta": self.rate,
            "min_child_weight": self.least_weight,
            "reg_lambda": self.penalty,
            "subsample": self.row_share,
            "colsample_bytree": self.column_share,
            "base_score": 0.5,  # the same start for every move, so that the trees are the whole model
            "nthread": THREADS,
            "seed": seed,
        }


Objective = Callable[[Floats, xgb.DMatrix], tuple[Features, Features]]


def wary(target: Ints, weight: Features, danger: float) -> Objective:
    """`multi:softprob` with the danger on top: each margin's gradient and a curvature above its true one."""

    def gradients(margins: Floats, _: xgb.DMatrix) -> tuple[Features, Features]:
        probabilities, counts = softmax(margins), weight[:, None]
        slopes, bends = objective.slopes(probabilities, target, danger), objective.bends(probabilities, danger)
        return (slopes * counts).astype(np.float32), (bends * counts).astype(np.float32)

    return gradients


def _turned(features: Features) -> Features:
    return fill(np.empty((len(features), WIDTH), np.float32), turn, features)


def _margins(booster: xgb.Booster, features: Features) -> Floats:
    return np.asarray(booster.inplace_predict(turn(features), predict_type="margin"), np.float64).reshape(-1, 3)


def _gain(booster: xgb.Booster) -> dict[str, float]:
    """Each column's share of what all splits together gained."""
    scores = booster.get_score(importance_type="total_gain")
    gained = np.array([scores.get(f"f{at}", 0.0) for at in range(WIDTH)], np.float64)
    return dict(zip(TURNED_NAMES, (gained / gained.sum()).tolist(), strict=True)) if gained.any() else {}


def _graph(booster: xgb.Booster, heat: float) -> bytes:
    """The trees as one ensemble node with three targets; a row goes left where its feature is below the threshold."""
    model = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]
    columns: dict[str, Any] = {name: [] for name in _NODES + _LEAVES}
    for number, (tree, move) in enumerate(zip(model["trees"], model["tree_info"], strict=True)):
        _add_tree(columns, number, move, tree, heat)
    graph = Graph()
    logits = graph.node(
        "TreeEnsembleRegressor", graph.turned, domain="ai.onnx.ml", n_targets=3, post_transform="NONE", **columns
    )
    return graph.model(logits)


_NODES = [
    f"nodes_{name}" for name in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids")
]
_LEAVES = [f"target_{name}" for name in ("treeids", "nodeids", "ids", "weights")]


def _add_tree(columns: dict[str, list[Any]], number: int, move: int, tree: dict[str, list[Any]], heat: float) -> None:
    links = zip(tree["left_children"], tree["right_children"], strict=True)
    splits = zip(tree["split_indices"], tree["split_conditions"], strict=True)
    for node, ((left, right), (feature, threshold)) in enumerate(zip(links, splits, strict=True)):
        leaf = left < 0
        mode = "LEAF" if leaf else "BRANCH_LT"
        inner = (0, mode, 0.0, 0, 0) if leaf else (feature, mode, threshold, left, right)
        for name, item in zip(_NODES, (number, node, *inner), strict=True):
            columns[name].append(item)
        if leaf:
            for name, item in zip(_LEAVES, (number, node, move, threshold / heat), strict=True):
                columns[name].append(item)


# Tuned on validation players, whose log-loss stands behind each. Trees that see most columns do better than many that
# see few; rates near .15 end within 90 rounds, 270 trees, in 10 s on 130,000 rows. One person's rounds are alike: a
# leaf wants so much weight (50 of summed curvature; a row's is below its own) that it must hold several people.
# Half the rows for each tree make it differ from the others (.8931).
_BASE = Boosting("half-rows", 7, 0.15, 90, least_weight=50, penalty=20, row_share=0.5, column_share=0.8)

CONFIGURATIONS = (
    _BASE,
    # trees that differ by their columns in place of their rows (.8955)
    replace(_BASE, name="few-columns", rate=0.2, column_share=0.4, row_share=0.7),
    # one level less and a quicker rate: half the size (.8947)
    replace(_BASE, name="middling", depth=6, rate=0.2, row_share=0.8),
    # no more than four things at once; a third of the size (.9021)
    replace(_BASE, name="shallow", depth=4, rate=0.2, rounds=120),
    # two levels more, their small leaves held by twice the penalty (.8952)
    replace(_BASE, name="deep", depth=9, penalty=40),
    # smaller steps, and more of them (.8932)
    replace(_BASE, name="slow", rate=0.1, rounds=120),
    # half the time of the others (.8974)
    replace(_BASE, name="quick", depth=6, rate=0.35, rounds=50),
    # leaves stay close to nothing unless many rows agree: for logs with odd players in them (.8958)
    replace(_BASE, name="firm", rate=0.2, least_weight=60, penalty=100),
    # danger in three steps, up to where log-loss begins to pay for it (.8937, .8935, .8956)
    replace(_BASE, name="careful", danger=0.1),
    replace(_BASE, name="wary", danger=0.3),
    replace(_BASE, name="fearful", danger=0.6),
    # a round with four times the stake counts twice (.8967)
    replace(_BASE, name="decisive", stakes=0.5),
)

SPACE: Space = {
    "depth": Whole(3, 8),
    "rate": Span(0.05, 0.4, log=True),
    "least_weight": Span(1, 200, log=True),
    "penalty": Span(0.5, 100, log=True),
    "row_share": Span(0.3, 1.0),
    "column_share": Span(0.2, 1.0),
}
"""Danger and stakes are not here: the log-loss that a sweep is judged by cannot speak for them."""
