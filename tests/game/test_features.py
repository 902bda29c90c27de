"""The features of a round, one by one, and the summary they come from."""

from math import log
from struct import pack, unpack

from hypothesis import given
from hypothesis import strategies as st

from game import features
from game.features import NAMES
from game.knowledge import LAGS, NOTHING, Knowledge, learn
from game.moves import MOVES, Outcome, outcome
from game.points import round_values

ROCK, PAPER, SCISSORS = MOVES
VALUES = {ROCK: 10, PAPER: 12, SCISSORS: 17}


def named(known: Knowledge, player: int = 0, bot: int = 0, round: int = 1) -> dict[str, float]:
    return dict(zip(NAMES, features.vector(known, VALUES, player, bot, round), strict=True))


def test_there_are_fifty_distinct_names() -> None:
    assert len(NAMES) == len(set(NAMES)) == 50
    assert NAMES[0] == "user_-1_rock"
    assert NAMES[26] == "res_-3_draw"
    assert NAMES[-1] == "rounds_known"
    assert features.SIZE == 200


def test_nothing_known_is_zeros_beside_the_round_itself() -> None:
    found = {name: number for name, number in named(NOTHING).items() if number}
    assert found == {
        "rock_pts": 1.0,
        "paper_pts": 1.2,
        "scissors_pts": 1.7,
        "user_pts_to_win": 10.0,
        "bot_pts_to_win": 10.0,
        "step_no": 1.0,
    }


def test_the_most_recent_round_is_minus_one() -> None:
    known = learn(NOTHING, ROCK, PAPER, Outcome.LOSE, VALUES)
    known = learn(known, SCISSORS, PAPER, Outcome.WIN, {ROCK: 15, PAPER: 20, SCISSORS: 10})
    found = {name for name, number in named(known).items() if number and re_lag(name)}
    assert found == {
        "user_-1_scissors", "user_-2_rock", "bot_-1_paper", "bot_-2_paper", "res_-1_win", "res_-2_lose",
        "points_-1_rock", "points_-1_paper", "points_-1_scissors",
        "points_-2_rock", "points_-2_paper", "points_-2_scissors",
    }  # fmt: skip
    assert named(known)["points_-1_paper"] == 2.0
    assert named(known)["points_-2_scissors"] == 1.7


def re_lag(name: str) -> bool:
    return "_-" in name


def test_tendencies_are_shares_over_the_whole_history() -> None:
    known = NOTHING
    for move in (ROCK, ROCK, PAPER, SCISSORS):
        known = learn(known, move, ROCK, outcome(move, ROCK), VALUES)
    found = named(known, player=35, bot=20, round=5)
    assert [found[f"user_tend_{move}"] for move in MOVES] == [0.5, 0.25, 0.25]
    assert [found[f"tend_{rank}"] for rank in ("high", "low", "mid")] == [0.25, 0.5, 0.25]
    assert found["score_diff"] == 1.5
    assert (found["user_pts_to_win"], found["bot_pts_to_win"]) == (6.5, 8.0)
    assert found["step_no"] == 5
    assert found["rounds_known"] == log(5)


@given(st.lists(st.tuples(st.sampled_from(MOVES), st.sampled_from(MOVES)), max_size=40))
def test_knowledge_is_bounded_and_counts_every_round(throws) -> None:
    known = NOTHING
    for round, (player, bot) in enumerate(throws, start=1):
        known = learn(known, player, bot, outcome(player, bot), round_values("ab" * 16, round))
    assert known.rounds == sum(known.moves) == sum(known.ranks) == len(throws)
    assert len(known.lags) == min(LAGS, len(throws))
    packed = features.pack(features.vector(known, VALUES, 10, 20, 3))
    assert len(packed) == features.SIZE
    assert features.unpack(packed) == unpack("<50f", pack("<50f", *features.vector(known, VALUES, 10, 20, 3)))


def test_a_digest_names_exactly_these_bytes() -> None:
    one, other = (features.pack(features.vector(NOTHING, VALUES, 0, 0, round)) for round in (1, 2))
    assert features.digest(one) == features.digest(bytes(one)) != features.digest(other)


def test_the_contract_names_version_and_names() -> None:
    assert features.CONTRACT.startswith(f"{features.VERSION}:")
    assert len(features.CONTRACT) == len("1:") + 16
