"""The log's ended matches into a dataset of Parquet parts (`trainer.data.partitions`), a batch at a time.

What lies in memory is a batch's columns and the matches that are open at one moment, however long the log is. A batch
is whole or not there: its parts are written aside, moved into place and named last, all at once, by the dataset's file.
The log is read in short looks, so that whoever writes it is never kept from tidying it.
"""

import fcntl
import logging
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow.parquet as pq
from msgspec import Struct
from msgspec.structs import replace

from game.state import Match
from models.files import DRAFT
from telemetry.progress import Tell, untold
from trainer.data import log, partitions, table
from trainer.data.columns import Ints, pick, rows_of
from trainer.data.intake import Fault, Intake, fold, histories, ordered
from trainer.data.log import Entry
from trainer.data.partitions import Dataset
from trainer.errors import OutputError

logger = logging.getLogger(__name__)

BATCH = 500_000
"""Rounds of a batch, or a few more: some 100 MB."""
_PAGE = 20_000
"""Log rows of one look."""
_AT_ONCE = 500
"""Matches that are Python's objects at a time."""


class Report(Struct, frozen=True):
    """What the dataset holds now, and what of it this export has added."""

    dataset: Dataset
    rounds: int
    matches: int
    parts: int
    faults: list[Fault]


def export(database: Path, folder: Path, buckets: int | None = None, tell: Tell = untold) -> Report:
    """Add what has ended in the log since the last export; raises NoLog, NoDataset and OutputError.

    `buckets` is the dataset's from the first export on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        before = _continued(database, folder, buckets)
        added, faults = 0, list[Fault]()
        reading = _Reading(database, before, tell)
        dataset = before
        for chunks, days in _batches(reading, faults):
            now = replace(dataset, position=reading.position, open=tuple(reading.open))
            dataset, written = _added(folder, dataset.position + 1, now, chunks, days)
            added += written
            logger.info("%d rounds are in the dataset, up to log position %d.", dataset.rounds, dataset.position)
        rounds, matches = dataset.rounds - before.rounds, dataset.matches - before.matches
        return Report(replace(dataset, open=()), rounds, matches, added, faults)


def lines(report: Report) -> list[str]:
    """The report for people."""
    now = report.dataset
    return [
        f"{report.rounds:,} rounds of {report.matches:,} matches added in {report.parts} parts.",
        f"The dataset holds {now.rounds:,} rounds in {now.buckets} buckets, up to log position {now.position}.",
    ]


class _Reading:
    """The log's rows for the fold: those of matches that were open, then all later ones. It knows how far it is."""

    def __init__(self, database: Path, dataset: Dataset, tell: Tell) -> None:
        self._database = database
        self._tell = tell
        self._end = _last(database)
        self.position = dataset.position
        self.open = dict.fromkeys(dataset.open)

    def entries(self) -> Iterator[Entry]:
        until = self.position
        for match in list(self.open):
            yield from self._look("match = ? AND position <= ?", match, until)
        while self.position < self._end:
            self._tell("reading the log", self.position / self._end)
            yield from self._look(
                "position > ? AND position <= ?", self.position, min(self.position + _PAGE, self._end)
            )

    def _look(self, where: str, *given: object) -> Iterator[Entry]:
        """A page of rows; the position moves on with each that is taken, and over what a page lacks at its end."""
        with log.opened(self._database) as connection:
            rows = connection.execute(
                f"SELECT position, match, kind, body FROM log WHERE {where} ORDER BY position", given
            ).fetchall()
        for position, match, kind, body in rows:
            id = bytes(match).decode(errors="replace")
            self.position = max(self.position, position)
            if kind == b"opened":
                self.open[id] = None
            yield position, id, body
        if isinstance(given[0], int):
            self.position = max(self.position, int(str(given[1])))

    def close(self, match: str) -> None:
        """Nothing more is to come of this match."""
        self.open.pop(match, None)


def _batches(reading: _Reading, faults: list[Fault]) -> Iterator[tuple[list[Intake], dict[str, str]]]:
    """(columns, the day on which each match ended), as often as a batch is full and once at the end."""
    chunks: list[Intake] = []
    days: dict[str, str] = {}
    ended = _ended(reading, faults)
    while some := list(islice(ended, _AT_ONCE)):
        chunks.append(histories(some))
        days |= {match.id: partitions.day_of(match.closed.at) for match in some if match.closed is not None}
        if sum(len(chunk.rounds) for chunk in chunks) >= BATCH:
            yield chunks, days
            chunks, days = [], {}
    yield chunks, days


def _ended(reading: _Reading, faults: list[Fault]) -> Iterator[Match]:
    """Matches as they end; those that are still open are left to the next export."""
    told = 0
    for match in fold(reading.entries(), faults):
        for fault in faults[told:]:
            reading.close(fault.match)
        told = len(faults)
        if match.closed is not None:
            reading.close(match.id)
            yield match


def _added(
    folder: Path, first: int, dataset: Dataset, chunks: list[Intake], days: dict[str, str]
) -> tuple[Dataset, int]:
    """The dataset with a batch in it, and the number of its parts."""
    batch = ordered([*chunks, table.nothing()])
    rounds, matches = int(batch.rounds.played.sum()), len(batch.matches)
    dataset = replace(dataset, rounds=dataset.rounds + rounds, matches=dataset.matches + matches)
    players = [partitions.pseudonym(player) for player in batch.players]
    groups = _groups(batch, players, days, dataset.buckets)
    with TemporaryDirectory(prefix=DRAFT, dir=folder) as draft:
        drafts = [Path(draft) / str(number) for number in range(len(groups))]
        for path, these in zip(drafts, groups.values(), strict=True):
            _write(path, _some(batch, players, these))
        for path, (day, bucket) in zip(drafts, groups, strict=True):
            place = partitions.part(folder, day, bucket, first, dataset.position)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
    partitions.commit(folder, dataset)
    return dataset, len(groups)


def _groups(batch: Intake, players: list[str], days: dict[str, str], buckets: int) -> dict[tuple[str, int], Ints]:
    """The histories of each part; those of a player stand together, because their pasts are alike and pack well."""
    bucket = [partitions.bucket_of(player, buckets) for player in players]
    owner = batch.rounds.owner
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for history in np.argsort(owner, kind="stable").tolist():
        found[days[batch.matches[history]], bucket[owner[history]]].append(history)
    return {key: np.array(these) for key, these in sorted(found.items())}


def _some(batch: Intake, players: list[str], these: Ints) -> Intake:
    """These matches alone, in this order, with these names for all players."""
    return Intake(
        rounds=pick(batch.rounds, these),
        players=players,
        matches=[batch.matches[history] for history in these],
        kinds=[batch.kinds[history] for history in these],
        opened_at=batch.opened_at[these],
        took=batch.took[rows_of(batch.rounds, these)],
    )


def _write(path: Path, part: Intake) -> None:
    with path.open("wb") as file:
        pq.write_table(table.of(part), file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())


def _continued(database: Path, folder: Path, buckets: int | None) -> Dataset:
    """What the folder holds, without what a dead export left in it."""
    end, dataset = _last(database), partitions.opened(folder)
    if dataset is None:
        dataset = Dataset(buckets or partitions.BUCKETS)
        partitions.commit(folder, dataset)
    if buckets not in (None, dataset.buckets):
        raise OutputError(f"The dataset in {folder} has {dataset.buckets} buckets, and so it must go on.")
    if end < dataset.position:
        raise OutputError(f"The dataset in {folder} is of another log: it is at {dataset.position}, the log at {end}.")
    for path in partitions.parts(folder, dataset)[1]:
        path.unlink()
    for path in folder.glob(f"{DRAFT}*"):
        shutil.rmtree(path)
    return dataset


def _last(database: Path) -> int:
    with log.opened(database) as connection:
        return log.last_position(connection)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else exports into the folder meanwhile; a dead process keeps nobody out."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(f"Another export writes into {folder}.") from error
        yield
