"""Simulated play keeps the rules, and the equilibrium over columns is the game's."""

import numpy as np
import pytest

from game.equilibrium import equilibrium, stakes
from game.gambits import LENGTH, SCRIPTS
from game.moves import MOVES, outcome
from game.points import TARGET, by_rank, gains
from trainer.data import race, scoring
from trainer.data.columns import Rounds
from trainer.data.habits import Habits
from trainer.data.simulated import simulate


@pytest.fixture(scope="module")
def played() -> Rounds:
    random = np.random.default_rng(5)
    return simulate(Habits(30, random), 30, 60, random)


def values(rounds: Rounds, row: int) -> dict:  # type: ignore[type-arg]
    return {move: int(value) for move, value in zip(MOVES, rounds.values[row], strict=True)}


def test_what_columns_gain_is_what_the_rules_give(played: Rounds) -> None:
    to_player, to_bot = scoring.gained(played.player, played.bot, played.values)
    for row in range(0, len(played), 7):
        player, bot = MOVES[played.player[row]], MOVES[played.bot[row]]
        assert (to_player[row], to_bot[row]) == gains(player, bot, outcome(player, bot), values(played, row))


def test_scores_follow_from_the_throws_and_end_at_the_target(played: Rounds) -> None:
    to_player, to_bot = scoring.gained(played.player, played.bot, played.values)
    after = np.column_stack([played.player_score + to_player, played.bot_score + to_bot])
    before = np.column_stack([played.player_score, played.bot_score])
    same = played.history[1:] == played.history[:-1]
    over = after.max(axis=1) >= TARGET
    np.testing.assert_array_equal(before[1:][same], np.where(over[:-1, None], 0, after[:-1])[same])
    np.testing.assert_array_equal(played.step[1:][same], np.where(over, 1, played.step + 1)[:-1][same])
    assert before.max() < TARGET


def test_matches_open_with_a_gambit(played: Rounds) -> None:
    scripts = set(SCRIPTS.values())
    for row in np.flatnonzero(played.step == 1):
        if (played.step[row : row + LENGTH] == np.arange(1, LENGTH + 1)[: len(played) - row]).all():
            ranks = [{move: rank for rank, move in by_rank(values(played, at)).items()} for at in range(row, row + 3)]
            assert tuple(rank[MOVES[played.bot[row + at]]] for at, rank in enumerate(ranks)) in scripts


def test_mixes_over_columns_are_the_equilibrium(played: Rounds) -> None:
    few = slice(None, None, 23)
    columns = played.bot_score[few], played.player_score[few], played.values[few]
    for at, bot, player in zip(
        range(0, len(played), 23), race.bot_mixes(*columns), race.player_mixes(*columns), strict=True
    ):
        game = stakes(int(played.bot_score[at]), int(played.player_score[at]), values(played, at))
        np.testing.assert_allclose([bot, player], equilibrium(game)[:2], atol=1e-12)


def test_the_same_seed_makes_the_same_players() -> None:
    def made(seed: int) -> bytes:
        random = np.random.default_rng(seed)
        return simulate(Habits(5, random), 5, 20, random).player.tobytes()

    assert made(1) == made(1) != made(2)
