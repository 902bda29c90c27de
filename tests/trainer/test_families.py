"""What every family's every fit must satisfy, on little data."""

import numpy as np
import onnx
import pytest
from msgspec import to_builtins

from game.features import NAMES
from models.bundle import INPUT, OUTPUT, Scores, Training
from trainer.errors import ExportError
from trainer.families import NAMES as FAMILIES
from trainer.families import Configuration, Fitted, configurations
from trainer.graph import dense
from trainer.manifests import describe
from trainer.measures import log_loss
from trainer.rows import Rows
from trainer.served import Served, check
from trainer.turning import WIDTH, turn, turn_back, turn_moves

EVERY = [(family, place) for family in FAMILIES for place in range(4)]


def sides(rows: Rows) -> tuple[Rows, Rows]:
    return rows.where(rows.player < 14), rows.where(rows.player >= 14)


@pytest.fixture(scope="module")
def best(rows: Rows) -> dict[str, Fitted]:
    train, validation = sides(rows)
    return {family: configurations(family)[0].fit(train, validation, 0) for family in FAMILIES}


def test_three_families_have_four_named_configurations_each() -> None:
    assert FAMILIES == ("brian", "forrest", "logan")
    for family in FAMILIES:
        assert len({one.name for one in configurations(family)}) == 4


@pytest.mark.parametrize("family", FAMILIES)
def test_predictions_are_probabilities_and_the_graph_s(family: str, best: dict[str, Fitted], rows: Rows) -> None:
    found = best[family].predict(rows.features)
    served = Served(best[family].model).predict(rows.features)
    assert found.shape == (len(rows), 3) and (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(served, found, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_equals_single_rows_and_asking_twice_changes_nothing(
    family: str, best: dict[str, Fitted], rows: Rows
) -> None:
    few = rows.features[:40]
    for predict in (best[family].predict, Served(best[family].model).predict):
        batch = predict(few)
        singles = np.concatenate([predict(row[None]) for row in few])
        np.testing.assert_allclose(singles, batch, atol=1e-6)
        np.testing.assert_array_equal(predict(few), batch)
        assert predict(few[:0]).shape == (0, 3)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_graph_has_one_float_input_and_one_float_output(family: str, best: dict[str, Fitted]) -> None:
    graph = onnx.load_from_string(best[family].model).graph
    told = [
        (one.name, one.type.tensor_type.elem_type, [d.dim_param or d.dim_value for d in one.type.tensor_type.shape.dim])
        for one in (*graph.input, *graph.output)
    ]
    assert told == [(INPUT, onnx.TensorProto.FLOAT, ["n", len(NAMES)]), (OUTPUT, onnx.TensorProto.FLOAT, ["n", 3])]


@pytest.mark.parametrize("family", FAMILIES)
def test_habits_are_learned_better_than_guessing(family: str, best: dict[str, Fitted], rows: Rows) -> None:
    train, _ = sides(rows)
    assert log_loss(best[family].predict(train.features), train.target) < np.log(3)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_fits_the_same_model(family: str, best: dict[str, Fitted], rows: Rows) -> None:
    train, validation = sides(rows)
    assert configurations(family)[0].fit(train, validation, 0).model == best[family].model


@pytest.mark.parametrize(("family", "place"), EVERY)
def test_every_configuration_fits_one_class_without_validation(family: str, place: int, rows: Rows) -> None:
    configuration: Configuration = configurations(family)[place]
    rocks = rows.where(rows.target == 0)
    fitted = configuration.fit(rocks, rocks.where(rocks.target == 1), 0)
    check(fitted, rocks.features)
    found = fitted.predict(rocks.features)
    assert np.isfinite(found).all() and log_loss(found, rocks.target) < np.log(3)


@pytest.mark.parametrize(("family", "place"), EVERY)
def test_every_configuration_fits_in_a_manifest(family: str, place: int) -> None:
    configuration = configurations(family)[place]
    scores = Scores(1, 0.5, 1.0, (0.0, 1.0), (0.0, 2.0))
    manifest = describe(family, configuration, b"model", Training([], 0, 0, ""), scores, {})
    assert manifest.version.startswith(f"{family}-") and manifest.configuration == to_builtins(configuration)


def test_a_graph_that_says_something_else_is_caught(best: dict[str, Fitted], rows: Rows) -> None:
    level = dense([(np.zeros((WIDTH, 3)), np.zeros(3))])
    with pytest.raises(ExportError, match="in a batch"):
        check(Fitted(best["logan"].predict, level), rows.features)


def test_turning_is_undone(rows: Rows) -> None:
    turned = turn(rows.features)
    moves = turn_moves(rows.target, rows.features)
    known = rows.features[:, -1] > 0
    assert (turned[known, 0] == 1).all()
    np.testing.assert_array_equal(turn_back(np.eye(3)[moves], rows.features), np.eye(3)[rows.target])
