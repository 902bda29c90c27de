"""What was served is what the bundle says: every recorded prediction computed again from the log and the bundle."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from msgspec import Struct

from game.records import Sealed
from game.state import Match
from models.store import Pin, Store
from trainer.columns import Features, Floats
from trainer.features import matrix
from trainer.intake import Fault, fold, histories
from trainer.log import entries, opened
from trainer.served import Served

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
    """`missing` counts the predictions of versions that the store's aliases name no more."""

    versions: list[Rescored]
    missing: dict[str, int]
    faults: list[Fault]


class _Tally:
    def __init__(self, model: Served) -> None:
        self.model = model
        self.predictions = self.differences = 0
        self.largest = 0.0

    def compare(self, features: Features, recorded: Floats) -> None:
        apart = np.abs(self.model.predict(features) - recorded).max(axis=1)
        self.predictions += len(recorded)
        self.differences += int((apart > TOLERANCE).sum())
        self.largest = max(self.largest, float(apart.max()))


def rescore(database: Path, store: Store) -> Report:
    """Compute every recorded prediction again; raises NoLog, and BundleError for a bundle that may not be served."""
    pins = {pin.version: pin for aliases in store.table().aliases.values() for pin in aliases.values()}
    tallies: dict[str, _Tally] = {}
    missing: dict[str, int] = defaultdict(int)
    faults: list[Fault] = []
    with opened(database) as connection:
        matches = fold(entries(connection), faults)
        while some := list(islice(matches, _AT_ONCE)):
            for version, (features, recorded) in _by_version(some).items():
                if version not in pins:
                    missing[version] += len(recorded)
                else:
                    _tally(tallies, store, pins[version]).compare(features, recorded)
    versions = [
        Rescored(version, tally.predictions, tally.differences, tally.largest) for version, tally in tallies.items()
    ]
    return Report(sorted(versions, key=lambda one: one.version), dict(missing), faults)


def _tally(tallies: dict[str, _Tally], store: Store, pin: Pin) -> _Tally:
    if pin.version not in tallies:
        tallies[pin.version] = _Tally(Served(store.bundle(pin).model))
    return tallies[pin.version]


def _by_version(matches: list[Match]) -> dict[str, tuple[Features, Floats]]:
    """For each version its rows: (features, recorded probabilities)."""
    sealed = {match.id: list(_sealed(match)) for match in matches}
    intake = histories(matches)
    features = matrix(intake.rounds)
    at: dict[str, list[int]] = defaultdict(list)
    recorded: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for row, round in enumerate(one for id in intake.matches for one in sealed[id]):
        for prediction in {found.version: found for found in round.predictions.values()}.values():
            at[prediction.version].append(row)
            recorded[prediction.version].append(prediction.probabilities)
    return {version: (features[rows], np.array(recorded[version])) for version, rows in at.items()}


def _sealed(match: Match) -> Iterator[Sealed]:
    yield from (round.sealed for round in match.rounds)
    if match.sealed is not None:
        yield match.sealed
