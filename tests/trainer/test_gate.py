"""The gate refuses what is shown to be worse, boasts, is large or slow, or answers as it must not; and says why."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx
import pytest

from models.store import SHIPPED, FolderStore
from trainer.data.columns import Floats
from trainer.data.habits import Habits
from trainer.data.rows import Rows
from trainer.data.simulated import simulate
from trainer.data.turning import WIDTH
from trainer.errors import Unwanted
from trainer.fitting import gate
from trainer.fitting.families import Fitted
from trainer.fitting.gate import Verdict, conforms, judge
from trainer.fitting.graph import dense
from trainer.fitting.measures import log_loss
from trainer.fitting.served import Served

CHECKS = ["conformance", "size", "latency", "calibration", "log-loss"]


@pytest.fixture(scope="module")
def held_out() -> Rows:
    """Two thousand rounds of people who go up from their last throw, three times in five."""
    random = np.random.default_rng(3)
    rows = Rows.of(simulate(Habits(60, random), 60, 50, random))
    last = rows.features[:, :3].argmax(axis=1)
    target = (last + random.choice(3, len(rows), p=[0.2, 0.6, 0.2])) % 3
    return replace(rows, target=target)


def saying(stays: float, up: float, down: float) -> Fitted:
    """A model that says always the same of the move turned by the last throw."""
    logits = np.log([stays, up, down])

    def predict(rows: Rows) -> Floats:
        last = rows.features[:, :3].argmax(axis=1)
        return np.asarray(np.exp(logits)[(np.arange(3) - last[:, None]) % 3])

    return Fitted(predict, dense([(np.zeros((WIDTH, 3)), logits)]))


RIGHT, NEARLY, WRONG = saying(0.2, 0.6, 0.2), saying(0.22, 0.56, 0.22), saying(0.4, 0.3, 0.3)
BOASTING = saying(0.02, 0.96, 0.02)


def judged(candidate: Fitted, production: Fitted | None, held_out: Rows) -> Verdict:
    serving = None if production is None else ("fixed-now", Served(production.model))
    return judge("fixed", candidate, serving, held_out, seed=0)


def loss(one: Fitted, rows: Rows) -> float:
    return log_loss(one.predict(rows), rows.target)


def failed(verdict: Verdict) -> list[str]:
    return [check.name for check in verdict.checks if not check.passed]


def test_what_is_better_passes_every_check(held_out: Rows) -> None:
    verdict = judged(RIGHT, WRONG, held_out)
    assert verdict.passed and [check.name for check in verdict.checks] == CHECKS
    assert verdict.production == "fixed-now" and verdict.version.startswith("fixed-")
    assert verdict.rounds == len(held_out)
    assert all(check.value <= check.limit and check.said.endswith(".") for check in verdict.checks)
    assert verdict.reason.startswith(f"Its log-loss on {len(held_out)} newest rounds is 0.9")


def test_what_is_shown_to_be_worse_is_refused_with_the_figures(held_out: Rows) -> None:
    verdict = judged(saying(0.3, 0.45, 0.25), RIGHT, held_out)
    assert failed(verdict) == ["calibration", "log-loss"] and not verdict.passed
    check = verdict.checks[-1]
    assert check.value > 0 == check.limit and "in production 0.9" in check.said and "95 %" in check.said
    assert check.said in verdict.reason and verdict.checks[-2].said in verdict.reason


def test_what_is_not_shown_to_be_worse_passes(held_out: Rows) -> None:
    off = max(saying(0.205, 0.6, 0.195), saying(0.195, 0.6, 0.205), key=lambda one: loss(one, held_out))
    assert loss(off, held_out) > loss(RIGHT, held_out) and judged(off, RIGHT, held_out).passed
    assert judged(RIGHT, RIGHT, held_out).passed


def test_with_nothing_in_production_guessing_must_not_be_shown_to_be_better(held_out: Rows) -> None:
    verdict = judged(RIGHT, None, held_out)
    assert verdict.passed and verdict.production is None
    assert "by guessing, for nothing is in production yet, 1.0986" in verdict.checks[-1].said
    assert "log-loss" in failed(judged(WRONG, None, held_out))


def test_who_boasts_or_is_too_modest_is_refused_unless_what_serves_is_shown_to_be_worse(held_out: Rows) -> None:
    assert "calibration" in failed(judged(BOASTING, WRONG, held_out))
    assert failed(judged(BOASTING, None, held_out)) == ["calibration", "log-loss"]
    assert failed(judged(BOASTING, BOASTING, held_out)) == ["calibration"]
    modest = saying(0.3, 0.4, 0.3)
    assert failed(judged(modest, None, held_out)) == ["calibration"]
    verdict = judged(modest, WRONG, held_out)
    assert verdict.passed and "but what serves is worse all in all." in verdict.checks[-2].said


def test_matches_may_be_what_is_resampled(held_out: Rows) -> None:
    serving = ("fixed-now", Served(NEARLY.model))
    by_player = judge("fixed", RIGHT, serving, held_out, 0).checks[-1]
    by_round = judge("fixed", RIGHT, serving, held_out, 0, np.arange(len(held_out))).checks[-1]
    assert by_player.value != by_round.value


def test_a_large_model_is_refused(held_out: Rows) -> None:
    hidden = 45_000
    layers = [(np.zeros((WIDTH, hidden)), np.zeros(hidden)), (np.zeros((hidden, 3)), np.zeros(3))]
    few = held_out.where(np.arange(len(held_out)) < 20)
    level = Fitted(lambda rows: np.full((len(rows), 3), 1 / 3), dense(layers))
    verdict = judged(level, None, few)
    assert "size" in failed(verdict) and "MiB large" in verdict.reason
    with pytest.raises(Unwanted, match="MiB large; 8 are allowed"):
        conforms(level.model)


def test_a_slow_model_is_refused(held_out: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MOST_MS", 0.0)
    assert failed(judged(RIGHT, None, held_out)) == ["latency"]
    with pytest.raises(Unwanted, match="A prediction takes it"):
        conforms(RIGHT.model)


def test_a_graph_that_says_something_else_than_was_fitted_is_judged_no_further(held_out: Rows) -> None:
    verdict = judged(Fitted(RIGHT.predict, WRONG.model), None, held_out)
    assert failed(verdict) == ["conformance"] and "not the fitted model's" in verdict.reason
    assert [check.name for check in verdict.checks] == ["conformance", "size"]


def renamed(model: bytes, name: str, new: str) -> bytes:
    graph = onnx.load_from_string(model)
    for node in graph.graph.node:
        for names in (node.input, node.output):
            names[:] = [new if one == name else one for one in names]
    for value in (*graph.graph.input, *graph.graph.output):
        value.name = new if value.name == name else value.name
    return bytes(graph.SerializeToString())


def unnormalised() -> bytes:
    graph = onnx.load_from_string(RIGHT.model)
    softmax = next(node for node in graph.graph.node if node.op_type == "Softmax")
    softmax.op_type = "Relu"
    del softmax.attribute[:]
    return bytes(graph.SerializeToString())


BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "garbage": (lambda: b"garbage", "ONNX Runtime refuses it"),
    "input": (lambda: renamed(RIGHT.model, "features", "inputs"), "Its inputs are"),
    "output": (lambda: renamed(RIGHT.model, "probabilities", "said"), "Its outputs are"),
    "nan": (lambda: dense([(np.zeros((WIDTH, 3)), np.full(3, np.nan))]), "not a number"),
    "sum": (unnormalised, "no probabilities"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_model_that_breaks_the_contract_is_refused(name: str, held_out: Rows) -> None:
    make, said = BROKEN[name]
    verdict = judged(Fitted(RIGHT.predict, make()), None, held_out)
    assert failed(verdict) == ["conformance"] and said in verdict.reason
    with pytest.raises(Unwanted, match=said):
        conforms(make())


def test_every_shipped_model_conforms() -> None:
    store = FolderStore(SHIPPED)
    pins = {pin for aliases in store.table().aliases.values() for pin in aliases.values()}
    assert len(pins) >= 16
    for bundle in map(store.bundle, pins):
        conforms(bundle.model, bundle.manifest.reads)
