"""Readers in the trainer: whose counts a prior holds, that the graph is the network, and that nobody sees ahead."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from msgspec.structs import replace as changed
from support.gates import Replay, gate

from game import fold
from game.features import pack, vector
from models.experts.layout import CELLS
from models.experts.reading import PRIOR
from models.experts.specs import CONTRACT
from trainer.data.columns import Floats, Rounds
from trainer.data.intake import fold as matches_of
from trainer.data.intake import histories
from trainer.data.log import entries, opened
from trainer.data.rehearsal import rehearse
from trainer.data.rows import Rows
from trainer.data.sequences import READ, unbroken
from trainer.data.simulated import simulate
from trainer.fitting.conformance import fault
from trainer.fitting.families import Fitted
from trainer.fitting.families.maxine import CONFIGURATIONS, Mixture
from trainer.fitting.gate import judge
from trainer.fitting.importance import permutation
from trainer.fitting.measures import log_loss
from trainer.fitting.personal.blend import blend, remembered
from trainer.fitting.personal.cues import SIZE
from trainer.fitting.personal.filter import Prior
from trainer.fitting.reading.census import Census
from trainer.fitting.reading.export import graph
from trainer.fitting.reading.follow import follow
from trainer.fitting.reading.net import Net
from trainer.fitting.reading.net import gate as answers
from trainer.fitting.served import Served, check

QUICK: Mixture = changed(CONFIGURATIONS[0], steps=60, hidden=8, memory=8)


@pytest.fixture(scope="module")
def followers() -> Rows:
    """Twelve players of forty rounds: half of them go up from their last throw nine times in ten, half go down."""
    random = np.random.default_rng(4)

    def play(position: Rounds) -> Floats:
        last, up = position.known.player[:, -1], position.owner % 2 == 0
        step = np.where(up, 1, 2)
        likely = np.eye(3)[(np.maximum(last, 0) + step) % 3]
        return np.asarray(0.85 * likely + 0.05)

    return Rows.of(simulate(play, 12, 40, random, least=40))


@pytest.fixture(scope="module")
def fitted(followers: Rows) -> Fitted:
    return QUICK.fit(followers.where(followers.player < 8), followers.where(followers.player >= 8), 0)


def test_a_prior_without_a_player_is_that_of_the_others_alone(rows: Rows) -> None:
    census, others = Census(rows), Census(rows.where(rows.player != 3))
    np.testing.assert_allclose(census.prior(3.0, without=3), others.prior(3.0), rtol=1e-5)
    assert np.abs(census.prior(3.0) - others.prior(3.0)).max() > 0.01
    np.testing.assert_array_equal(census.prior(3.0, without=-7), census.prior(3.0))


def test_a_prior_is_counts_of_its_strength_in_every_context(rows: Rows) -> None:
    found = Census(rows).prior(5.0)
    assert found.shape == (CELLS, 3) and found.dtype == np.float32 and (found > 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 5, rtol=1e-5)


def test_rows_count_in_a_prior_by_their_weight(rows: Rows) -> None:
    none = replace(rows, weight=np.where(rows.player == 3, 0, rows.weight).astype(np.float32))
    without = Census(rows.where(rows.player != 3)).prior(3.0)
    np.testing.assert_allclose(Census(none).prior(3.0), without, rtol=1e-5)
    double = replace(rows, weight=2 * rows.weight)
    np.testing.assert_allclose(
        Census(double).prior(3.0),
        Census(Rows.join([rows, replace(rows, player=rows.player + 100)])).prior(3.0),
        rtol=1e-5,
    )


def test_the_prior_in_the_graph_is_of_all_who_were_learned_from(followers: Rows, fitted: Fitted) -> None:
    model = onnx.load_from_string(fitted.model)
    (node,) = (one for one in model.graph.node if one.output[0] == PRIOR)
    (kept,) = (one for one in model.graph.initializer if one.name == node.input[0])
    expected = Census(followers.where(followers.player < 8)).prior(QUICK.strength)
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(kept), expected)


@pytest.mark.parametrize(("memory", "layers", "gates"), [(0, 1, 1), (6, 1, 2), (6, 3, 1)])
def test_the_graph_is_the_networks_whatever_their_weights(rows: Rows, memory: int, layers: int, gates: int) -> None:
    torch.manual_seed(1)
    nets = [Net(10, memory, layers, dropout=0.5, silence=0.5).eval() for _ in range(gates)]
    with torch.no_grad():
        for weights in (one for net in nets for one in net.parameters()):
            weights.normal_(std=0.3)
    few, prior = rows.where(rows.player < 4), Census(rows).prior(2.0)
    people = Prior(np.zeros(SIZE), np.eye(SIZE), 0.01)
    widths = [net.memory for net in nets]
    answer = blend([answers(net, 1.7) for net in nets], widths, people, share=0.3)

    def predict(some: Rows) -> Floats:
        return follow(some, answer, prior, remembered(widths))

    check(Fitted(predict, graph([(net, 1.7) for net in nets], people, 0.3, prior), reads=CONTRACT), few)
    assert predict(few).std(axis=0).min() > 0.05


def test_what_one_player_does_is_learned_from_that_player(followers: Rows, fitted: Fitted) -> None:
    """Up or down is as likely in a stranger; whoever reads the player soon knows."""
    unknown = followers.where(followers.player >= 8)
    number = np.rint(np.expm1(unknown.features[:, -1]))
    said = Served(fitted.model, fitted.reads).predict(unknown)
    early, late = ((number >= a) & (number < b) for a, b in ((1, 3), (15, 40)))
    assert log_loss(said[late], unknown.target[late]) < 0.7 < log_loss(said[early], unknown.target[early])
    alone = Rows.join([unknown.where(np.array([row])) for row in np.flatnonzero(late)])
    shuffled = Served(fitted.model, fitted.reads).predict(alone.where(np.random.default_rng(0).permutation(len(alone))))
    assert log_loss(shuffled, alone.target) > 0.9


def test_the_gate_that_did_best_on_the_judging_rounds_is_kept(followers: Rows) -> None:
    """As far as a gate alone goes; what is blended with it is not on the curve."""
    unknown = followers.where(followers.player >= 8)
    alone = changed(QUICK, steps=48, rate=0.05, gates=1, share=0.0)
    found = alone.fit(followers.where(followers.player < 8), unknown, 0)
    assert len(found.curve) > 3
    assert log_loss(found.predict(unknown), unknown.target) <= min(found.curve) + 1e-3


def test_rounds_read_before_a_gap_are_forgotten(followers: Rows, fitted: Fitted) -> None:
    model = Served(fitted.model, fitted.reads)
    one = followers.where(followers.player == 9)
    after = one.where(np.arange(len(one)) >= 20)
    broken = one.where(np.arange(len(one)) != 19)
    assert len(unbroken(broken)) == 2
    np.testing.assert_allclose(model.predict(broken)[19:], model.predict(after), atol=1e-6)
    assert np.abs(model.predict(one)[20:] - model.predict(after)).max() > 0.1


def test_what_is_made_up_to_be_learned_changes_nothing_that_is_read(followers: Rows, fitted: Fitted) -> None:
    model = Served(fitted.model, fitted.reads)
    other = replace(followers, target=(followers.target + 1) % 3)
    np.testing.assert_array_equal(model.predict(other), model.predict(followers))


def test_a_reader_says_of_a_log_what_its_past_and_rounds_tell(cyclers: Path) -> None:
    """As anybody would replay it, byte by byte, from what was recorded when a match began."""
    model = gate(3)
    replay = Replay(model)
    with opened(cyclers) as connection:
        matches = list(matches_of(entries(connection), []))[6:10]
    found = histories(matches)
    rounds = replace(found.rounds, owner=np.arange(len(found.matches)))
    said = iter(Served(model, CONTRACT).predict(Rows.sealed(rounds)))
    by_name = {match.id: match for match in matches}
    for name in found.matches:
        match = by_name[name]
        state = fold.begin(match.opened)
        assert len(state.known.past) > 5
        for round in match.rounds:
            scores = state.scores
            features = pack(vector(state.known, state.values, scores.player, scores.bot, state.round))
            np.testing.assert_allclose(next(said), replay.says(state.known.past, features), atol=1e-5)
            state = fold.apply(fold.apply(state, round.sealed), round.played)


def test_who_reads_along_in_a_simulation_says_what_is_said_of_its_rows(rows: Rows) -> None:
    random = np.random.default_rng(0)
    model, said = Served(gate(2), CONTRACT), []
    player = model.player(games=5, rounds=30)

    def play(position: Rounds) -> Floats:
        said.append(player(position))
        return said[-1]

    played = Rows.of(simulate(play, 5, 30, random, least=30))
    np.testing.assert_allclose(np.stack(said, axis=1).reshape(-1, 3), model.predict(played), atol=1e-5)


def test_a_reader_in_production_is_rehearsed_by_what_it_expects() -> None:
    model = Served(gate(5), CONTRACT)
    rehearsed = rehearse(model, np.random.default_rng(0), 40)
    said = model.predict(rehearsed)
    assert (rehearsed.player < 0).all() and len(np.unique(rehearsed.player)) == 40
    drawn = np.bincount(rehearsed.target, minlength=3) / len(rehearsed)
    np.testing.assert_allclose(drawn, said.mean(axis=0), atol=0.03)
    expected = float(np.take_along_axis(said, rehearsed.target[:, None], axis=1).mean())
    assert expected == pytest.approx(float((said * said).sum(axis=1).mean()), abs=0.02)
    assert (rehearsed.target != rehearsed.thrown).any()


def test_a_reader_leans_on_the_values_the_lead_and_the_past_alone(followers: Rows, fitted: Fitted) -> None:
    found = permutation(Served(fitted.model, fitted.reads), followers, seed=0)
    assert {name for name, rise in found.items() if rise} <= set(READ)
    assert max(found, key=lambda name: found[name]) == "rounds_known" and found["rounds_known"] > 0.1


def test_the_gate_judges_a_reader_by_the_same_checks(followers: Rows, fitted: Fitted) -> None:
    unknown = followers.where(followers.player >= 8)
    better = judge("maxine", fitted, ("maxine-now", Served(gate(), CONTRACT)), unknown, seed=0)
    assert better.checks[-1].passed and all(check.passed for check in better.checks if check.name != "calibration")
    names = ["conformance", "size", "latency", "calibration", "log-loss"]
    assert [check.name for check in better.checks] == names
    random = Fitted(Served(gate(), CONTRACT).predict, gate(), reads=CONTRACT)
    assert not judge("maxine", random, ("maxine-now", Served(fitted.model, CONTRACT)), unknown, seed=0).passed


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (gate(drop=PRIOR), "without prior"),
        (gate(frames=(9,)), "Its inputs are"),
        (gate(memory=("m",)), "Its inputs are"),
        (gate(prior=np.ones((7, 3))), "the prior has the shape"),
        (gate(crowd=True), "otherwise for rounds among others"),
        (gate(last="Relu"), "no probabilities"),
    ],
)
def test_a_gate_that_breaks_the_contract_is_refused(rows: Rows, model: bytes, said: str) -> None:
    found = fault(model, CONTRACT, rows.where(rows.player < 6))
    assert found is not None and said in found


def test_a_reader_is_no_plain_model_nor_the_other_way_round(rows: Rows, fitted: Fitted) -> None:
    few = rows.where(rows.player < 2)
    assert fault(fitted.model, CONTRACT, few) is None
    assert "Its inputs are" in str(fault(fitted.model, "", few))
