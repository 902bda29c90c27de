"""Baselines see only the past, measures mean what they say, and no player stands on two sides."""

from collections import Counter

import numpy as np
import pytest

from trainer import baselines, measures
from trainer.columns import Rounds
from trainer.errors import LeakError
from trainer.habits import Habits
from trainer.simulated import simulate
from trainer.splits import Split, split


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


def test_a_tie_for_the_likeliest_move_counts_its_share() -> None:
    target = np.array([0, 1, 2])
    found = measures.scores(np.full((3, 3), 1 / 3), target, np.arange(3), seed=0)
    assert found.accuracy == pytest.approx(1 / 3) and found.log_loss == pytest.approx(np.log(3))


def test_intervals_are_over_players_not_rounds() -> None:
    target = np.zeros(400, int)
    players = np.repeat([0, 1], 200)
    sure = np.where(players[:, None] == 0, [0.8, 0.1, 0.1], [0.1, 0.8, 0.1])
    found = measures.scores(sure, target, players, seed=0)
    assert found.accuracy == 0.5 and found.accuracy_interval == (0, 1)


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
