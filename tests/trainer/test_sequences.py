"""Rows as sequences: what is read in one go, what goes before it, and that whole ones are drawn."""

from pathlib import Path

import numpy as np
import pytest

from game.past import KEPT
from trainer.data.columns import Ints, Rounds, pick
from trainer.data.habits import Habits
from trainer.data.rows import Rows
from trainer.data.sequences import LONGEST, UNASKED, pages, passages, runs, some_whole, unbroken
from trainer.data.simulated import simulate
from trainer.data.snapshot import take

PLAYERS, MATCHES = 6, 4


@pytest.fixture(scope="module")
def log(cyclers: Path) -> Rounds:
    """Six players who take turns, of four matches each."""
    return take(cyclers, 0.1, lambda phase, share: None).rounds


@pytest.fixture(scope="module")
def veteran() -> Rows:
    """One career of a thousand rounds."""
    random = np.random.default_rng(0)
    return Rows.of(simulate(Habits(1, random), 1, 1000, random, least=1000))


def known(rows: Rows) -> Ints:
    return np.rint(np.expm1(rows.features[:, -1].astype(np.float64))).astype(np.int64)


def test_a_run_is_all_that_a_player_played_in_order(log: Rounds) -> None:
    rows = Rows.of(log)
    found = unbroken(rows)
    assert len(found) == PLAYERS and sorted(np.concatenate(found).tolist()) == list(range(len(rows)))
    for run in found:
        assert len(np.unique(rows.player[run])) == 1
        assert known(rows)[run].tolist() == list(range(len(run)))
        assert (np.diff(run) > 0).all() and len(np.unique(log.history[log.played][run])) == MATCHES


def test_where_a_match_is_missing_reading_begins_again_with_the_past_as_it_was(log: Rounds) -> None:
    whole = {int(one.row[-1]): one.told for one in runs(Rows.of(log))}
    rows = Rows.of(log)
    missing = np.isin(np.arange(len(log.starts)), np.arange(PLAYERS, 2 * PLAYERS))
    few = Rows.of(pick(log, np.flatnonzero(~missing)))
    found = list(runs(few))
    assert len(found) == 2 * PLAYERS
    later = [one for one in found if one.row[0] == UNASKED]
    assert len(later) == PLAYERS
    for one in later:
        career = next(told for end, told in whole.items() if rows.player[end] == few.player[one.row[-1]])
        np.testing.assert_array_equal(one.told, career)  # what was recorded of the past is what the rows would tell
        before = int((one.row == UNASKED).sum())
        assert known(few)[one.row[before:]].tolist() == list(range(before, len(career)))


def test_a_round_that_was_never_played_is_the_last_of_its_run(log: Rounds) -> None:
    rows = Rows.sealed(log)
    (unplayed,) = np.flatnonzero(~log.played)
    (run,) = (one for one in runs(rows) if unplayed in one.row)
    assert run.row[-1] == unplayed and (run.told[:, :2] >= 0).all()


@pytest.mark.parametrize("again", [0, KEPT])
def test_a_long_career_is_read_in_passages_and_each_round_asked_of_once(veteran: Rows, again: int) -> None:
    found = list(passages(veteran, again))
    (whole,) = runs(veteran)
    asked = np.concatenate([one.row[one.row != UNASKED] for one in found])
    assert asked.tolist() == list(range(len(veteran)))
    for number, one in enumerate(found):
        assert len(one.row) <= LONGEST
        first = int(one.row[-1]) - len(one.row) + 1
        np.testing.assert_array_equal(one.told, whole.told[first : first + len(one.row)])
        assert int((one.row == UNASKED).sum()) == (again if number else 0)


def test_passages_of_like_length_are_read_side_by_side(log: Rounds, veteran: Rows) -> None:
    found = list(passages(Rows.of(log))) + list(passages(veteran))
    read = list(pages(found, 4))
    assert sum(len(page.row) for page in read) == len(found)
    assert [page.row.shape[1] for page in read] == sorted(page.row.shape[1] for page in read)
    ordered = iter(sorted(found, key=lambda one: len(one.row)))
    for page in read:
        for told, row, one in zip(page.told, page.row, ordered, strict=False):
            np.testing.assert_array_equal(told[: len(one.row)], one.told)
            assert row.tolist() == [*one.row.tolist(), *[UNASKED] * (len(row) - len(one.row))]


def test_whole_runs_are_drawn_of_as_many_players_as_there_is_room_for(rows: Rows) -> None:
    twice = Rows.join([rows, rows])
    few = some_whole(twice, len(rows), 5)
    assert len(rows) - 100 < len(few) <= len(rows)
    runs_of_few = unbroken(few)
    assert len(runs_of_few) == len(np.unique(few.player))  # nobody twice while others wait
    careers = {int(player): int((rows.player == player).sum()) for player in np.unique(rows.player)}
    for run in runs_of_few:
        assert len(run) == careers[int(few.player[run[0]])] and known(few)[run].tolist() == list(range(len(run)))
    assert some_whole(twice, len(rows), 5).player.tolist() == few.player.tolist()
    assert some_whole(twice, len(rows), 6).player.tolist() != few.player.tolist()
    assert some_whole(rows, len(rows), 5) is rows


def test_of_a_run_with_too_many_rounds_the_first_are_taken(veteran: Rows) -> None:
    few = some_whole(veteran, 30, 0)
    assert known(few).tolist() == list(range(30))


def test_no_rows_are_no_runs() -> None:
    assert unbroken(Rows.none()) == [] and list(passages(Rows.none())) == []
