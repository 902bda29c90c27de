"""Nothing that judges a model was learned from: the newest is held out, folds are of players, leaks are caught."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from game.records import Record
from trainer.data import sides as module
from trainer.data.columns import Bools, pick
from trainer.data.copies import LONG
from trainer.data.sides import FEW, FOLDS, HELD_OUT, Sides, check, sides
from trainer.data.snapshot import Snapshot, take
from trainer.errors import LeakError

LogOf = Callable[..., Path]
LogWith = Callable[[Iterable[Record]], Path]
Played = Callable[..., Iterator[Record]]


def taken(database: Path) -> Snapshot:
    return take(database, 0.1, lambda phase, share: None)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Sixty players of two matches each."""
    from bench import journal

    path = tmp_path_factory.mktemp("log") / "rps.db"
    journal.write(path, 2000)
    return taken(path)


def rounds_of(snapshot: Snapshot, mask: Bools) -> int:
    return int((snapshot.rounds.played & mask[snapshot.rounds.history]).sum())


def players_of(snapshot: Snapshot, mask: Bools) -> set[int]:
    return set(snapshot.rounds.owner[mask].tolist())


def test_every_match_is_on_one_side_and_the_newest_are_held_out(many: Snapshot) -> None:
    found = sides(many, 0)
    assert (found.train.astype(int) + found.validation + found.held_out == 1).all()
    first = int(np.flatnonzero(found.held_out)[0])
    assert found.held_out[first:].all() and first > 0
    assert many.opened_at[found.held_out].min() >= many.opened_at[~found.held_out].max()
    share = rounds_of(many, found.held_out) / many.played
    assert HELD_OUT - 0.02 < share <= HELD_OUT


def test_no_more_is_held_out_than_needed(many: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_HELD_OUT", 100)
    assert 80 < rounds_of(many, sides(many, 0).held_out) <= 100


def test_folds_are_of_whole_players_and_each_validates_once(many: Snapshot) -> None:
    found = [sides(many, cycle) for cycle in range(FOLDS)]
    for one in found:
        assert one.by_player and not players_of(many, one.train) & players_of(many, one.validation)
        assert one.validation.any() and one.train.any()
    validated = [player for one in found for player in players_of(many, one.validation)]
    learned = set(many.rounds.owner[~found[0].held_out].tolist())
    assert len(validated) == len(set(validated)) and set(validated) == learned
    assert (sides(many, FOLDS).validation == found[0].validation).all()


def test_what_production_learned_from_is_never_held_out_later(log_with: LogWith, played: Played) -> None:
    earlier = set[str]()
    for matches in (6, 9, 13, 20, 30):
        snapshot = taken(log_with(one for one in played(6, 30) if int(one.match[1:]) < 6 * matches))
        found = sides(snapshot, 0)
        names = np.array(snapshot.matches)
        assert not earlier & set(names[found.held_out])
        earlier |= set(names[~found.held_out])


def test_a_player_stays_in_their_fold_as_others_come(log_of: LogOf) -> None:
    few, more = taken(log_of(8, 4)), taken(log_of(20, 4))
    for cycle in range(FOLDS):
        one, other = sides(few, cycle), sides(more, cycle)
        validating = {more.players[player] for player in players_of(more, other.validation)}
        learned = {few.players[player] for player in players_of(few, ~one.held_out)}
        assert {few.players[player] for player in players_of(few, one.validation)} <= validating | (
            set(few.players) - learned
        )


def test_few_players_stand_in_folds_by_match(log_of: LogOf) -> None:
    snapshot = taken(log_of(FEW - 1, 10))
    found = sides(snapshot, 1)
    assert not found.by_player and found.train.any() and found.validation.any()
    assert players_of(snapshot, found.train) & players_of(snapshot, found.validation)


@pytest.mark.parametrize(("matches", "held_out"), [(0, 0), (1, 0), (2, 1)])
def test_of_next_to_nothing_the_sides_may_be_empty(log_of: LogOf, matches: int, held_out: int) -> None:
    found = sides(taken(log_of(1, matches)), 0)
    assert (int(found.train.sum()), int(found.held_out.sum())) == (matches - held_out, held_out)


def planted(found: Sides, **masks: Bools) -> Sides:
    return replace(found, **masks)


def test_a_player_who_trains_and_validates_is_caught(many: Snapshot) -> None:
    found = sides(many, 0)
    theirs = np.flatnonzero(found.validation & (many.rounds.owner == many.rounds.owner[found.validation][0]))
    moved = np.isin(np.arange(len(found.train)), theirs[:1])
    with pytest.raises(LeakError, match="1 players stand on two sides"):
        check(many, planted(found, train=found.train | moved, validation=found.validation & ~moved))


def test_a_match_on_both_sides_of_the_hold_out_is_caught(many: Snapshot) -> None:
    found = sides(many, 0)
    first = int(np.flatnonzero(found.train)[0])
    with pytest.raises(LeakError, match=f"Match {many.matches[first]} stands on two sides"):
        check(many, planted(found, held_out=found.held_out | (np.arange(len(found.train)) == first)))


def test_one_match_read_twice_is_caught(many: Snapshot) -> None:
    found = sides(many, 0)
    first, last = int(np.flatnonzero(found.train)[0]), int(np.flatnonzero(found.held_out)[-1])
    names = [*many.matches]
    names[last] = names[first]
    with pytest.raises(LeakError, match=f"Match {names[first]} stands on two sides, training and held out"):
        check(replace(many, matches=names), found)


@pytest.mark.parametrize("side", ["train", "validation"])
def test_learning_from_what_came_after_the_first_held_out_is_caught(many: Snapshot, side: str) -> None:
    found = sides(many, 0)
    last = np.arange(len(found.train)) == len(found.train) - 1
    leaking = planted(found, held_out=found.held_out & ~last, by_player=False, **{side: getattr(found, side) | last})
    with pytest.raises(LeakError, match=f"{many.matches[-1]} is learned from and was opened after the first held out"):
        check(many, leaking)


@pytest.mark.parametrize(
    ("copied", "into"), [("train", "held_out"), ("train", "validation"), ("validation", "held_out")]
)
def test_a_copy_under_another_name_is_caught(many: Snapshot, copied: str, into: str) -> None:
    found = sides(many, 0)
    lengths = np.diff(many.rounds.starts, append=len(many.rounds))
    source, place = (int(np.flatnonzero(getattr(found, side) & (lengths >= LONG))[0]) for side in (copied, into))
    histories = np.arange(len(many.matches))
    histories[place] = source
    rounds = replace(pick(many.rounds, histories), owner=many.rounds.owner)
    with pytest.raises(LeakError, match="are copies of each other on two sides"):
        check(replace(many, rounds=rounds), found)
    check(many, found)


def test_short_matches_may_be_alike_by_chance(many: Snapshot) -> None:
    found = sides(many, 0)
    lengths = np.diff(many.rounds.starts, append=len(many.rounds))
    short = lengths < LONG
    source, place = (int(np.flatnonzero(side & short)[0]) for side in (found.train, found.held_out))
    histories = np.arange(len(many.matches))
    histories[place] = source
    check(replace(many, rounds=replace(pick(many.rounds, histories), owner=many.rounds.owner)), found)
