"""What every family's every configuration must satisfy, on little data."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx
import pytest
from msgspec import Struct, structs, to_builtins
from support.rows import rows_with

from game.features import NAMES
from game.opponents import OPPONENTS
from models.bundle import INPUT, OUTPUT, Scores, Training
from models.experts.layout import CELLS
from models.experts.reading import NEXT_MEMORY, PRIOR
from models.experts.specs import CONTRACT
from trainer.data.rows import Rows
from trainer.data.turning import TURNED_NAMES, WIDTH, turn, turn_back, turn_moves
from trainer.errors import ExportError, NothingToLearn
from trainer.fitting.families import MOST_JUDGED, Configuration, Fitted, admitted, configurations, some, space
from trainer.fitting.families import NAMES as FAMILIES
from trainer.fitting.families.maxine import Mixture
from trainer.fitting.graph import dense
from trainer.fitting.manifests import describe
from trainer.fitting.measures import log_loss
from trainer.fitting.reading.follow import shapes
from trainer.fitting.served import Served, check, first
from trainer.fitting.space import Choice

FEW_STEPS = 12
SIDES = ("thrown", "bot")
SHIPPED = tuple(OPPONENTS)
"""What is said of danger and stakes, curves and gains is said of these; all else of any family that has a file."""
EVERY = [(family, one.name) for family in FAMILIES for one in configurations(family)]
every = pytest.mark.parametrize(("family", "name"), EVERY)


def configuration(family: str, name: str) -> Configuration:
    return quick(next(one for one in configurations(family) if one.name == name))


def changed(family: str, **fields: float) -> Configuration:
    """The family's first configuration with other numbers."""
    base = quick(configurations(family)[0], 2 * FEW_STEPS)
    assert isinstance(base, Struct)
    return structs.replace(base, **fields)


def quick(one: Configuration, steps: int = FEW_STEPS) -> Configuration:
    """A gate learns something of so little data in a few steps; the others are quick as they are."""
    return structs.replace(one, steps=steps) if isinstance(one, Mixture) else one


def served(fitted: Fitted) -> Served:
    return Served(fitted.model, fitted.reads)


def sides(rows: Rows) -> tuple[Rows, Rows]:
    return rows.where(rows.player < 14), rows.where(rows.player >= 14)


def dangerous(probabilities: np.ndarray, target: np.ndarray) -> float:
    """The mean probability of the move that beats the one thrown."""
    return float(probabilities[np.arange(len(target)), (target + 1) % 3].mean())


@pytest.fixture(scope="module")
def fits(rows: Rows) -> Callable[[str, str], Fitted]:
    """Every configuration fitted once, when it is first asked for."""
    kept: dict[tuple[str, str], Fitted] = {}

    def fitted(family: str, name: str) -> Fitted:
        if (family, name) not in kept:
            kept[family, name] = configuration(family, name).fit(*sides(rows), 0)
        return kept[family, name]

    return fitted


Fits = Callable[[str, str], Fitted]


def test_configurations_have_names_and_the_shipped_families_twelve_each() -> None:
    assert SHIPPED == ("brian", "forrest", "logan", "maxine") and {*SHIPPED} <= {*FAMILIES}
    for family in FAMILIES:
        assert len(configurations(family)) == len({one.name for one in configurations(family)})
    assert all(len(configurations(family)) == 12 for family in SHIPPED)


@pytest.mark.parametrize("family", SHIPPED)
def test_configurations_vary_danger_and_stakes(family: str) -> None:
    told = [to_builtins(one) for one in configurations(family)]
    assert {0.0, 0.1, 0.3, 0.6} <= {one["danger"] for one in told}
    assert any(one["stakes"] for one in told)
    assert len({str({**one, "name": ""}) for one in told}) == 12


@every
def test_predictions_are_probabilities_and_the_graph_s(family: str, name: str, fits: Fits, rows: Rows) -> None:
    fitted = fits(family, name)
    check(fitted, rows)
    for predict in (fitted.predict, served(fitted).predict):
        found = predict(rows)
        assert found.shape == (len(rows), 3) and (found > 0).all()
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


@every
def test_a_batch_equals_its_parts_alone_and_asking_twice_changes_nothing(
    family: str, name: str, fits: Fits, rows: Rows
) -> None:
    fitted = fits(family, name)
    parts = first(served(fitted).alone(rows), 20)
    few = rows.where(np.concatenate(parts))
    for predict in (fitted.predict, served(fitted).predict):
        batch = predict(few)
        alone = np.concatenate([predict(rows.where(part)) for part in parts])
        np.testing.assert_allclose(alone, batch, atol=1e-6)
        np.testing.assert_array_equal(predict(few), batch)
        assert predict(Rows.none()).shape == (0, 3)


@every
def test_no_prediction_depends_on_its_own_round_or_a_later_one(family: str, name: str, fits: Fits, rows: Rows) -> None:
    random, rows = np.random.default_rng(0), rows.where(rows.player < 5)
    later = rows.features[:, -1] >= np.log(1 + 20)
    for predict in (fits(family, name).predict, served(fits(family, name)).predict):
        before = predict(rows)
        others = {side: np.where(later, random.integers(0, 3, len(rows)), getattr(rows, side)) for side in SIDES}
        after = predict(replace(rows, **others, target=others["thrown"], weight=rows.weight * later))
        unknowing = rows.features[:, -1] <= np.log(1 + 20) + 1e-6
        np.testing.assert_array_equal(after[unknowing], before[unknowing])


@every
def test_all_zeros_and_far_too_much_are_still_answered(family: str, name: str, fits: Fits) -> None:
    one = np.zeros((4, len(NAMES)), np.float32)
    one[1:] = np.array([[1.0], [1e4], [-1e4]])
    for predict in (fits(family, name).predict, served(fits(family, name)).predict):
        np.testing.assert_allclose(predict(rows_with(one)).sum(axis=1), 1, atol=1e-5)


@every
def test_the_graph_has_the_inputs_and_outputs_of_its_kind_and_they_are_floats(
    family: str, name: str, fits: Fits
) -> None:
    fitted = fits(family, name)
    graph = onnx.load_from_string(fitted.model).graph
    told = {
        one.name: [d.dim_param or d.dim_value for d in one.type.tensor_type.shape.dim]
        for one in (*graph.input, *graph.output)
    }
    assert all(one.type.tensor_type.elem_type == onnx.TensorProto.FLOAT for one in (*graph.input, *graph.output))
    if not fitted.reads:
        assert told == {INPUT: ["n", len(NAMES)], OUTPUT: ["n", 3]}
    else:
        _, memory = told[NEXT_MEMORY]
        given = {name: ["n", *shape] for name, shape in shapes(memory).items()}
        assert told == {**given, OUTPUT: ["n", 3], NEXT_MEMORY: ["n", memory], PRIOR: [CELLS, 3]}
        assert memory >= 1 and fitted.reads == CONTRACT


@every
def test_habits_are_learned_better_than_guessing(family: str, name: str, fits: Fits, rows: Rows) -> None:
    train, _ = sides(rows)
    assert log_loss(fits(family, name).predict(train), train.target) < np.log(3)


@every
def test_the_same_seed_fits_the_same_model(family: str, name: str, fits: Fits, rows: Rows) -> None:
    assert configuration(family, name).fit(*sides(rows), 0).model == fits(family, name).model


@every
def test_the_curve_and_the_gain_tell_of_the_fit(family: str, name: str, fits: Fits, rows: Rows) -> None:
    fitted = fits(family, name)
    if family in SHIPPED:
        assert bool(fitted.curve) == (family != "logan") and bool(fitted.gain) == (family in ("forrest", "logan"))
    if fitted.gain:
        assert tuple(fitted.gain) == TURNED_NAMES and min(fitted.gain.values()) >= 0
        assert sum(fitted.gain.values()) == pytest.approx(1)
    if fitted.curve and not fitted.reads:  # calibration may only better the epoch or tree that was kept
        _, validation = sides(rows)
        assert log_loss(fitted.predict(validation), validation.target) <= min(fitted.curve) + 1e-4


@every
def test_one_class_without_validation_gives_positive_probabilities(family: str, name: str, rows: Rows) -> None:
    rocks = rows.where(rows.target == 0)
    fitted = configuration(family, name).fit(rocks, Rows.none(), 0)
    check(fitted, rocks)
    found = fitted.predict(rocks)
    assert (found > 0).all() and np.isfinite(found).all() and log_loss(found, rocks.target) < np.log(3)
    assert fitted.curve == ()


@every
def test_one_row_is_enough_for_a_fit(family: str, name: str, rows: Rows) -> None:
    one = rows.where(np.arange(len(rows)) == 50)
    check(configuration(family, name).fit(one, one, 0), rows.where(np.arange(len(rows)) < 60))


@every
def test_no_row_or_none_that_counts_is_nothing_to_learn_from(family: str, name: str, rows: Rows) -> None:
    with pytest.raises(NothingToLearn, match="no round"):
        configuration(family, name).fit(Rows.none(), rows, 0)
    with pytest.raises(NothingToLearn, match="weights"):
        configuration(family, name).fit(replace(rows, weight=0 * rows.weight), rows, 0)


@every
@pytest.mark.parametrize("worth", [np.nan, np.inf])
def test_no_fit_is_made_from_what_is_not_a_number(family: str, name: str, worth: float, rows: Rows) -> None:
    features = rows.features.copy()
    features[7, 3] = worth
    bad = replace(rows, features=features)
    for train, validation, what in ((bad, rows, "train"), (rows, bad, "validation")):
        with pytest.raises(NothingToLearn, match=f"{what} rows hold something that is not a finite number"):
            configuration(family, name).fit(train, validation, 0)


@pytest.mark.parametrize("family", SHIPPED)
def test_the_more_danger_counts_the_less_is_expected_of_what_beats_the_throw(family: str, rows: Rows) -> None:
    train, _ = sides(rows)
    found = []
    for danger in (0.0, 0.6, 3.0):
        fitted = changed(family, danger=danger).fit(train, train, 0)
        found.append(dangerous(fitted.predict(train), train.target))
    assert found[0] > found[1] > found[2]


@pytest.mark.parametrize("family", SHIPPED)
def test_stakes_move_the_fit_to_the_rounds_that_decide(family: str, rows: Rows) -> None:
    top = rows.stake >= np.quantile(rows.stake, 0.75)
    mixed = replace(rows, target=np.where(top, 0, 1))
    plain, staked = (changed(family, stakes=stakes).fit(mixed, Rows.none(), 0) for stakes in (0.0, 4.0))
    assert staked.predict(rows)[:, 0].mean() > plain.predict(rows)[:, 0].mean()


@every
def test_every_configuration_fits_in_a_manifest(family: str, name: str) -> None:
    one = configuration(family, name)
    scores = Scores(1, 0.5, 1.0, (0.0, 1.0), (0.0, 2.0))
    manifest = describe(family, one, b"model", Training([], 0, 0, ""), scores, {})
    assert manifest.version.startswith(f"{family}-") and manifest.configuration == to_builtins(one)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_first_configuration_lies_in_the_space_of_a_sweep(family: str) -> None:
    base = configurations(family)[0]
    for name, kind in space(family).items():
        worth = getattr(base, name)
        assert worth in kind.options if isinstance(kind, Choice) else kind.low <= worth <= kind.high


def test_some_rows_are_drawn_once_each_in_order_and_alike_for_a_seed(rows: Rows) -> None:
    numbered = replace(rows, player=np.arange(len(rows)))
    few = some(numbered, 100, 5)
    assert len(few) == 100 and (np.diff(few.player) > 0).all()
    np.testing.assert_array_equal(few.features, rows.features[few.player])
    np.testing.assert_array_equal(some(numbered, 100, 5).player, few.player)
    assert (some(numbered, 100, 6).player != few.player).any() and some(numbered, len(rows), 5) is numbered


def test_no_more_rows_are_admitted_than_may_be(rows: Rows) -> None:
    many = Rows.join([rows] * (MOST_JUDGED // len(rows) + 1))
    train, validation = admitted(rows, many, 50, 0)
    assert len(train) == 50 and len(validation) == MOST_JUDGED


def test_a_graph_that_says_something_else_is_caught(fits: Fits, rows: Rows) -> None:
    level = dense([(np.zeros((WIDTH, 3)), np.zeros(3))])
    with pytest.raises(ExportError, match="in a batch"):
        check(Fitted(fits("logan", "styles").predict, level), rows)


def test_turning_is_undone(rows: Rows) -> None:
    turned = turn(rows.features)
    moves = turn_moves(rows.target, rows.features)
    known = rows.features[:, -1] > 0
    assert (turned[known, 0] == 1).all()
    np.testing.assert_array_equal(turn_back(np.eye(3)[moves], rows.features), np.eye(3)[rows.target])
