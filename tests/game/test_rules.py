"""Moves, values, gambits and points, against the tables of the rules."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.gambits import SCRIPTS, WEIGHTS, Gambit, choose
from game.moves import BEATEN_BY, BEATS, MOVES, Move, Outcome, outcome
from game.points import BASES, DRAW, Rank, by_rank, gains, round_values

ROCK, PAPER, SCISSORS = MOVES


@pytest.mark.parametrize(
    ("player", "bot", "expected"),
    [
        (ROCK, ROCK, "draw"),
        (ROCK, PAPER, "lose"),
        (ROCK, SCISSORS, "win"),
        (PAPER, ROCK, "win"),
        (PAPER, PAPER, "draw"),
        (PAPER, SCISSORS, "lose"),
        (SCISSORS, ROCK, "lose"),
        (SCISSORS, PAPER, "win"),
        (SCISSORS, SCISSORS, "draw"),
    ],
)
def test_outcome_of_every_pair(player: Move, bot: Move, expected: str) -> None:
    assert outcome(player, bot) == expected


def test_beats_and_beaten_by_are_inverse() -> None:
    assert {BEATEN_BY[BEATS[move]] for move in MOVES} == set(MOVES)
    assert all(BEATEN_BY[BEATS[move]] is move for move in MOVES)


def test_values_of_known_seeds() -> None:
    known = json.loads(Path(__file__).with_name("round_values.json").read_text())
    for seed, rounds in known.items():
        assert [round_values(seed, number) for number, _ in enumerate(rounds, start=1)] == rounds


@given(st.integers(0, 2**128 - 1), st.integers(1, 10_000))
def test_values_obey_the_rules(seed: int, round: int) -> None:
    values = round_values(f"{seed:032x}", round)
    ranks = by_rank(values)
    low, mid, high = (values[ranks[rank]] for rank in (Rank.LOW, Rank.MID, Rank.HIGH))
    assert (low, high - mid) == (10, 5)
    assert mid in BASES
    assert BEATS[ranks[Rank.LOW]] is ranks[Rank.HIGH]
    assert BEATS[ranks[Rank.HIGH]] is ranks[Rank.MID]
    assert BEATS[ranks[Rank.MID]] is ranks[Rank.LOW]
    assert list(values) == list(MOVES)


def test_every_rank_and_base_occurs_about_equally_often() -> None:
    drawn = [round_values(SEEDED, round) for round in range(1, 3001)]
    for move in MOVES:
        assert 900 < sum(by_rank(values)[Rank.LOW] is move for values in drawn) < 1100
    for base in BASES:
        assert 500 < sum(base in values.values() and base + 5 in values.values() for values in drawn) < 700


SEEDED = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("player", "bot", "expected"), [(ROCK, SCISSORS, (17, 0)), (ROCK, PAPER, (0, 10)), (PAPER, PAPER, (DRAW, DRAW))]
)
def test_the_winner_gains_its_own_moves_value(player: Move, bot: Move, expected: tuple[int, int]) -> None:
    values = {ROCK: 17, PAPER: 10, SCISSORS: 12}
    assert gains(player, bot, outcome(player, bot), values) == expected


def test_gambits_are_those_of_the_rules() -> None:
    letters = {Rank.LOW: "L", Rank.MID: "M", Rank.HIGH: "H"}
    told = {
        gambit: "".join(letters[rank] for rank in script) + str(WEIGHTS[gambit]) for gambit, script in SCRIPTS.items()
    }
    assert told == {
        "crescendo": "LMH14",
        "denouement": "HML12",
        "paper-dolls": "LMM12",
        "fistful": "HLL10",
        "scissor-sandwich": "LML8",
        "bureaucrat": "LLL6",
        "avalanche": "HHH8",
        "toolbox": "MMM6",
        "razor": "MLH12",
        "switchblade": "MHL12",
    }


def test_gambits_are_chosen_by_weight() -> None:
    drawn = [choose(step / 10_000) for step in range(10_000)]
    assert {gambit: drawn.count(gambit) / 100 for gambit in Gambit} == {
        gambit: pytest.approx(weight, abs=0.02) for gambit, weight in WEIGHTS.items()
    }
    assert choose(0.0) is Gambit.CRESCENDO
    assert choose(1 - 2**-53) is Gambit.SWITCHBLADE


def test_outcomes_are_the_players() -> None:
    assert outcome(ROCK, SCISSORS) is Outcome.WIN
