"""The vectorised features are the scalar ones, bit for bit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from game.features import NAMES, pack, vector
from game.gambits import SCRIPTS
from game.knowledge import NOTHING, RANKS, Knowledge, learn
from game.moves import MOVES, OUTCOMES, Move, outcome
from game.points import TARGET, by_rank, round_values
from trainer.data import features
from trainer.data.columns import UNPLAYED, Known, Rounds, join

Throw = tuple[Move, Move]
throws = st.tuples(st.sampled_from(MOVES), st.sampled_from(MOVES))
seeds = st.text("0123456789abcdef", min_size=4, max_size=4)
scores = st.integers(0, TARGET - 1)
histories = st.tuples(
    seeds,
    st.lists(throws, max_size=6),
    st.lists(st.tuples(throws, scores, scores), min_size=1, max_size=8),
    st.booleans(),
)


def lived(seed: str, known: Knowledge, played: list[Throw]) -> Knowledge:
    for round, (player, bot) in enumerate(played, start=1):
        known = learn(known, player, bot, outcome(player, bot), round_values(seed, round))
    return known


def history(
    seed: str, before: list[Throw], now: list[tuple[Throw, int, int]], played_out: bool
) -> tuple[Rounds, bytes]:
    """One history as columns, and its packed features by the scalar code."""
    start = known = lived(f"earlier {seed}", NOTHING, before)
    packed, columns = [], []
    for step, ((player, bot), to_player, to_bot) in enumerate(now, start=1):
        values = round_values(seed, step)
        packed.append(pack(vector(known, values, to_player, to_bot, step)))
        thrown = MOVES.index(player) if played_out or step < len(now) else UNPLAYED
        columns.append((thrown, MOVES.index(bot), [values[move] for move in MOVES], to_player, to_bot, step))
        known = learn(known, player, bot, outcome(player, bot), values)
    thrown_by, bots, worth, to_players, to_bots, steps = (np.array(column) for column in zip(*columns, strict=True))
    one = np.zeros(1, np.int64)
    rounds = Rounds(thrown_by, bots, worth, to_players, to_bots, steps, starts=one, owner=one, known=Known.of([start]))
    return rounds, b"".join(packed)


@settings(max_examples=60, deadline=None)
@given(st.lists(histories, min_size=1, max_size=6))
def test_every_round_of_any_histories_has_the_scalar_code_s_bits(drawn: list) -> None:  # type: ignore[type-arg]
    made = [history(*one) for one in drawn]
    matrix = features.matrix(join([rounds for rounds, _ in made]))
    assert matrix.dtype == np.float32 and matrix.shape[1] == len(NAMES)
    assert matrix.tobytes() == b"".join(packed for _, packed in made)


def test_more_rounds_than_one_block_change_nothing() -> None:
    one, packed = history("ab", [], [((MOVES[step % 3], MOVES[step % 2]), step, 0) for step in range(99)], True)
    assert features.matrix(join([one] * 90)).tobytes() == packed * 90


@settings(max_examples=30, deadline=None)
@given(seeds, st.lists(throws, min_size=1, max_size=6))
def test_learning_over_columns_is_learning(seed: str, played: list[Throw]) -> None:
    known = Known.nothing(1)
    for round, (player, bot) in enumerate(played, start=1):
        values = round_values(seed, round)
        thrown, answered = (np.array([MOVES.index(move)], np.int8) for move in (player, bot))
        known = features.learn(known, thrown, answered, np.array([[values[move] for move in MOVES]], np.int16))
    wanted = Known.of([lived(seed, NOTHING, played)])
    for name in ("rounds", "moves", "ranks", "player", "bot", "values"):
        np.testing.assert_array_equal(getattr(known, name), getattr(wanted, name))


def test_ranks_and_outcomes_are_the_game_s() -> None:
    assert set(RANKS) == {rank for script in SCRIPTS.values() for rank in script}
    for seed in "abcdef":
        values = round_values(seed, 1)
        columns = np.array([[values[move] for move in MOVES]])
        for index, move in enumerate(MOVES):
            rank = RANKS[int(features.ranks(columns, np.array([index]))[0])]
            assert by_rank(values)[rank] is move
            for other, bot in enumerate(MOVES):
                assert OUTCOMES[int(features.outcomes(np.array(index), np.array(other)))] is outcome(move, bot)
