"""Recorded predictions are those of their bundles; one that is not is found."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import numpy as np
import pytest
from msgspec.structs import replace
from support.gates import Replay, gate, manifest
from support.play import answer, opening, question, records, throw
from support.rows import rows_with

from game import match as rules
from game.assignment import Alias
from game.features import unpack
from game.knowledge import NOTHING
from game.moves import MOVES
from game.records import Opened, Prediction, Record
from models.store import SHIPPED, FolderStore, Pin
from server import schema
from server.rows import row
from server.sqlite import APPEND
from trainer.fitting.served import Served
from trainer.rescore import rescore

STORE = FolderStore(SHIPPED)
PIN = STORE.table().aliases["logan"][Alias.PRODUCTION]


def played(shift: float = 0.0, version: str = PIN.version) -> list[Record]:
    """A match whose predictions are the shipped model's, the first of them shifted."""
    model = Served(STORE.bundle(PIN).model)
    match, effects = rules.start(opening())
    written = records(effects)
    while match.closed is None:
        ask = question(effects)
        asked = rows_with(np.array([unpack(ask.features)], np.float32))
        (rock, paper, scissors) = model.predict(asked)[0].round(6).tolist()
        found = Prediction(version, (rock + shift, paper - shift, scissors))
        shift = 0.0
        match, effects = rules.step(match, answer(ask, {Alias.PRODUCTION: found, Alias.B: found}))
        written += records(effects)
        match, effects = rules.step(match, throw(match.round, MOVES[match.round % 3]))
        written += records(effects)
    return written


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "rps.db"
    schema.prepare(path).close()
    return path


def keep(database: Path, written: list[Record]) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.executemany(APPEND, [row(record) for record in written])
        connection.commit()


def test_what_was_served_is_what_the_bundle_says(database: Path) -> None:
    keep(database, played())
    report = rescore(database, STORE)
    (found,) = report.versions
    assert (found.version, found.differences) == (PIN.version, 0)
    assert found.predictions > 8
    assert not report.missing and not report.faults


def test_a_prediction_that_the_bundle_never_made_is_found(database: Path) -> None:
    keep(database, played(shift=1e-3))
    (found,) = rescore(database, STORE).versions
    assert found.differences == 1
    assert found.largest == pytest.approx(1e-3, abs=1e-5)


def read_along(version: str, model: bytes) -> Iterator[Record]:
    """Three matches of one player, with what this reader says round by round."""
    replay = Replay(model)
    known, random = NOTHING, Random(3)
    for number in range(3):
        match, effects = rules.start(replace(opening(known=known), match=f"m{number}"))
        yield from records(effects)
        while match.closed is None:
            ask = question(effects)
            rock, paper, scissors = (round(share, 6) for share in replay.says(ask.past, ask.features))
            said = Prediction(version, (rock, paper, scissors))
            match, effects = rules.step(match, answer(ask, {Alias.PRODUCTION: said}))
            yield from records(effects)
            match, effects = rules.step(match, throw(match.round, random.choice(MOVES)))
            yield from records(effects)
        known = match.known


def forgetful(record: Record) -> Record:
    """The last match begins as if nothing had been told of the player's past."""
    if isinstance(record, Opened) and record.match == "m2":
        return replace(record, known=replace(record.known, past=b""))
    return record


def test_what_a_reader_said_comes_from_the_past_that_each_match_began_with(database: Path, tmp_path: Path) -> None:
    store, model = FolderStore(tmp_path / "store", shipped=tmp_path / "none"), gate()
    pin = store.put(manifest(model), model)
    store.swap(0, {"maxine": dict.fromkeys(Alias, pin)})
    written = list(read_along(pin.version, model))
    keep(database, written)
    (found,) = rescore(database, store).versions
    assert (found.version, found.differences) == (pin.version, 0) and found.predictions > 24
    other = tmp_path / "other.db"
    schema.prepare(other).close()
    keep(other, [forgetful(one) for one in written])
    (forgot,) = rescore(other, store).versions
    assert forgot.differences > 5 and forgot.predictions == found.predictions


def test_versions_that_are_gone_are_counted(database: Path) -> None:
    keep(database, played(version="logan-000000000000"))
    report = rescore(database, STORE)
    assert not report.versions
    assert report.missing["logan-000000000000"] > 8


def test_a_version_that_left_the_aliases_is_found_while_its_bundle_is_there(database: Path, tmp_path: Path) -> None:
    keep(database, played())
    left = FolderStore(tmp_path / "store")
    left.swap(0, {"brian": STORE.table().aliases["brian"]})
    assert rescore(database, left).missing[PIN.version] > 8
    report = rescore(database, left, also=[PIN])
    assert [(one.version, one.differences) for one in report.versions] == [(PIN.version, 0)] and not report.missing
    gone = Pin("logan-000000000000", "0" * 64)
    other = tmp_path / "other.db"
    schema.prepare(other).close()
    keep(other, played(version=gone.version))
    assert rescore(other, left, also=[gone]).missing[gone.version] > 8
