"""The race's solution, against known values and against its own definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.equilibrium import equilibrium, prospect, prospects, stakes, value
from game.moves import MOVES
from game.points import BASES, Rank, Values, by_rank

SCORES = st.integers(0, 99)


def values_of(base: int) -> Values:
    rock, paper, scissors = MOVES
    return {rock: 10, paper: base, scissors: base + 5}


@pytest.mark.parametrize(
    ("bot", "player", "expected"),
    [
        (95, 90, 0.666667),
        (98, 95, 0.666667),
        (94, 92, 0.555556),
        (90, 80, 0.729010),
        (50, 0, 0.907446),
        (70, 30, 0.905961),
        (18, 0, 0.664988),
        (10, 0, 0.591790),
        (0, 13, 0.380763),
        (99, 0, 0.999856),
        (0, 0, 0.5),
        (100, 99, 1.0),
        (99, 100, 0.0),
        (103, 103, 0.5),
        (110, 104, 1.0),
        (104, 110, 0.0),
    ],
)
def test_known_values(bot: int, player: int, expected: float) -> None:
    assert value(bot, player) == pytest.approx(expected, abs=1e-6)


def test_sum_of_squares_over_the_grid() -> None:
    total = sum(value(bot, player) ** 2 for bot in range(100) for player in range(100))
    assert total == pytest.approx(3699.463603, abs=1e-6)


@pytest.mark.parametrize(
    ("base", "mix"),
    [
        (11, (0.432715, 0.270132, 0.297153)),
        (13, (0.438780, 0.244113, 0.317107)),
        (15, (0.444037, 0.222107, 0.333856)),
    ],
)
def test_known_mixes_at_the_start(base: int, mix: tuple[float, float, float]) -> None:
    values = values_of(base)
    ranks = by_rank(values)
    bot, player, _ = equilibrium(stakes(0, 0, values))
    for rank, expected in zip((Rank.LOW, Rank.MID, Rank.HIGH), mix, strict=True):
        at = MOVES.index(ranks[rank])
        assert bot[at] == pytest.approx(expected, abs=1e-6)
        assert player[at] == pytest.approx(expected, abs=1e-6)


@given(SCORES, SCORES)
def test_who_is_predictable_is_worth_no_less_to_the_bot_and_races_that_ended_the_same(bot, player) -> None:
    assert value(bot, player) - 1e-7 <= prospect(bot, player) <= 1
    assert prospect(bot, 100 + player) == value(bot, 100 + player)
    assert prospect(100 + bot, player) == value(100 + bot, player)


def test_prospects_are_the_stakes_with_other_values() -> None:
    values = values_of(13)
    rock, paper, scissors = prospects(20, 30, values)
    assert rock == (prospect(25, 35), prospect(20, 43), prospect(30, 30))
    assert paper == (prospect(33, 30), prospect(25, 35), prospect(20, 48))
    assert scissors == (prospect(20, 40), prospect(38, 30), prospect(25, 35))


@given(SCORES, SCORES)
def test_value_is_the_mean_over_the_rounds_that_may_come(bot: int, player: int) -> None:
    worth = [equilibrium(stakes(bot, player, values_of(base)))[2] for base in BASES]
    assert value(bot, player) == pytest.approx(sum(worth) / len(worth), abs=1e-9)


@given(SCORES, SCORES)
def test_what_one_side_wins_the_other_loses(bot: int, player: int) -> None:
    assert value(bot, player) + value(player, bot) == pytest.approx(1, abs=1e-9)


@given(SCORES, SCORES, st.sampled_from(BASES))
def test_neither_side_gains_by_leaving_the_equilibrium(bot: int, player: int, base: int) -> None:
    game = stakes(bot, player, values_of(base))
    mine, theirs, worth = equilibrium(game)
    for at in range(3):
        assert sum(mine[row] * game[row][at] for row in range(3)) == pytest.approx(worth, abs=1e-9)
        assert sum(theirs[column] * game[at][column] for column in range(3)) == pytest.approx(worth, abs=1e-9)
    assert min(*mine, *theirs) > 0
    assert sum(mine) == pytest.approx(1)
