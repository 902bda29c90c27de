"""Laboratory files become matches by our rules."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from game.moves import MOVES, outcome
from game.points import TARGET, gains
from trainer.data import humans
from trainer.data.features import matrix

HEAD = "dataset,game_id,player,round,player_move,opponent_move,player_is_human,opponent_kind,rt_ms\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A free game of ana with a round out of order and one without a move, one of bo, and one that is not free."""
    rows = ["lab,g1,ana,2,P,S,1,bot:x,500", "lab,g1,ana,1,R,S,1,bot:x,", "lab,g1,ana,3,N,S,1,bot:x,900"]
    rows += [f"lab,g1,ana,{round},R,{'RPS'[round % 3]},1,bot:x,1" for round in range(4, 64)]
    rows += ["lab,g2,bo,1,S,S,1,bot:y,1", "lab,g2,bo,2,S,N,1,bot:y,1", "lab,g3,cy,1,P,P,1,bot:y,1"]
    with gzip.open(tmp_path / humans.CC0_FILE, "wt") as file:
        file.write(HEAD + "\n".join(rows) + "\n")
    (tmp_path / humans.CC0_LIST).write_text("game_id,dataset,rounds\ng1,lab,63\ng2,lab,2\n")
    return tmp_path


def test_rounds_are_ordered_and_those_without_a_move_are_dropped(data: Path) -> None:
    ana, bo = humans.read(data)
    assert (ana.player, bo.player) == ("ana", "bo")
    assert ana.throws[:2] == [(0, 2), (1, 2)] and len(ana.throws) == 62
    assert bo.throws == [(2, 2)]


def test_only_listed_games_are_read_unless_all_are_wanted(data: Path) -> None:
    assert [career.player for career in humans.read(data)] == ["ana", "bo"]
    assert [career.player for career in humans.read(data, only_cc0=False)] == ["ana", "bo", "cy"]


def test_matches_are_scored_by_the_rules_and_follow_one_another(data: Path) -> None:
    rounds = humans.play(humans.read(data), [4, 9], np.random.default_rng(1))
    to_player = to_bot = 0
    step, ended = 1, 0
    for row in range(62):
        assert (rounds.player_score[row], rounds.bot_score[row], rounds.step[row]) == (to_player, to_bot, step)
        player, bot = MOVES[rounds.player[row]], MOVES[rounds.bot[row]]
        values = {move: int(value) for move, value in zip(MOVES, rounds.values[row], strict=True)}
        more = gains(player, bot, outcome(player, bot), values)
        to_player, to_bot, step = to_player + more[0], to_bot + more[1], step + 1
        if max(to_player, to_bot) >= TARGET:
            to_player, to_bot, step, ended = 0, 0, 1, ended + 1
    assert ended > 0 and rounds.step[62] == 1
    assert rounds.owners.tolist() == [4] * 62 + [9]


def test_knowledge_goes_on_across_matches_and_starts_anew_with_each_player(data: Path) -> None:
    rounds_known = matrix(humans.play(humans.read(data), [0, 1], np.random.default_rng(1)))[:, -1]
    np.testing.assert_array_equal(rounds_known[:62], np.log(1 + np.arange(62)).astype(np.float32))
    assert rounds_known[62] == 0


def test_the_same_generator_draws_the_same_matches(data: Path) -> None:
    careers = humans.read(data)
    one, same, other = (humans.play(careers, [0, 1], np.random.default_rng(seed)).values for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any()
