"""What a cycle learns from, read once: the round log as columns, with the weight of each round.

All of people's matches are in it and a share of all others'. The families of a cycle share one snapshot through a
folder, and a cycle that was killed goes on from there: its `id` names exactly what is in it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import DecodeError, Struct, ValidationError, json
from numpy.typing import NDArray

from models.files import replace_file
from trainer.data import sessions
from trainer.data.columns import Ints, Known, Pasts, Rounds
from trainer.data.copies import without
from trainer.data.intake import Fault, Intake, chosen, fold, gather, ordered
from trainer.data.log import Entry, entries, last_position, opened

log = logging.getLogger(__name__)

COLUMNS = "snapshot.npz"
SEAL = "snapshot.json"
_ENTRIES = 2000
"""Entries between two words of how far the reading is: a tenth of a second."""

Tell = Callable[[str, float], None]
"""Told what is being done, and how much of it is done, from 0 to 1."""
Columns = dict[str, NDArray[Any]]
_KNOWN = [field.name for field in fields(Known) if field.name != "past"]
"""What is columns already; a past is bytes."""


class _Seal(Struct, frozen=True):
    """Written last: says of the columns' file that it is whole."""

    id: str
    sha256: str


class _Told(Struct, frozen=True):
    """What is in the file beside columns."""

    players: list[str]
    matches: list[str]
    kinds: list[str]
    end: int
    faults: list[Fault]
    sessions: sessions.Report


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The rounds of all matches in the order of opening; `kinds` and `opened_at` are by match, `weight` by round.

    `end` is the last log position read. `id` is equal exactly where names, rounds, times and weights are.
    """

    rounds: Rounds
    players: list[str]
    matches: list[str]
    kinds: list[str]
    opened_at: Ints
    weight: NDArray[np.float32]
    end: int
    faults: list[Fault]
    sessions: sessions.Report
    id: str

    @property
    def played(self) -> int:
        """How many rounds there are to learn from."""
        return int(self.rounds.played.sum())

    def store(self, folder: Path) -> None:
        """Keep it in the folder, in the place of what was there; until it is whole, nothing can be loaded."""
        told = _Told(self.players, self.matches, self.kinds, self.end, self.faults, self.sessions)
        file = BytesIO()
        np.savez(
            file,
            allow_pickle=False,
            told=np.frombuffer(json.encode(told), np.uint8),
            **_columns(self.rounds, self.opened_at, self.weight),
        )
        content = file.getvalue()
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / COLUMNS, content)
        replace_file(folder / SEAL, json.encode(_Seal(self.id, sha256(content).hexdigest())))


def take(database: Path, bot_share: float, tell: Tell, dataset: Path | None = None) -> Snapshot:
    """Read the whole log as it is now; raises NoLog. Few matches at a time are more than columns.

    With a `dataset` only what is new of the log is read and added there, and what has ended is learned from it: then
    players are pseudonyms. Raises NoDataset and OutputError too.
    """
    if dataset is None:
        intake, end, faults = _from_log(database, bot_share, tell)
    else:
        intake, end, faults = _from_dataset(database, dataset, bot_share, tell)
    intake, copies = without(intake)
    for copy, first in copies:
        log.warning("Match %s is left out, it is a copy of match %s.", copy, first)
    weight, report = sessions.weigh(intake)
    return Snapshot(
        intake.rounds, intake.players, intake.matches, intake.kinds, intake.opened_at, weight,
        end, faults, report, _id(intake, weight),
    )  # fmt: skip


def _from_log(database: Path, bot_share: float, tell: Tell) -> tuple[Intake, int, list[Fault]]:
    faults: list[Fault] = []
    with opened(database) as connection:
        end = last_position(connection)
        matches = fold(_told(entries(connection), end, tell), faults)
        intake = gather(one for one in matches if sessions.counts(one.id, one.opened.player_kind, bot_share))
    tell("reading the log", 1.0)
    return intake, end, faults


def _from_dataset(database: Path, folder: Path, bot_share: float, tell: Tell) -> tuple[Intake, int, list[Fault]]:
    from trainer.data import export, partitions  # Parquet's library is loaded only where it is used

    tell("adding to the dataset", 0.0)
    report = export.export(database, folder)
    tell("reading the dataset", 0.5)
    intake = partitions.read(folder)
    each = zip(intake.matches, intake.kinds, strict=True)
    counts = [sessions.counts(match, kind, bot_share) for match, kind in each]
    return ordered([chosen(intake, np.flatnonzero(counts))]), report.dataset.position, report.faults


def load(folder: Path) -> Snapshot | None:
    """The snapshot kept there; None where there is none, or one that is damaged, half written or of older code."""
    try:
        seal = json.decode((folder / SEAL).read_bytes(), type=_Seal)
        content = (folder / COLUMNS).read_bytes()
        if sha256(content).hexdigest() != seal.sha256:
            return None
        with np.load(BytesIO(content), allow_pickle=False) as file:
            found = dict(file)
        told = json.decode(found.pop("told").tobytes(), type=_Told)
        opened_at, weight = found.pop("opened_at"), found.pop("weight")
        past = _apart(found.pop("past"), found.pop("past_sizes"))
        known = Known(past=past, **{name: found.pop(f"known_{name}") for name in _KNOWN})
        rounds = Rounds(**found, known=known)
    except (OSError, DecodeError, ValidationError, KeyError, TypeError):
        return None
    return Snapshot(
        rounds, told.players, told.matches, told.kinds, opened_at, weight,
        told.end, told.faults, told.sessions, seal.id,
    )  # fmt: skip


def _told(entries: Iterable[Entry], end: int, tell: Tell) -> Iterator[Entry]:
    """The same entries, telling now and then how far they are."""
    for number, entry in enumerate(entries):
        if number % _ENTRIES == 0:
            tell("reading the log", entry[0] / end)
        yield entry


def _columns(rounds: Rounds, opened_at: Ints, weight: NDArray[np.float32]) -> Columns:
    plain = {field.name: getattr(rounds, field.name) for field in fields(Rounds) if field.name != "known"}
    known = {f"known_{name}": getattr(rounds.known, name) for name in _KNOWN}
    past = {"past": np.frombuffer(b"".join(rounds.known.past), np.uint8), "past_sizes": _sizes(rounds.known.past)}
    return {**plain, **known, **past, "opened_at": opened_at, "weight": weight}


def _sizes(past: Pasts) -> Ints:
    return np.array([len(one) for one in past], np.int64)


def _apart(joined: NDArray[np.uint8], sizes: Ints) -> Pasts:
    """What was joined, each of its size."""
    text, ends = joined.tobytes(), np.cumsum(sizes)
    return np.array([text[end - size : end] for size, end in zip(sizes, ends, strict=True)], object)


def _id(intake: Intake, weight: NDArray[np.float32]) -> str:
    digest = sha256(json.encode([intake.players, intake.matches, intake.kinds]))
    for name, column in _columns(intake.rounds, intake.opened_at, weight).items():
        digest.update(f"{name} {column.dtype.str} {column.shape}".encode())
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()
