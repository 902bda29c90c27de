"""The bot's mix: a restricted Nash response, checked against a grid over the whole simplex."""

from operator import mul

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.equilibrium import equilibrium, prospects, stakes
from game.moves import MOVES
from game.points import round_values
from game.policy import against, draw_move, edge, respond, worth

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


CLOSE = 1e-9
"""The cofactors of a nearly decided race cancel to eleven digits."""
GRID = [(a / 20, b / 20, (20 - a - b) / 20) for a in range(21) for b in range(21 - a)]


@given(SCORES, SCORES, ROUNDS, predictions(), st.floats(0, 1), st.floats(0, 0.1))
@settings(max_examples=100)
def test_no_mix_that_risks_no_more_does_better(bot, player, round, prediction, lean, risk) -> None:
    """Hopes are weighed by what looks ahead, fears by the equilibrium's values."""
    values = round_values(SEED, round)
    game, hopes = stakes(bot, player, values), prospects(bot, player, values)
    _, _, value = equilibrium(game)
    hoped = worth(hopes, prediction)

    def objective(mix) -> float:
        return lean * sum(map(mul, hoped, mix)) + (1 - lean) * min(against(game, mix))

    found = respond(game, prediction, lean, hopes, risk)
    assert min(found) >= 0
    assert sum(found) == pytest.approx(1)
    assert min(against(game, found)) >= value - risk - CLOSE
    safe = [mix for mix in GRID if min(against(game, mix)) >= value - risk]
    assert objective(found) >= max(map(objective, safe), default=0.0) - CLOSE
    assert objective(respond(game, prediction, lean, hopes, 2 * risk)) >= objective(found) - CLOSE


@given(SCORES, SCORES, ROUNDS, predictions(), st.floats(0, 1))
def test_what_may_not_risk_anything_or_does_not_lean_is_the_equilibrium(bot, player, round, prediction, lean) -> None:
    values = round_values(SEED, round)
    game, hopes = stakes(bot, player, values), prospects(bot, player, values)
    balanced, _, _ = equilibrium(game)
    assert respond(game, prediction, 0.0, hopes) == balanced
    assert respond(game, prediction, lean, hopes, 0.0) == pytest.approx(balanced, abs=1e-6)
    assert edge(game, balanced) == (0.0, 0.0, 0.0)


@given(SCORES, SCORES, ROUNDS, predictions(), st.floats(0, 1))
def test_a_player_at_the_equilibrium_loses_nothing_by_it(bot, player, round, prediction, lean) -> None:
    values = round_values(SEED, round)
    game = stakes(bot, player, values)
    _, theirs, _ = equilibrium(game)
    edges = edge(game, respond(game, prediction, lean, prospects(bot, player, values)))
    assert sum(map(mul, edges, theirs)) == pytest.approx(0, abs=1e-9)


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
