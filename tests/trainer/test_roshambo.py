"""The RoShamBo player: it sees nothing ahead, learns what can be learned, risks little; a tournament adds up."""

from collections.abc import Callable

import numpy as np
import pytest
from msgspec import json

from trainer.errors import TrainerError
from trainer.roshambo.bank import EXPERTS, Bank
from trainer.roshambo.contexts import CONTEXTS, cells
from trainer.roshambo.mixers import FixedShare, LogLinear, Mixer
from trainer.roshambo.player import Player, payoffs, points
from trainer.roshambo.population import Population
from trainer.roshambo.predictor import Predictor
from trainer.roshambo.situation import (
    ALL_MINE,
    LATE_THEIRS,
    MINE,
    MY_STEP,
    THEIR_STEP,
    THEIRS,
    Situation,
    at,
    order,
    within,
)
from trainer.roshambo.tournament import figures, lines, run

Throws = list[tuple[int, int]]
Opponent = Callable[[Throws], int]
"""Throws by (our, its own) earlier throws."""
ROCK, PAPER, SCISSORS = range(3)


def some_throws(count: int, seed: int = 3) -> Throws:
    return [(mine, theirs) for mine, theirs in np.random.default_rng(seed).integers(0, 3, (count, 2)).tolist()]


def match(opponent: Opponent, throws: int, seed: int = 0) -> tuple[int, Throws]:
    """The player's points and all throws."""
    player, thrown = Player(seed), []
    for _ in range(throws):
        mine, theirs = player.throw(), opponent(thrown)
        player.learn(mine, theirs)
        thrown.append((mine, theirs))
    return sum(points(*one) for one in thrown), thrown


def test_points_and_payoffs_are_those_of_the_game() -> None:
    assert [points(mine, theirs) for mine, theirs in ((PAPER, ROCK), (ROCK, SCISSORS), (SCISSORS, PAPER))] == [1, 1, 1]
    assert [points(theirs, mine) for mine, theirs in ((PAPER, ROCK), (ROCK, SCISSORS), (SCISSORS, PAPER))] == [-1] * 3
    assert [points(throw, throw) for throw in range(3)] == [0, 0, 0]
    expected = np.array([0.5, 0.3, 0.2])
    by_hand = [sum(expected[theirs] * points(mine, theirs) for theirs in range(3)) for mine in range(3)]
    np.testing.assert_allclose(payoffs(expected), by_hand)


def test_the_situation_tells_throws_steps_cycles_and_orders() -> None:
    situation = Situation()
    for mine, theirs in ((ROCK, PAPER), (ROCK, SCISSORS), (PAPER, SCISSORS)):
        situation.learn(mine, theirs)
    row = situation.row
    assert [row[at(MINE, lag)] for lag in (1, 2, 3, 4)] == [PAPER + 1, ROCK + 1, ROCK + 1, 0]
    assert [row[at(THEIRS, lag)] for lag in (1, 2, 3)] == [SCISSORS + 1, SCISSORS + 1, PAPER + 1]
    assert (row[at(MY_STEP, 1)], row[at(THEIR_STEP, 1)], row[at(THEIR_STEP, 2)]) == (2, 1, 2)
    assert (row[within(2)], row[within(3)], row[within(8)]) == (1, 0, 3)
    assert situation.last == (PAPER, SCISSORS)
    before = row[order(ALL_MINE)], row[order(LATE_THEIRS)]
    situation.learn(PAPER, SCISSORS)
    assert situation.row[order(ALL_MINE)] != before[0], "two of rock, one of paper is another order than two of each"
    assert situation.row[order(LATE_THEIRS)] == before[1], "scissors stay first, paper second"


def test_short_contexts_share_no_cell() -> None:
    """Those of one or two columns have a cell for each combination that comes up."""
    situation, seen = Situation(), []
    for mine, theirs in some_throws(400):
        situation.learn(mine, theirs)
        seen.append(situation.row.copy())
    numbers = np.stack([cells(row) for row in seen])
    assert len(CONTEXTS) >= 64
    for at_context, context in enumerate(CONTEXTS):
        if len(context.columns) <= 2:
            held = {tuple(row[list(context.columns)]) for row in seen}
            assert len(set(numbers[:, at_context].tolist())) == len(held), context


@pytest.mark.parametrize("cut", [0, 1, 57, 119])
def test_the_bank_and_the_predictor_know_nothing_of_later_throws(cut: int) -> None:
    """What is said of the first `cut + 1` throws is the same whatever is thrown from the cut on; after it, not."""
    throws = some_throws(120)
    other = [*throws[:cut], *((2 - mine, (theirs + 1) % 3) for mine, theirs in throws[cut:])]
    said = []
    for course in (throws, other):
        bank, predictor = Bank(), Predictor()
        rows, expected = [bank.said], [predictor.expected]
        for mine, theirs in course:
            bank.learn(mine, theirs)
            predictor.learn(mine, theirs)
            rows.append(bank.said)
            expected.append(predictor.expected)
        said.append((np.stack(rows), np.stack(expected)))
    (banks, expected), (other_banks, other_expected) = said
    np.testing.assert_array_equal(banks[: cut + 1], other_banks[: cut + 1])
    np.testing.assert_array_equal(expected[: cut + 1], other_expected[: cut + 1])
    assert (banks[cut + 1] != other_banks[cut + 1]).any() and (expected[cut + 1] != other_expected[cut + 1]).any()
    assert banks.shape == (121, EXPERTS, 3)
    for probabilities in (banks, expected):
        assert (probabilities > 0).all()
        np.testing.assert_allclose(probabilities.sum(axis=-1), 1)


def experts(right: int, count: int = 5) -> np.ndarray:
    """One expert that gives 0.8 to paper, among others that give it 0.1."""
    said = np.tile([0.8, 0.1, 0.1], (count, 1))
    said[right] = [0.1, 0.8, 0.1]
    return said


@pytest.mark.parametrize("make", [lambda: FixedShare(5, 0.01), lambda: LogLinear(5, (0.05, 0.2), 1.0)])
def test_a_mixer_finds_the_expert_that_is_right_and_follows_when_it_changes(make: Callable[[], Mixer]) -> None:
    mixer = make()
    for right in (2, 4):
        for _ in range(40):
            mixer.mix(experts(right))
            mixer.learn(PAPER)
        mixed = np.atleast_2d(mixer.mix(experts(right)))
        np.testing.assert_allclose(mixed.sum(axis=1), 1)
        assert (mixed.argmax(axis=1) == PAPER).all() and mixed[:, PAPER].max() > 0.7


def test_fixed_share_is_bayes_rule_but_for_the_share() -> None:
    mixer, said = FixedShare(2, 0.1), np.array([[0.6, 0.3, 0.1], [0.2, 0.3, 0.5]])
    np.testing.assert_allclose(mixer.mix(said), said.mean(axis=0))
    mixer.learn(ROCK)
    weights = 0.9 * np.array([0.75, 0.25]) + 0.05
    np.testing.assert_allclose(mixer.mix(said), weights @ said)


@pytest.mark.parametrize(
    ("opponent", "least"),
    [
        (lambda thrown: ROCK, 0.95),
        (lambda thrown: len(thrown) % 3, 0.9),
        (lambda thrown: (ROCK, ROCK, PAPER, SCISSORS, PAPER)[len(thrown) % 5], 0.85),
        (lambda thrown: thrown[-1][0] if thrown else ROCK, 0.9),
        (lambda thrown: (thrown[-1][0] + 1) % 3 if thrown else ROCK, 0.9),
        (lambda thrown: (np.bincount([mine for mine, _ in thrown], minlength=3).argmax() + 1) % 3, 0.8),
    ],
    ids=["constant", "cycle of three", "cycle of five", "copies us", "beats our last", "beats our most frequent"],
)
def test_simple_opponents_are_beaten_almost_every_time(opponent: Opponent, least: float) -> None:
    won, thrown = match(opponent, 300)
    assert won >= least * len(thrown)


def test_one_that_changes_its_rule_is_followed() -> None:
    """One cycle, then the other way round."""
    _, thrown = match(lambda thrown: len(thrown) % 3 if len(thrown) < 200 else -len(thrown) % 3, 400)
    assert sum(points(*one) for one in thrown[:200]) > 170 and sum(points(*one) for one in thrown[-170:]) > 150


@pytest.mark.parametrize("seed", range(3))
def test_one_that_sees_through_every_answer_wins_little(seed: int) -> None:
    """It knows the player's answer in advance, but not that the player throws evenly instead."""
    player, won = Player(seed), 0
    for _ in range(600):
        mine = player.throw()
        theirs = (player._answer + 1) % 3
        player.learn(mine, theirs)
        won += points(mine, theirs)
    assert won > -10 - 3 * np.sqrt(600 * 2 / 3)


def test_the_same_seed_gives_the_same_match_and_another_another() -> None:
    random = some_throws(120)

    def throw(thrown: Throws) -> int:
        return random[len(thrown)][1]

    assert match(throw, 120, seed=4) == match(throw, 120, seed=4)
    assert match(throw, 120, seed=4)[1] != match(throw, 120, seed=5)[1]


def test_the_figures_are_those_of_the_benchmark() -> None:
    """Worked by hand: means 600, 0 and -30; the mean over bots, the most that one wins of us, the difference."""
    won = np.array([[590, 610], [10, -10], [-20, -40]], np.float64)
    found = figures(["weak", "even", "strong"], won, seed=0)
    assert (found.population_return, found.exploitability, found.aggregate) == (190, 30, 160)
    assert {bot: one.points for bot, one in found.bots.items()} == {"weak": 600, "even": 0, "strong": -30}
    assert found.bots["strong"].interval == (-40, -20) and found.exploitability_interval == (20, 40)
    low, high = found.population_return_interval or (0, 0)
    assert 180 <= low < 190 < high <= 200
    assert found == figures(["weak", "even", "strong"], won, seed=0)


def test_a_player_that_no_bot_beats_is_exploited_less_than_nothing() -> None:
    assert figures(["a", "b"], np.array([[5.0], [9.0]]), seed=0).exploitability == -5


def test_one_repeat_tells_no_interval() -> None:
    found = figures(["a", "b"], np.array([[5.0], [9.0]]), seed=0)
    assert found.repeats == 1 and found.bots["a"].interval is None
    assert found.population_return_interval is found.exploitability_interval is found.aggregate_interval is None
    assert "one match tells none" in "\n".join(lines(found))


def test_without_the_bots_a_person_is_told_in_one_line() -> None:
    for package, said in (("nothing_of_this_name", "is not installed"), ("json", "does not hold the RoShamBo bots")):
        with pytest.raises(TrainerError, match=said):
            Population(package)


def test_a_tournament_of_some_bots() -> None:
    pytest.importorskip("pyspiel", reason="open_spiel is not installed")
    told: list[tuple[str, float]] = []

    def hear(what: str, share: float) -> None:
        told.append((what, share))

    bots = ["rockbot", "copybot", "randbot"]
    found = run(1, 3, hear, bots)
    assert found == run(1, 3, hear, bots) and len(told) == 2 * len(bots)
    assert found.bots == {**run(1, 3, hear, bots[2:]).bots, **run(1, 3, hear, bots[:2]).bots}
    assert found.bots["rockbot"].points > 980 and found.bots["copybot"].points > 960
    assert abs(found.bots["randbot"].points) < 150
    assert lines(found)[2].startswith("randbot") and lines(found)[-1].startswith("aggregate")
    written = json.decode(json.encode(found))
    assert set(written) == {
        *("population_return", "population_return_interval", "exploitability", "exploitability_interval"),
        *("aggregate", "aggregate_interval", "bots", "repeats", "throws", "seed"),
    }
    assert written["aggregate"] == written["population_return"] - written["exploitability"]
    assert (written["repeats"], written["throws"], written["seed"]) == (1, 1000, 3)


def test_the_population_is_that_of_the_benchmark() -> None:
    pytest.importorskip("pyspiel", reason="open_spiel is not installed")
    assert len(Population().bots) == 43
