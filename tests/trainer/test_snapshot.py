"""A snapshot is the log as it is, names what is in it, and is loaded whole or not at all."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from game.knowledge import Knowledge, Lag
from game.records import Opened, PlayerKind, Record
from trainer.data import intake, snapshot
from trainer.data.columns import Known, Rounds
from trainer.data.features import matrix
from trainer.data.intake import fold, histories
from trainer.data.log import entries, last_position, opened
from trainer.data.partitions import pseudonym
from trainer.data.sessions import counts
from trainer.data.snapshot import COLUMNS, SEAL, Snapshot, load, take
from trainer.errors import NoLog

LogOf = Callable[..., Path]
LogWith = Callable[[Iterable[Record]], Path]
Played = Callable[..., Iterator[Record]]


def taken(database: Path, bot_share: float = 0.1) -> Snapshot:
    return take(database, bot_share, lambda phase, share: None)


def assert_equal(ours: Snapshot, theirs: Snapshot) -> None:
    for field in fields(Snapshot):
        mine, other = getattr(ours, field.name), getattr(theirs, field.name)
        if not isinstance(mine, Rounds):
            assert np.array_equal(mine, other), field.name
    assert_same_columns(ours, theirs)


def assert_same_columns(ours: Snapshot, theirs: Snapshot) -> None:
    for kind, mine, other in (
        (Rounds, ours.rounds, theirs.rounds),
        (Known, ours.rounds.known, theirs.rounds.known),
    ):
        for field in fields(kind):
            if field.name != "known":
                mine_column, other_column = getattr(mine, field.name), getattr(other, field.name)
                assert mine_column.dtype == other_column.dtype and np.array_equal(mine_column, other_column), field.name


def test_every_match_is_there_in_the_order_of_opening(cyclers: Path) -> None:
    found = taken(cyclers)
    assert found.matches == [f"m{number}" for number in range(24)]
    assert found.players == [f"p{number}" for number in range(6)]
    assert found.kinds == ["human"] * 24 and (np.diff(found.opened_at) > 0).all()
    assert found.played == len(found.rounds) - 1 and (found.weight == 1).all() and not found.faults
    with opened(cyclers) as connection:
        assert found.end == last_position(connection)
        whole = histories(fold(entries(connection), []))
    np.testing.assert_array_equal(matrix(found.rounds), matrix(whole.rounds))


def test_what_is_learned_from_a_dataset_is_what_the_log_says_of_ended_matches(
    log_with: LogWith, played: Played, tmp_path: Path
) -> None:
    ended = [one for one in played(6, 4) if one.match != "m23"]  # the last one is under way
    database = log_with(replace(one, player_kind=PlayerKind.BOT) if isinstance(one, Opened) else one for one in ended)

    def from_dataset(bot_share: float) -> Snapshot:
        return take(database, bot_share, lambda phase, share: None, tmp_path / "dataset")

    for bot_share in (0.0, 0.5, 1.0):
        found, whole = from_dataset(bot_share), taken(database, bot_share)
        assert (found.matches, found.kinds, found.end) == (whole.matches, whole.kinds, whole.end)
        assert found.players == [pseudonym(player) for player in whole.players]
        assert found.weight.tolist() == whole.weight.tolist()
        assert_same_columns(found, whole)
    assert 0 < len(taken(database, 0.5).matches) < 23
    parts = {path: path.stat().st_mtime_ns for path in (tmp_path / "dataset").rglob("*.parquet")}
    assert parts and from_dataset(1.0).played == taken(database, 1.0).played
    assert parts == {path: path.stat().st_mtime_ns for path in (tmp_path / "dataset").rglob("*.parquet")}


def test_reading_a_few_matches_at_a_time_gives_the_same(cyclers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = taken(cyclers)
    monkeypatch.setattr(intake, "_AT_ONCE", 5)
    assert_equal(taken(cyclers), whole)


def test_matches_played_at_the_same_time_are_in_the_order_of_opening(log_with: LogWith, played: Played) -> None:
    both = [
        [
            replace(one, match=f"{name}{one.match}", at=one.at + shift, **_named(one, name))
            for one in played(1, 3, seed=shift)
        ]
        for name, shift in (("late", 20), ("early", 0))
    ]
    mixed = [one for pair in zip_longest(*both) for one in pair if one is not None]
    found = taken(log_with(mixed))
    assert found.matches == [f"{name}m{number}" for number in range(3) for name in ("early", "late")]
    assert found.players == ["early", "late"] and found.rounds.owner.tolist() == [0, 1] * 3
    assert_same_rounds(found, taken(log_with(chain(*both))))


def assert_same_rounds(ours: Snapshot, theirs: Snapshot) -> None:
    assert ours.id == theirs.id
    assert_equal(ours, theirs)


def _named(record: Record, player: str) -> dict[str, str]:
    return {"player": player} if isinstance(record, Opened) else {}


def test_the_same_data_have_the_same_id_and_others_another(log_of: LogOf) -> None:
    first, same, other = log_of(2, 3), log_of(2, 3), log_of(2, 4)
    assert taken(first).id == taken(same).id != taken(other).id


def test_all_of_people_is_there_and_a_share_of_others(log_with: LogWith, played: Played) -> None:
    bots = [replace(one, match=f"b{one.match}", **_named(one, "bot")) for one in played(4, 10, kind=PlayerKind.BOT)]
    found = taken(log_with(chain(played(2, 2, seed=8), bots)), bot_share=0.3)
    kept = {match for match in (f"bm{number}" for number in range(40)) if counts(match, PlayerKind.BOT, 0.3)}
    assert set(found.matches) == kept | {f"m{number}" for number in range(4)} and 2 < len(kept) < 38
    assert {match for match, kind in zip(found.matches, found.kinds, strict=True) if kind == "bot"} == kept


IMPOSSIBLE = [
    Knowledge(rounds=-1),
    Knowledge(rounds=2, moves=(1, 1, 0), ranks=(0, 0, 1)),
    Knowledge(rounds=10**30, moves=(10**30, 0, 0), ranks=(10**30, 0, 0)),
    Knowledge(rounds=1, moves=(1, 0, 0), ranks=(1, 0, 0)),
    Knowledge(rounds=1, moves=(1, 0, 0), ranks=(1, 0, 0), lags=(Lag(0, 7, 0, (10, 11, 16)),)),
    Knowledge(rounds=1, moves=(1, 0, 0), ranks=(1, 0, 0), lags=(Lag(0, 0, 0, (10, 11, 16)),)),
    Knowledge(rounds=1, moves=(1, 0, 0), ranks=(1, 0, 0), lags=(Lag(0, 0, 2, (10, 11, 99999)),)),
    Knowledge(rounds=1, moves=(2, -1, 0), ranks=(1, 0, 0), lags=(Lag(0, 0, 2, (10, 11, 16)),)),
    Knowledge(past=bytes([200])),
]


@pytest.mark.parametrize("known", IMPOSSIBLE)
def test_what_cannot_be_known_of_a_player_costs_the_match(log_with: LogWith, played: Played, known: Knowledge) -> None:
    found = taken(log_with(_altered(played(2, 2), known=known)))
    assert [(fault.match, fault.position) for fault in found.faults] == [("m0", 1)]
    assert found.matches == ["m1", "m2", "m3"] and np.isfinite(matrix(found.rounds)).all()


@pytest.mark.parametrize("at", [-1, 2**60])
def test_a_time_that_cannot_be_costs_the_match(log_with: LogWith, played: Played, at: int) -> None:
    found = taken(log_with(_altered(played(2, 2), at=at)))
    assert [fault.match for fault in found.faults] == ["m0"] and len(found.matches) == 3


def _altered(found: Iterator[Record], **changes: object) -> Iterator[Record]:
    """The first match says something else in its opening."""
    first = next(found)
    yield replace(first, **changes)
    yield from found


def test_progress_rises_to_the_end(cyclers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "_ENTRIES", 100)
    told: list[tuple[str, float]] = []
    take(cyclers, 0.1, lambda phase, share: told.append((phase, share)))
    shares = [share for _, share in told]
    assert len(shares) > 5 and shares == sorted(shares) and shares[0] >= 0 and shares[-1] == 1


def test_nothing_was_ever_played(log_of: LogOf, tmp_path: Path) -> None:
    empty = taken(log_of(0, 0))
    assert empty.played == 0 and empty.matches == [] and empty.end == 0
    empty.store(tmp_path)
    kept = load(tmp_path)
    assert kept is not None and kept.id == empty.id
    with pytest.raises(NoLog):
        taken(tmp_path / "none.db")


def test_what_was_stored_is_loaded(cyclers: Path, tmp_path: Path) -> None:
    found = taken(cyclers)
    found.store(tmp_path / "work")
    kept = load(tmp_path / "work")
    assert kept is not None
    assert_equal(kept, found)


def test_there_may_be_none(tmp_path: Path) -> None:
    assert load(tmp_path) is None


@pytest.mark.parametrize("name", [COLUMNS, SEAL])
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.999])
def test_half_a_snapshot_is_none(cyclers: Path, tmp_path: Path, name: str, keep: float) -> None:
    taken(cyclers).store(tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(keep * len(content))])
    assert load(tmp_path) is None


def test_a_single_changed_byte_is_found(cyclers: Path, tmp_path: Path) -> None:
    taken(cyclers).store(tmp_path)
    content = bytearray((tmp_path / COLUMNS).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / COLUMNS).write_bytes(content)
    assert load(tmp_path) is None


def test_killed_between_its_two_files_it_is_none(cyclers: Path, log_of: LogOf, tmp_path: Path) -> None:
    taken(log_of(2, 2)).store(tmp_path)
    before = (tmp_path / SEAL).read_bytes()
    taken(cyclers).store(tmp_path)
    (tmp_path / SEAL).write_bytes(before)
    assert load(tmp_path) is None
    (tmp_path / SEAL).unlink()
    assert load(tmp_path) is None


def test_a_match_that_was_logged_twice_counts_once(
    log_with: LogWith, played: Played, caplog: pytest.LogCaptureFixture
) -> None:
    once = list(played(6, 3))
    alone = taken(log_with(once))
    again = [replace(one, match=f"again-{one.match}") for one in once]
    both = taken(log_with([*once, *again]))
    copies = caplog.text.count("is left out, it is a copy of match")
    assert copies > 9 and len(both.matches) == 2 * len(alone.matches) - copies
    assert {name.removeprefix("again-") for name in both.matches} == set(alone.matches)
