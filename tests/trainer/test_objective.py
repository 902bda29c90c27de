"""What fits minimise: every gradient is that of its loss, and weights follow the stakes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import xgboost as xgb

from trainer.data.columns import Features, Floats, Ints
from trainer.data.rows import Rows
from trainer.fitting import objective
from trainer.fitting.blocks import fill, moments
from trainer.fitting.calibration import softmax
from trainer.fitting.differentiable import losses
from trainer.fitting.families import forrest, logan

DANGERS = [0.0, 0.1, 0.3, 0.6]
STEP = 1e-5


@pytest.fixture
def logits() -> Floats:
    return np.random.default_rng(1).normal(0, 2, (40, 3))


@pytest.fixture
def target() -> Ints:
    return np.random.default_rng(2).integers(0, 3, 40)


def differences(logits: Floats, target: Ints, danger: float) -> Floats:
    """The losses' derivatives by finite differences."""
    found = np.empty_like(logits)
    for move in range(3):
        ends = [objective.losses(softmax(logits + side * STEP * np.eye(3)[move]), target, danger) for side in (1, -1)]
        found[:, move] = (ends[0] - ends[1]) / (2 * STEP)
    return found


def test_what_beats_a_move_is_the_game_s() -> None:
    from game.moves import MOVES, Outcome, outcome

    for target, over in enumerate(objective.beating(np.arange(3))):
        assert outcome(MOVES[over], MOVES[target]) is Outcome.WIN


@pytest.mark.parametrize("danger", DANGERS)
def test_slopes_are_the_derivatives_of_losses(logits: Floats, target: Ints, danger: float) -> None:
    found = objective.slopes(softmax(logits), target, danger)
    np.testing.assert_allclose(found, differences(logits, target, danger), atol=1e-8)


@pytest.mark.parametrize("danger", DANGERS)
def test_bends_are_positive_and_above_the_loss_s_own_curvature(logits: Floats, target: Ints, danger: float) -> None:
    bends = objective.bends(softmax(logits), danger)
    ends = [logits + side * 1e-3 * np.eye(3)[:, None] for side in (1, -1)]
    for move in range(3):
        up, down = (objective.slopes(softmax(end[move]), target, danger)[:, move] for end in ends)
        assert (bends[:, move] > 0).all() and (bends[:, move] >= (up - down) / 2e-3 - 1e-6).all()


@pytest.mark.parametrize("danger", DANGERS)
def test_the_networks_loss_and_its_gradient_are_these(logits: Floats, target: Ints, danger: float) -> None:
    leaf = torch.tensor(logits, requires_grad=True)
    found = losses(leaf, torch.from_numpy(target), danger)
    np.testing.assert_allclose(found.detach().numpy(), objective.losses(softmax(logits), target, danger))
    found.sum().backward()  # type: ignore[no-untyped-call]  # torch leaves it so
    assert leaf.grad is not None
    np.testing.assert_allclose(leaf.grad.numpy(), differences(logits, target, danger), atol=1e-8)


@pytest.mark.parametrize("danger", DANGERS)
def test_forrest_s_gradient_counts_each_row_by_its_weight(logits: Floats, target: Ints, danger: float) -> None:
    weight = np.random.default_rng(3).uniform(0, 2, len(target)).astype(np.float32)
    slopes, bends = forrest.wary(target, weight, danger)(logits, xgb.DMatrix(logits))
    np.testing.assert_allclose(slopes, differences(logits, target, danger) * weight[:, None], atol=1e-6)
    assert (bends >= 0).all() and slopes.dtype == bends.dtype == np.float32


@pytest.mark.parametrize("danger", DANGERS)
def test_logan_s_gradient_is_that_of_its_value(target: Ints, danger: float) -> None:
    random = np.random.default_rng(4)
    inputs, weight = random.normal(size=(40, 5)), random.uniform(0, 2, 40)
    aim = logan.Aim(inputs, target, weight, danger, penalty=3.0)
    flat = random.normal(size=18)
    value, slope = aim.value_and_slope(flat)
    for at in range(18):
        step = STEP * np.eye(18)[at]
        rise = aim.value_and_slope(flat + step)[0] - aim.value_and_slope(flat - step)[0]
        assert slope[at] == pytest.approx(rise / (2 * STEP), abs=1e-8)
    biases_apart = flat.copy()
    biases_apart[-3:] += 7
    assert aim.value_and_slope(biases_apart)[0] == pytest.approx(value)  # biases are free, and only differences count


def test_forrest_without_danger_s_penalty_follows_the_library_s_own_objective(rows: Rows) -> None:
    """The same gradients through the custom objective grow the same trees, base score and weights included."""
    target, weight = rows.target, np.linspace(0.5, 1.5, len(rows)).astype(np.float32)
    learn = xgb.DMatrix(rows.features, target, weight=weight)
    parameters = {"objective": "multi:softprob", "num_class": 3, "base_score": 0.5, "max_depth": 3, "nthread": 1}
    own = xgb.train(parameters, learn, 5).predict(learn)
    custom = xgb.train(parameters, learn, 5, obj=forrest.wary(target, weight, 0.0)).predict(learn)
    np.testing.assert_allclose(custom, own, atol=1e-4)


def test_importance_keeps_the_mean_and_follows_the_stakes(rows: Rows) -> None:
    assert objective.importance(rows, 0.0) is rows.weight
    found = objective.importance(rows, 0.5)
    assert found.dtype == np.float32 and found.mean() == pytest.approx(rows.weight.mean(), rel=1e-5)
    ratio = found / rows.weight / np.sqrt(rows.stake)
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-4)


def test_importance_without_any_stake_is_the_weight(rows: Rows) -> None:
    idle = replace(rows, stake=np.zeros(len(rows), np.float32))
    np.testing.assert_array_equal(objective.importance(idle, 0.5), rows.weight)


def test_blocks_give_what_one_pass_over_all_rows_gives(monkeypatch: pytest.MonkeyPatch, rows: Rows) -> None:
    def doubled(features: Features) -> Features:
        return features * 2

    monkeypatch.setattr("trainer.fitting.blocks._BLOCK", 64)
    np.testing.assert_array_equal(fill(np.empty_like(rows.features), doubled, rows.features), rows.features * 2)
    mean, scale = moments(doubled, rows.features)
    spread = (rows.features * 2).std(axis=0, dtype=np.float64)
    np.testing.assert_allclose(mean, (rows.features * 2).mean(axis=0, dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(scale, np.where(spread > 0, spread, 1), rtol=1e-6)
