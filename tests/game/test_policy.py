"""The bot's mix: a restricted Nash response, checked against a grid over the whole simplex."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.equilibrium import equilibrium, stakes
from game.moves import MOVES
from game.points import round_values
from game.policy import draw_move, respond, worth

SCORES = st.integers(0, 99)
ROUNDS = st.integers(1, 50)
SEED = "00112233445566778899aabbccddeeff"


@st.composite
def predictions(draw: st.DrawFn) -> tuple[float, float, float]:
    first, second, third = (draw(st.floats(0.01, 1)) for _ in range(3))
    total = first + second + third
    return first / total, second / total, third / total


def objective(game, prediction, lean, mix):
    columns = [sum(mix[row] * game[row][at] for row in range(3)) for at in range(3)]
    hoped = sum(chance * column for chance, column in zip(prediction, columns, strict=True))
    return lean * hoped + (1 - lean) * min(columns)


@given(SCORES, SCORES, ROUNDS, predictions(), st.floats(0, 1))
@settings(max_examples=60)
def test_no_mix_does_better(bot, player, round, prediction, lean) -> None:
    game = stakes(bot, player, round_values(SEED, round))
    found = objective(game, prediction, lean, respond(game, prediction, lean))
    grid = range(0, 21)
    best = max(
        objective(game, prediction, lean, (a / 20, b / 20, (20 - a - b) / 20))
        for a in grid
        for b in grid
        if a + b <= 20
    )
    assert found >= best - 1e-12


@given(SCORES, SCORES, ROUNDS, predictions())
def test_without_trust_it_is_the_equilibrium(bot, player, round, prediction) -> None:
    game = stakes(bot, player, round_values(SEED, round))
    balanced, _, value = equilibrium(game)
    mix = respond(game, prediction, lean=0.0)
    assert objective(game, prediction, 0.0, mix) == pytest.approx(value, abs=1e-9)
    assert mix == pytest.approx(balanced, abs=1e-6)


@given(SCORES, SCORES, ROUNDS, predictions())
def test_with_full_trust_it_is_the_best_reply(bot, player, round, prediction) -> None:
    game = stakes(bot, player, round_values(SEED, round))
    hoped = objective(game, prediction, 1.0, respond(game, prediction, lean=1.0))
    assert hoped == pytest.approx(max(worth(game, prediction)), abs=1e-12)


@pytest.mark.parametrize(("draw", "move"), [(0.0, 0), (0.19, 0), (0.2, 1), (0.49, 1), (0.5, 2), (0.999, 2)])
def test_moves_are_drawn_from_the_mix(draw: float, move: int) -> None:
    assert draw_move((0.2, 0.3, 0.5), draw) is MOVES[move]
