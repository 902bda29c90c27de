"""Drift: nothing where play stays as it was, much where habits change, and by hand the same number."""

from collections.abc import Iterator
from itertools import pairwise
from math import log
from random import Random

import pytest

from game.moves import INDEX, MOVES, Move, outcome
from game.points import gains, round_values
from game.records import Input, Played, Scores
from trainer.scoreboard.drift import FIRST, FLOOR, GROUPS, LEAST, RECENT, STEP, Windows, bins, measured, psi


def rounds(count: int, random: Random, weights: tuple[float, ...] = (4, 3, 3), **more: object) -> Iterator[list]:
    """Bins of rounds whose player throws by these weights, in matches of ten rounds."""
    player = bot = 0
    last = None
    for number in range(count):
        values = round_values("5eed", number)
        move, theirs = random.choices(MOVES, weights)[0], random.choice(MOVES)
        result = outcome(move, theirs)
        gained = Scores(*gains(move, theirs, result, values))
        if number % 10 == 0:
            player = bot = 0
            last = None
        player, bot = player + gained.player, bot + gained.bot
        how = more.get("input", Input.KEY)
        played = Played("m", number % 10 + 1, move, theirs, result, gained, Scores(player, bot), how, at=number)
        yield bins(played, values, last)
        last = INDEX[move]


def windows_of(*parts: Iterator[list]) -> Windows:
    found = Windows()
    for position, one in enumerate((one for part in parts for one in part), start=1):
        found.add(2 * position, one)
    return found


def test_the_index_is_what_the_formula_gives_by_hand() -> None:
    expected = (0.3 - 0.5) * log(0.3 / 0.5) + (0.4 - 0.2) * log(0.4 / 0.2)
    assert psi([30, 30, 40], [50, 30, 20]) == pytest.approx(expected) == pytest.approx(0.24079, abs=1e-5)
    assert psi([3, 3, 4], [30, 30, 40]) == pytest.approx(0)


def test_an_empty_bin_counts_as_the_floor() -> None:
    expected = (FLOOR - 0.5) * log(FLOOR / 0.5) + (1 - 0.5) * log(1 / 0.5)
    assert psi([0, 10], [5, 5]) == pytest.approx(expected)


def test_play_that_stays_as_it_was_shows_no_drift() -> None:
    random = Random(1)
    found = measured(windows_of(rounds(FIRST + RECENT, random)), 0)
    assert (found.recent, found.reference) == (RECENT, FIRST)
    assert set(found.psi) == set(GROUPS) - {"gestures"}
    assert max(found.psi.values()) < 0.1


def test_another_habit_shows_in_the_groups_that_it_changes_and_no_others() -> None:
    random = Random(2)
    found = measured(windows_of(rounds(FIRST, random), rounds(RECENT, random, (1, 1, 8))), 0)
    assert found.psi["move"] > 0.25
    assert found.psi["response"] > 0.25
    assert max(found.psi["base"], found.psi["round"], found.psi["input"]) < 0.1


def test_another_input_shows_as_such() -> None:
    random = Random(3)
    found = measured(windows_of(rounds(FIRST, random), rounds(RECENT, random, input=Input.CAMERA)), 0)
    assert found.psi["input"] > 1 and found.psi["move"] < 0.1
    assert "gestures" not in found.psi  # none of the reference was shown to a camera


def test_gestures_are_compared_among_moves_that_were_seen() -> None:
    random = Random(4)
    before = rounds(FIRST, random, input=Input.CAMERA)
    found = measured(windows_of(before, rounds(RECENT, random, (1, 1, 8), input=Input.UPLOAD)), 0)
    assert found.psi["gestures"] == pytest.approx(found.psi["move"]) and found.psi["gestures"] > 0.25


def test_there_is_no_value_until_both_windows_are_wide_enough() -> None:
    random = Random(5)
    windows = windows_of(rounds(FIRST + LEAST - 1, random))
    assert measured(windows, 0).psi == {} and measured(windows, 0).recent == LEAST - 1
    windows.add(10**6, next(rounds(1, random)))
    assert measured(windows, 0).psi != {}
    assert measured(windows, learned=1).psi == {} and measured(windows, learned=1).reference == 0
    assert measured(Windows(), 0).psi == {}


@pytest.mark.parametrize("learned", [2 * 1000, 2 * 1499, 2 * 3000])
def test_the_reference_is_what_was_learned_from_and_the_windows_share_no_round(learned: int) -> None:
    random = Random(6)
    some = list(rounds(6700, random))
    found = measured(windows_of(iter(some)), learned)
    reference = learned // 2 // STEP * STEP
    begin = max(reference, (len(some) // STEP - RECENT // STEP) * STEP)
    assert (found.reference, found.recent) == (reference, len(some) - begin)
    counts = [[sum(one[0] == bin for one in part) for bin in range(3)] for part in (some[begin:], some[:reference])]
    assert found.psi["move"] == pytest.approx(psi(*counts))


def test_every_bin_of_every_group_can_be_reached() -> None:
    """The bins are fixed: what they are called must not depend on what has been seen."""
    values = {Move.ROCK: 10, Move.SCISSORS: 15, Move.PAPER: 20}
    found: list[set[int | None]] = [set() for _ in GROUPS]
    leads = [(10, 90), (10, 40), (10, 10), (40, 10), (90, 10)]
    for move in MOVES:
        for theirs in MOVES:
            for last in range(3):
                for (player, bot), number in zip(leads, (1, 4, 7, 10, 13), strict=True):
                    for how in Input:
                        for base in range(11, 16):
                            worth = dict(zip(values, (10, base, base + 5), strict=True))
                            played = Played(
                                "m", number, move, theirs, outcome(move, theirs), Scores(0, 0), Scores(player, bot),
                                how, at=0,
                            )  # fmt: skip
                            for group, bin in zip(found, bins(played, worth, last), strict=True):
                                group.add(bin)
    assert [group - {None} for group in found] == [set(range(size)) for size in GROUPS.values()]


def test_ranks_follow_the_values_and_the_lead_is_that_before_the_round() -> None:
    values = {Move.ROCK: 10, Move.SCISSORS: 15, Move.PAPER: 20}
    named = dict(zip(GROUPS, range(len(GROUPS)), strict=True))
    for rank, move in enumerate(values):
        played = Played("m", 1, move, move, outcome(move, move), Scores(5, 5), Scores(45, 5), Input.KEY, at=0)
        assert bins(played, values, None)[named["rank"]] == rank
        assert bins(played, values, None)[named["score"]] == 4
        assert bins(played, values, None)[named["response"]] is None
    for (before, now), change in zip(pairwise(MOVES), (1, 1), strict=True):
        played = Played("m", 2, now, now, outcome(now, now), Scores(5, 5), Scores(5, 5), Input.KEY, at=0)
        assert bins(played, values, INDEX[before])[named["response"]] == change
        assert bins(played, values, INDEX[now])[named["response"]] == 0
