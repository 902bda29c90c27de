"""Baselines see only the past, measures mean what they say, and no player stands on two sides."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from support.rows import rows_with

from game.equilibrium import equilibrium, stakes
from game.features import NAMES
from game.moves import MOVES, outcome
from game.points import gains
from game.policy import respond
from trainer.data import baselines
from trainer.data.columns import Floats, Ints, Rounds
from trainer.data.habits import Habits
from trainer.data.rows import Rows
from trainer.data.simulated import simulate
from trainer.data.splits import Split, split
from trainer.data.turning import WIDTH
from trainer.errors import LeakError
from trainer.fitting import measures
from trainer.fitting.graph import dense
from trainer.fitting.importance import permutation
from trainer.fitting.served import Served
from trainer.fitting.winnings import over_equilibrium


@pytest.fixture(scope="module")
def played() -> Rounds:
    random = np.random.default_rng(5)
    return simulate(Habits(8, random), 8, 40, random)


def test_markov2_and_frequency_are_the_smoothed_counts_so_far(played: Rounds) -> None:
    found = baselines.predictions(played)
    for history in range(8):
        rows = np.flatnonzero(played.history == history)
        seen, pairs = Counter[int](), Counter[tuple[int, int, int]]()
        past = [3, 3]
        for row in rows:
            shares = np.array([seen[move] + 1 for move in range(3)], float)
            after = np.array([pairs[past[0], past[1], move] + 1 for move in range(3)], float)
            np.testing.assert_allclose(found["frequency"][row], shares / shares.sum())
            np.testing.assert_allclose(found["markov2"][row], after / after.sum())
            move = int(played.player[row])
            seen[move] += 1
            pairs[past[0], past[1], move] += 1
            past = [move, past[0]]


def test_every_baseline_gives_probabilities(played: Rounds) -> None:
    for predicted in baselines.predictions(played).values():
        assert (predicted > 0).all()
        np.testing.assert_allclose(predicted.sum(axis=1), 1)


def some(target: Ints, players: Ints, weight: Floats | None = None) -> Rows:
    """Rows of which only what is thrown matters; it is always the start of a match."""
    number = len(target)
    features = np.zeros((number, len(NAMES)), np.float32)
    features[:, NAMES.index("rock_pts") : NAMES.index("rock_pts") + 3] = 1.0, 1.4, 1.9
    features[:, [NAMES.index("user_pts_to_win"), NAMES.index("bot_pts_to_win")]] = 10.0
    heavy = np.ones(number) if weight is None else weight
    return replace(rows_with(features), target=target, player=players, weight=heavy.astype(np.float32))


def test_a_tie_for_the_likeliest_move_counts_its_share() -> None:
    found = measures.scores(np.full((3, 3), 1 / 3), some(np.array([0, 1, 2]), np.arange(3)), seed=0)
    assert found.accuracy == pytest.approx(1 / 3) and found.log_loss == pytest.approx(np.log(3))
    assert found.brier == pytest.approx(2 / 3) and found.calibration_error == pytest.approx(0)


def test_intervals_are_over_players_not_rounds_unless_told() -> None:
    target = np.zeros(400, int)
    players = np.repeat([0, 1], 200)
    sure = np.where(players[:, None] == 0, [0.8, 0.1, 0.1], [0.1, 0.8, 0.1])
    rows = some(target, players)
    found = measures.scores(sure, rows, seed=0)
    assert found.accuracy == 0.5 and found.accuracy_interval == (0, 1)
    assert found.brier_interval == pytest.approx((0.06, 1.46))
    low, high = measures.scores(sure, rows, seed=0, clusters=np.arange(400)).accuracy_interval
    assert 0.44 < low < 0.5 < high < 0.56


def test_rows_count_by_their_weight() -> None:
    rows = some(np.array([0, 0, 1, 1]), np.arange(4), np.array([1.0, 1.0, 0.1, 0.1]))
    found = measures.scores(np.tile([0.7, 0.2, 0.1], (4, 1)), rows, seed=0)
    assert found.rounds == 4 and found.accuracy == pytest.approx(2 / 2.2)
    assert found.log_loss == pytest.approx(-(2 * np.log(0.7) + 0.2 * np.log(0.2)) / 2.2)
    assert found.calibration_error == pytest.approx(2 / 2.2 - 0.7)


def test_the_brier_score_is_the_squared_distance() -> None:
    found = measures.briers(np.array([[0.5, 0.3, 0.2], [0.0, 1.0, 0.0]]), np.array([0, 2]))
    np.testing.assert_allclose(found, [0.25 + 0.09 + 0.04, 2.0])


def test_who_knows_how_sure_to_be_is_calibrated_and_who_boasts_is_not() -> None:
    random = np.random.default_rng(0)
    truth = random.dirichlet(np.ones(3), 20_000)
    target = (random.random(20_000)[:, None] > truth.cumsum(axis=1)[:, :2]).sum(axis=1)
    rows = some(target, np.arange(20_000))
    honest, bins = measures.calibration(truth, rows)
    assert honest < 0.02 and len(bins) == measures.BINS and {one.count for one in bins} == {2000}
    assert all(abs(one.expected - one.came_true) < 0.05 for one in bins)
    boast = truth**4 / (truth**4).sum(axis=1, keepdims=True)
    boasting, boasted = measures.calibration(boast, rows)
    assert boasting > 0.1 and all(one.expected > one.came_true for one in boasted[1:])


def test_a_bin_is_never_nearly_empty() -> None:
    random = np.random.default_rng(0)
    rows = some(random.integers(0, 3, 120), np.arange(120))
    _, bins = measures.calibration(random.dirichlet(np.ones(3), 120), rows)
    assert [one.count for one in bins] == [60, 60]


def test_confusion_counts_throws_by_the_likeliest_move() -> None:
    said = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    assert measures.confusion(said, np.array([0, 0, 1, 2])) == ((1, 1, 0), (0, 1, 0), (0, 0, 1))


def test_points_over_equilibrium_are_those_of_the_game(rows: Rows) -> None:
    some = rows.where(np.arange(len(rows)) % 30 == 0)
    said = np.random.default_rng(1).dirichlet(np.ones(3), len(some))
    wanted = []
    for expected, features, target in zip(said.tolist(), some.features.tolist(), some.target.tolist(), strict=True):
        named = dict(zip(NAMES, features, strict=True))
        values = {move: round(10 * named[f"{move}_pts"]) for move in MOVES}
        game = stakes(100 - round(10 * named["bot_pts_to_win"]), 100 - round(10 * named["user_pts_to_win"]), values)
        thrown = MOVES[target]
        margins = []
        for move in MOVES:
            to_player, to_bot = gains(thrown, move, outcome(thrown, move), values)
            margins.append((to_bot - to_player) / 10)
        mixes = respond(game, tuple(expected)), equilibrium(game)[0]
        ours, theirs = (sum(share * margin for share, margin in zip(mix, margins, strict=True)) for mix in mixes)
        wanted.append(ours - theirs)
    np.testing.assert_allclose(over_equilibrium(said, some.features, some.target), wanted, atol=1e-9)


def test_foreknowledge_wins_points_and_the_equilibrium_wins_none(rows: Rows, played: Rounds) -> None:
    known = measures.scores(np.eye(3)[rows.target], rows, seed=0)
    assert known.points_over_equilibrium is not None and known.points_over_equilibrium_interval is not None
    assert known.points_over_equilibrium > 0.8 and known.points_over_equilibrium_interval[0] > 0.7
    theirs = Rows.of(played)
    balanced = baselines.predictions(played)["equilibrium"]
    nothing = measures.scores(balanced, theirs, seed=0)
    assert nothing.points_over_equilibrium == pytest.approx(0, abs=0.05)


def test_a_difference_is_paired_row_by_row(rows: Rows) -> None:
    said = np.random.default_rng(1).dirichlet(np.ones(3), len(rows))
    same = measures.difference(said, said, rows, seed=0)
    assert same.mean == 0 and same.interval == (0, 0)
    better = 0.9 * said + 0.1 * np.eye(3)[rows.target]
    found = measures.difference(better, said, rows, seed=0)
    losses = [measures.log_loss(one, rows.target) for one in (better, said)]
    assert found.mean == pytest.approx(losses[0] - losses[1]) and found.interval[1] < 0
    back = measures.difference(said, better, rows, seed=0)
    assert back.mean == pytest.approx(-found.mean) and back.interval[0] > 0
    by_round = measures.difference(better, said, rows, seed=0, clusters=np.arange(len(rows)))
    assert by_round.mean == pytest.approx(found.mean) and by_round.interval != found.interval


def test_shuffling_a_feature_hurts_only_who_uses_it(rows: Rows) -> None:
    weights = np.zeros((WIDTH, 3))
    weights[NAMES.index("user_tend_rock")] = 6, 0, -6
    model = Served(dense([(weights, np.zeros(3))]))
    said = model.predict(rows)
    drawn = (np.random.default_rng(0).random(len(rows))[:, None] > said.cumsum(axis=1)[:, :2]).sum(axis=1)
    features = rows.features.copy()
    found = permutation(model, replace(rows, features=features, target=drawn), seed=0)
    turned_with_it = {name for name in NAMES if name.startswith(("user_-1", "user_tend"))}
    assert list(found) == list(NAMES)
    assert all(found[name] == 0 for name in NAMES if name not in turned_with_it)
    assert max(found, key=lambda name: found[name]) in turned_with_it and max(found.values()) > 0.05
    np.testing.assert_array_equal(features, rows.features)


def test_a_certain_mistake_stays_finite() -> None:
    assert np.isfinite(measures.log_loss(np.array([[1.0, 0.0, 0.0]]), np.array([1])))


def test_a_split_takes_every_player_once_and_repeats() -> None:
    sides = split(range(40), (0.2, 0.1), seed=4)
    assert sorted(np.concatenate([sides.train, sides.validation, sides.test]).tolist()) == list(range(40))
    assert (len(sides.validation), len(sides.test)) == (8, 4)
    assert (split(range(40), (0.2, 0.1), seed=4).train == sides.train).all()


def test_a_player_on_two_sides_is_caught() -> None:
    with pytest.raises(LeakError, match="1 players stand on two sides of the split, first 3"):
        Split(np.array([1, 2, 3]), np.array([4]), np.array([5, 3]))
