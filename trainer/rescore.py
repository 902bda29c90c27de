"""What was served is what the bundle says: every recorded prediction computed again from the log and the bundle."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from game.records import Sealed
from game.state import Match
from models.errors import BundleError
from models.store import Pin, Store
from telemetry.progress import Tell, untold
from trainer.data.columns import Floats, Ints
from trainer.data.intake import Fault, fold, histories
from trainer.data.log import entries, opened
from trainer.data.rows import Rows
from trainer.fitting.served import Served

TOLERANCE = 2e-6
"""Served probabilities are rounded to six decimals; float32 sums may differ in their last digit between batches."""
_AT_ONCE = 2000
"""Matches whose predictions are computed together."""


class Rescored(Struct, frozen=True):
    """One version: how many of its predictions were computed again, how many differ, and the largest difference."""

    version: str
    predictions: int
    differences: int
    largest: float


class Report(Struct, frozen=True):
    """`missing` counts the predictions of versions whose bundle is not in the store any more."""

    versions: list[Rescored]
    missing: dict[str, int]
    faults: list[Fault]


class _Tally:
    def __init__(self, model: Served) -> None:
        self.model = model
        self.predictions = self.differences = 0
        self.largest = 0.0

    def compare(self, rows: Rows, asked: Ints, recorded: Floats) -> None:
        """The predictions that were `recorded` of the `asked` among these rows."""
        apart = np.abs(self.model.predict(rows)[asked] - recorded).max(axis=1)
        self.predictions += len(recorded)
        self.differences += int((apart > TOLERANCE).sum())
        self.largest = max(self.largest, float(apart.max()))


def rescore(database: Path, store: Store, also: Iterable[Pin] = (), tell: Tell = untold) -> Report:
    """Compute every recorded prediction again; raises NoLog, and BundleError for a bundle that may not be served.

    `also` are versions that the store's aliases name no more and that may still be there.
    """
    models = _Models(store, also)
    tallies: dict[str, _Tally] = {}
    missing: dict[str, int] = defaultdict(int)
    faults: list[Fault] = []
    with opened(database) as connection:
        matches = fold(entries(connection, tell), faults)
        while some := list(islice(matches, _AT_ONCE)):
            for version, found in _by_version(some).items():
                if version not in tallies and (model := models.find(version)) is not None:
                    tallies[version] = _Tally(model)
                if version in tallies:
                    tallies[version].compare(*found)
                else:
                    missing[version] += len(found.recorded)
    versions = [
        Rescored(version, tally.predictions, tally.differences, tally.largest) for version, tally in tallies.items()
    ]
    return Report(sorted(versions, key=lambda one: one.version), dict(missing), faults)


class _Models:
    """The models in a store, by version."""

    def __init__(self, store: Store, also: Iterable[Pin]) -> None:
        self._store = store
        self._named = {pin.version: pin for pins in store.table().aliases.values() for pin in pins.values()}
        self._left = {pin.version: pin for pin in also}

    def find(self, version: str) -> Served | None:
        """The model; None where nothing names it, or it was named once and is gone."""
        if version in self._named:
            return Served.of(self._store.bundle(self._named[version]))
        try:
            return Served.of(self._store.bundle(self._left[version]))
        except (KeyError, BundleError):
            return None


class _Said(NamedTuple):
    """What a version said: all rows of the matches in which it spoke, the rows it spoke of, and its words."""

    rows: Rows
    asked: Ints
    recorded: Floats


def _by_version(matches: list[Match]) -> dict[str, _Said]:
    sealed = {match.id: list(_sealed(match)) for match in matches}
    intake = histories(matches)
    # what a reader said in a match depends on the past that the match began with: each match stands for itself
    rounds = replace(intake.rounds, owner=np.arange(len(intake.matches)))
    rows = Rows.sealed(rounds)
    at: dict[str, list[int]] = defaultdict(list)
    recorded: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for row, round in enumerate(one for id in intake.matches for one in sealed[id]):
        for prediction in {found.version: found for found in round.predictions.values()}.values():
            at[prediction.version].append(row)
            recorded[prediction.version].append(prediction.probabilities)
    found = {}
    for version, places in at.items():
        whole = np.isin(rows.player, rows.player[places])
        asked = np.searchsorted(np.flatnonzero(whole), places)
        found[version] = _Said(rows.where(whole), asked, np.array(recorded[version]))
    return found


def _sealed(match: Match) -> Iterator[Sealed]:
    yield from (round.sealed for round in match.rounds)
    if match.sealed is not None:
        yield match.sealed
