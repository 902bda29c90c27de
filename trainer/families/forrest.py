"""Forrest: gradient-boosted trees (XGBoost) on turned positions."""

import json
from typing import Any

import numpy as np
import xgboost as xgb
from msgspec import Struct

from trainer.calibration import softmax, temperature
from trainer.columns import Features, Floats
from trainer.families import THREADS, Fitted
from trainer.graph import Graph
from trainer.rows import Rows
from trainer.turning import turn, turn_back, turn_moves

_PATIENCE = 30
"""Rounds of trees without a better validation before the fit stops."""


class Boosting(Struct, frozen=True):
    """XGBoost's own names for its parameters are in `_parameters`."""

    name: str
    depth: int
    rate: float
    rounds: int
    least_weight: float
    penalty: float
    row_share: float
    column_share: float

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        judged = validation if len(validation) else train
        learn, judge = _matrix(train), _matrix(judged)
        booster = xgb.train(
            self._parameters(seed),
            learn,
            self.rounds,
            evals=[(judge, "validation")],
            early_stopping_rounds=_PATIENCE,
            verbose_eval=False,
        )
        booster = booster[: booster.best_iteration + 1]
        target = turn_moves(validation.target, validation.features)
        heat = temperature(_margins(booster, validation.features), target, validation.weight)

        def predict(features: Features) -> Floats:
            return turn_back(softmax(_margins(booster, features) / heat), features)

        return Fitted(predict, _graph(booster, heat))

    def _parameters(self, seed: int) -> dict[str, Any]:
        return {
            "objective": "multi:softprob",
            "num_class": 3,
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


def _matrix(rows: Rows) -> xgb.DMatrix:
    return xgb.DMatrix(turn(rows.features), turn_moves(rows.target, rows.features), weight=rows.weight)


def _margins(booster: xgb.Booster, features: Features) -> Floats:
    if not len(features):
        return np.zeros((0, 3))
    return np.asarray(booster.predict(xgb.DMatrix(turn(features)), output_margin=True), np.float64).reshape(-1, 3)


def _graph(booster: xgb.Booster, heat: float) -> bytes:
    """The trees as one ensemble node with three targets; a row goes left where its feature is below the threshold."""
    model = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]
    columns: dict[str, list[Any]] = {name: [] for name in _NODES + _LEAVES}
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


CONFIGURATIONS = (
    # Tuned on validation players. Half the rows for each tree did best (.8946); depth 7 gained nothing and doubled the
    # size. Rates near .1 end within 200 rounds, 600 small trees, which the runtime walks in some 40 µs.
    Boosting("half-rows", 6, 0.08, 200, least_weight=15, penalty=5, row_share=0.5, column_share=0.4),
    # fewer columns and a firmer penalty: trees that differ more (.8960)
    Boosting("few-columns", 6, 0.1, 200, least_weight=30, penalty=10, row_share=0.7, column_share=0.3),
    # one level less, half the size (.8977)
    Boosting("middling", 5, 0.1, 200, least_weight=50, penalty=5, row_share=0.7, column_share=0.4),
    # small and quick, for comparison (.8993)
    Boosting("shallow", 4, 0.15, 200, least_weight=15, penalty=2, row_share=0.7, column_share=0.5),
)
