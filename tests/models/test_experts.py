"""The bank of experts: what it counts, that it never peeks, and that it says the same of a turned game."""

import numpy as np
import pytest

from models.experts.layout import CELLS
from models.experts.reading import Evidence, Reading
from models.experts.specs import EXPERTS, FIRST, LONGEST, VOICES, Frame, Side
from models.experts.standing import MERITS, SCENE

ROUNDS = 60
EVEN = np.ones((1, CELLS, 3), np.float32)
Throws = list[tuple[int, int, int]]
"""(player, opponent, low move)."""


def read(throws: Throws) -> list[Evidence]:
    """The evidence on each round, and on one more in which paper is low."""
    reading, found = Reading(EVEN, ROUNDS + 1), []
    for player, opponent, low in throws:
        found.append(reading.expect(np.array([low]), np.array([2]), np.array([0])))
        reading.learn(np.array([player]), np.array([opponent]))
    return [*found, reading.expect(np.array([1]), np.array([2]), np.array([0]))]


def random_throws(seed: int) -> Throws:
    return [tuple(row) for row in np.random.default_rng(seed).integers(0, 3, (ROUNDS, 3)).tolist()]


def likeliest(evidence: Evidence, side: Side, frame: Frame, *given: str) -> set[int]:
    """What the experts on this context expect."""
    named = [n for n, one in enumerate(EXPERTS) if (one.side, one.frame, one.given) == (side, frame, given)]
    assert named
    return {int(evidence.logs[0, number].argmax()) for number in named}


def test_evidence_has_the_shapes_that_gates_are_fed() -> None:
    (evidence,) = read([])
    assert (evidence.logs.shape, evidence.merits.shape) == ((1, VOICES, 3), (1, VOICES, MERITS))
    assert (evidence.scene.shape, evidence.frames.shape) == ((1, SCENE), (1, 3, 3))
    assert not evidence.logs.any()  # even priors, nothing counted
    assert not evidence.frames[0, :2].any()  # no throw yet
    assert len(FIRST) >= 64


def test_habits_are_counted_in_their_frames() -> None:
    """The player goes round the circle, the opponent repeats what the player threw, and low is always paper."""
    throws = [(n % 3, (n - 1) % 3, 1) for n in range(31)]  # the last throw is rock: paper is next
    last = read(throws)[-1]
    assert likeliest(last, Side.PLAYER, Frame.OWN) == {1}
    assert likeliest(last, Side.PLAYER, Frame.ROCK, "own1") == {1}
    assert likeliest(last, Side.OPPONENT, Frame.OWN) == {0}
    assert likeliest(last, Side.PLAYER, Frame.OWN, LONGEST[0]) == {1}


def test_throws_by_rank_are_counted_whatever_move_has_the_rank() -> None:
    random = np.random.default_rng(1)
    lows = random.integers(0, 3, 30).tolist()
    last = read([(low, int(random.integers(3)), low) for low in lows])[-1]
    assert likeliest(last, Side.PLAYER, Frame.LOW) == {1}


def test_nothing_later_changes_what_was_said() -> None:
    ours, others = random_throws(2), random_throws(3)
    cut = ROUNDS // 2
    one, other = read(ours), read(ours[:cut] + others[cut:])
    for ahead, same in zip(one[: cut + 1], other[: cut + 1], strict=True):
        # round `cut` itself is foreseen under its own values
        if ahead is one[cut] and ours[cut][2] != others[cut][2]:
            continue
        np.testing.assert_array_equal(ahead.logs, same.logs)
        np.testing.assert_array_equal(ahead.merits, same.merits)
    assert any((ahead.logs != same.logs).any() for ahead, same in zip(one[cut + 1 :], other[cut + 1 :], strict=True))


def test_a_turned_game_is_told_of_turned() -> None:
    """By experts that tell throws from a throw or from the round's low move: to them no move is like no other."""
    from_moves = [
        number
        for number, one in enumerate(FIRST)
        if one.frame is Frame.LOW
        or (one.frame is Frame.OWN and any(lag.startswith(("own", "opp")) for lag in one.given))
    ]
    assert len(from_moves) > 40
    throws = random_throws(4)
    turned = [((a + 1) % 3, (b + 1) % 3, (low + 1) % 3) for a, b, low in throws]
    known = slice(6, -1)  # the first throw has none before it and counts from rock, where no lag is known yet
    for plain, moved in zip(read(throws)[known], read(turned)[known], strict=True):
        same = np.roll(plain.logs, 1, axis=2)
        np.testing.assert_allclose(same[:, from_moves], moved.logs[:, from_moves], atol=1e-6)
        np.testing.assert_array_equal(plain.scene, moved.scene)


def test_games_side_by_side_are_those_alone() -> None:
    ours, theirs = random_throws(5), random_throws(6)
    together = Reading(np.repeat(EVEN, 2, axis=0), ROUNDS + 1)
    for alone, (one, other) in zip(read(ours)[:-1], zip(ours, theirs, strict=True), strict=True):
        player, opponent, low = (np.array(pair) for pair in zip(one, other, strict=True))
        both = together.expect(low, np.array([2, 2]), np.array([0, 0]))
        np.testing.assert_array_equal(both.logs[:1], alone.logs)
        np.testing.assert_allclose(both.merits[:1], alone.merits, atol=1e-6)
        together.learn(player, opponent)


def test_a_round_is_learned_only_after_it_was_asked_about() -> None:
    with pytest.raises(ValueError, match="nothing is expected"):
        Reading(EVEN, 1).learn(np.array([0]), np.array([0]))
