"""The log as Parquet: the same arrays bit for bit, whole players in a bucket, each match once whatever happens."""

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json
from msgspec.structs import replace

from game.records import Record
from trainer import __main__ as command
from trainer.data import export as exporting
from trainer.data import table
from trainer.data.columns import Known, Rounds
from trainer.data.export import export
from trainer.data.features import matrix
from trainer.data.intake import Fault, Intake, fold, gather, histories
from trainer.data.log import entries, opened
from trainer.data.partitions import PARTS, bucket_of, day_of, pseudonym, read
from trainer.data.partitions import opened as dataset_in
from trainer.errors import NoDataset, NoLog, OutputError

LogOf = Callable[..., Path]
LogWith = Callable[[Iterable[Record]], Path]
Played = Callable[..., Iterator[Record]]
ROOT = Path(__file__).parents[2]
DAY_MS = 24 * 60 * 60 * 1000


def ended(database: Path, faults: list[Fault] | None = None) -> Intake:
    """What intake makes of the matches that have ended, with pseudonyms in place of players."""
    with opened(database) as connection:
        found = gather(one for one in fold(entries(connection), faults or []) if one.closed is not None)
    return Intake(
        found.rounds, list(map(pseudonym, found.players)), found.matches, found.kinds, found.opened_at, found.took
    )


def assert_same(ours: Intake, theirs: Intake) -> None:
    """Every array has the same bits in the same type, and so have the features made of them."""
    assert (ours.players, ours.matches, ours.kinds) == (theirs.players, theirs.matches, theirs.kinds)
    both = [(ours, theirs, ("opened_at", "took"))]
    both.append((ours.rounds, theirs.rounds, tuple(one.name for one in fields(Rounds) if one.name != "known")))
    both.append((ours.rounds.known, theirs.rounds.known, tuple(one.name for one in fields(Known))))
    for mine, other, names in both:
        for name in names:
            first, second = getattr(mine, name), getattr(other, name)
            assert (first.dtype, first.shape) == (second.dtype, second.shape), name
            assert first.tolist() == second.tolist(), name
    assert matrix(ours.rounds).tobytes() == matrix(theirs.rounds).tobytes()


def cut(database: Path, path: Path, rows: int) -> Path:
    """The log as it was when it had so many rows."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(path)) as copy, copy:
        source.backup(copy)
        copy.execute("DELETE FROM log WHERE position > ?", (rows,))
    return path


def rows_of(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT max(position) FROM log").fetchone()[0])


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "BATCH", 100)
    monkeypatch.setattr(exporting, "_AT_ONCE", 3)
    monkeypatch.setattr(exporting, "_PAGE", 50)


@pytest.mark.parametrize("batches", ["one", "many"])
def test_what_is_read_back_is_what_intake_makes_bit_for_bit(
    cyclers: Path, tmp_path: Path, batches: str, request: pytest.FixtureRequest
) -> None:
    if batches == "many":
        request.getfixturevalue("small_batches")
    report = export(cyclers, tmp_path / "lake", 4)
    whole = ended(cyclers)
    assert_same(read(tmp_path / "lake"), whole)
    assert report.rounds == report.dataset.rounds == int(whole.rounds.played.sum())
    assert report.matches == len(whole.matches) == 23  # the last is still being played
    assert (report.parts > 4) == (batches == "many") and report.faults == []


def test_a_match_that_was_left_keeps_the_round_that_was_never_thrown(
    log_with: LogWith, played: Played, tmp_path: Path
) -> None:
    found = list(played(2, 2))
    last = found[-1]
    closed = next(one for one in found if type(one).__name__ == "Closed")
    scores = next(one.scores for one in reversed(found) if type(one).__name__ == "Played")  # type: ignore[union-attr]
    left = replace(closed, match=last.match, round=last.round, scores=scores, at=last.at + 9)  # type: ignore[arg-type]
    database = log_with([*found, left])
    export(database, tmp_path)
    back = read(tmp_path)
    assert np.flatnonzero(~back.rounds.played).size == 1 and len(back.matches) == 4
    assert_same(back, ended(database))


@given(st.lists(st.integers(0, 1000), max_size=5))
@settings(max_examples=8, deadline=None)
def test_exports_one_after_another_hold_each_match_once(
    tmp_path_factory: pytest.TempPathFactory, cyclers: Path, when: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("growing")
    rows = rows_of(cyclers)
    for number, moment in enumerate([*sorted(when), 1000]):
        export(cut(cyclers, folder / f"{number}.db", rows * moment // 1000), folder / "lake", 4)
    assert_same(read(folder / "lake"), ended(cyclers))


def test_a_second_export_touches_no_part_and_reads_only_what_is_new(
    cyclers: Path, tmp_path: Path, small_batches: None
) -> None:
    export(cut(cyclers, tmp_path / "half.db", rows_of(cyclers) // 2), tmp_path / "lake", 4)
    before = {path: path.stat() for path in (tmp_path / "lake").glob(PARTS)}
    first = dataset_in(tmp_path / "lake")
    assert first is not None and len(first.open) == 1
    report = export(cyclers, tmp_path / "lake")
    after = {path: path.stat() for path in (tmp_path / "lake").glob(PARTS)}
    assert set(before) < set(after)
    assert all(
        (after[path].st_mtime_ns, after[path].st_ino) == (one.st_mtime_ns, one.st_ino) for path, one in before.items()
    )
    assert report.matches == 23 - first.matches and report.dataset.buckets == 4
    again = export(cyclers, tmp_path / "lake")
    assert (again.rounds, again.parts) == (0, 0) and again.dataset.position == rows_of(cyclers)


@pytest.mark.parametrize("renames", [0, 1, 2, 3, 4, 7, 12])
def test_an_export_that_is_killed_leaves_nothing_half_and_the_next_goes_on(
    cyclers: Path, tmp_path: Path, renames: int, small_batches: None
) -> None:
    folder = tmp_path / "lake"
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    arguments = [sys.executable, "-m", "support.dying_export", str(cyclers), str(folder), str(renames)]
    done = subprocess.run(arguments, env=environ, capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    if (dataset := dataset_in(folder)) is not None:  # what was told to be there is there
        half = read(folder)
        assert (int(half.rounds.played.sum()), len(half.matches)) == (dataset.rounds, dataset.matches)
        assert set(half.matches) <= set(ended(cyclers).matches)
    assert list(folder.glob(".draft-*"))
    export(cyclers, folder, 4)
    assert_same(read(folder), ended(cyclers))
    assert not list(folder.glob(".draft-*"))
    assert sum(len(pq.read_table(path)) for path in folder.glob(PARTS)) == len(ended(cyclers).rounds)


def test_whole_players_are_in_one_bucket_and_a_split_is_a_choice_of_buckets(cyclers: Path, tmp_path: Path) -> None:
    export(cyclers, tmp_path, 4)
    sides = [set(read(tmp_path, buckets=some).players) for some in ({0, 1}, {2, 3})]
    assert not sides[0] & sides[1] and sides[0] | sides[1] == {pseudonym(f"p{number}") for number in range(6)}
    assert all(bucket_of(player, 4) in (0, 1) for player in sides[0]) and all(sides)
    some = read(tmp_path, buckets={0, 1})
    whole = ended(cyclers)
    mine = [at for at, owner in enumerate(whole.rounds.owner) if whole.players[owner] in sides[0]]
    assert some.matches == [whole.matches[at] for at in mine]
    assert read(tmp_path, buckets=set()).matches == []


def test_days_are_those_on_which_matches_ended(log_with: LogWith, played: Played, tmp_path: Path) -> None:
    shifted = [replace(one, at=one.at + DAY_MS - 4 * 60_000) for one in played(2, 4, unfinished=False)]
    export(log_with(shifted), tmp_path)
    assert {path.parents[1].name for path in tmp_path.glob(PARTS)} == {"day=1970-01-01", "day=1970-01-02"}
    closed = {one.match: day_of(one.at) for one in shifted if type(one).__name__ == "Closed"}
    for day in ("1970-01-01", "1970-01-02"):
        assert set(read(tmp_path, days={day}).matches) == {name for name, ended in closed.items() if ended == day}


def test_nobody_s_id_stands_in_it(log_with: LogWith, played: Played, tmp_path: Path) -> None:
    secret = "c0ffee" * 5
    found = [replace(one, player=secret) if type(one).__name__ == "Opened" else one for one in played(1, 2)]
    folder = tmp_path / "lake"
    export(log_with(found), folder)
    for path in folder.rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes()
    (only,) = read(folder).players
    assert only == pseudonym(secret) and not set(only) - set("0123456789abcdef") and len(only) == 32


def test_a_corrupt_record_costs_its_match_alone_in_every_export(
    cyclers: Path, tmp_path: Path, small_batches: None
) -> None:
    database = cut(cyclers, tmp_path / "log.db", rows_of(cyclers))
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE log SET body = '{}' WHERE match = 'm9' AND kind = 'played' AND round = 2")
        (at,) = connection.execute(
            "SELECT position FROM log WHERE match = 'm9' AND kind = 'played' AND round = 2"
        ).fetchone()
    first = export(cut(database, tmp_path / "some.db", at + 3), tmp_path / "lake", 4)
    assert [fault.match for fault in first.faults] == ["m9"]
    export(database, tmp_path / "lake")
    back = read(tmp_path / "lake")
    assert "m9" not in back.matches and len(back.matches) == 22
    assert_same(back, ended(database))


def test_a_row_of_the_table_is_a_round_that_others_can_read(cyclers: Path, tmp_path: Path) -> None:
    export(cyclers, tmp_path, 1)
    (path,) = tmp_path.glob(PARTS)
    found = pq.read_table(path, partitioning=None)
    assert found.schema == table.SCHEMA and found["known_rounds"].null_count == len(found) - 23
    first = found.filter(pa.compute.equal(found["match"], "m0")).slice(0, 3).to_pylist()
    assert [row["round"] for row in first] == [1, 2, 3] and {row["player"] for row in first} == {pseudonym("p0")}
    with opened(cyclers) as connection:
        match = next(iter(fold(entries(connection), [])))
    for row, played in zip(first, match.rounds, strict=False):
        assert [row["rock"], row["paper"], row["scissors"]] == list(played.sealed.values.values())
        assert row["took_ms"] == played.played.at - played.sealed.at


def test_the_command_tells_in_json_what_it_did(
    cyclers: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["export", str(tmp_path / "lake"), "--database", str(cyclers), "--buckets", "3", "--json"]) == 0
    told = json.decode(capsys.readouterr().out)
    assert told["matches"] == 23 and told["dataset"]["buckets"] == 3
    assert command.main(["export", str(tmp_path / "lake"), "--database", str(cyclers)]) == 0
    assert capsys.readouterr().out.startswith("0 rounds of 0 matches added")


def test_what_cannot_be_is_refused(cyclers: Path, log_of: LogOf, tmp_path: Path) -> None:
    with pytest.raises(NoDataset, match="There is no dataset in"):
        read(tmp_path)
    with pytest.raises(NoLog):
        export(tmp_path / "none.db", tmp_path / "lake")
    export(cyclers, tmp_path / "lake", 4)
    with pytest.raises(OutputError, match="has 4 buckets"):
        export(cyclers, tmp_path / "lake", 5)
    with pytest.raises(OutputError, match="is of another log"):
        export(log_of(1, 1), tmp_path / "lake")
    with (tmp_path / "lake/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match="Another export writes into"):
            export(cyclers, tmp_path / "lake")
    (tmp_path / "lake/dataset.json").write_text("{")
    with pytest.raises(NoDataset, match="cannot be read"):
        export(cyclers, tmp_path / "lake")


def test_an_empty_log_makes_an_empty_dataset(log_of: LogOf, tmp_path: Path) -> None:
    assert export(log_of(0, 0), tmp_path).dataset.rounds == 0
    assert_same(read(tmp_path), histories([]))
