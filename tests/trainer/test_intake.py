"""The log is read as it is: matches fold, a corrupt record costs its own match alone, parity finds what differs."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from game import records
from game.records import Sealed
from game.state import Match
from trainer import __main__ as command
from trainer import parity
from trainer.data.columns import Features, Rounds
from trainer.data.features import matrix
from trainer.data.intake import Fault, Intake, fold, histories
from trainer.data.log import entries, last_position, opened, played_since
from trainer.errors import NoLog

LogOf = Callable[..., Path]


def change(database: Path, kind: str, alter: Callable[[bytes], bytes], skip: int = 0) -> tuple[int, str]:
    """Alter the body of one record of this kind; its (position, match)."""
    with closing(sqlite3.connect(database)) as connection, connection:
        found = connection.execute(
            "SELECT position, match, body FROM log WHERE kind = ? ORDER BY position LIMIT 1 OFFSET ?", (kind, skip)
        ).fetchone()
        connection.execute("UPDATE log SET body = ? WHERE position = ?", (alter(found[2].encode()), found[0]))
        return int(found[0]), str(found[1])


def folded(database: Path) -> tuple[list[Match], list[Fault]]:
    faults: list[Fault] = []
    with opened(database) as connection:
        return list(fold(entries(connection), faults)), faults


def read(database: Path) -> Intake:
    return histories(folded(database)[0])


def test_every_match_and_round_is_read_with_the_unplayed_one_last(cyclers: Path) -> None:
    found, (matches, faults) = read(cyclers), folded(cyclers)
    assert faults == [] and len(found.matches) == len(matches) == 24 and len(found.players) == 6
    assert found.matches == [f"m{number}" for number in range(24)]
    with opened(cyclers) as connection:
        assert int(found.rounds.played.sum()) == played_since(connection, 0)
        assert played_since(connection, last_position(connection)) == 0
    assert np.flatnonzero(~found.rounds.played).tolist() == [len(found.rounds) - 1]


@pytest.mark.parametrize("kind", ["opened", "sealed", "played", "closed"])
@pytest.mark.parametrize("alter", [lambda body: body[:-9], lambda body: b"\xff" + body, lambda body: b"[]"])
def test_a_damaged_record_is_named_and_its_match_left_out(
    log_of: LogOf, kind: str, alter: Callable[[bytes], bytes]
) -> None:
    database = log_of(2, 2)
    position, match = change(database, kind, alter)
    matches, faults = folded(database)
    assert [(fault.position, fault.match) for fault in faults] == [(position, match)]
    assert match not in {one.id for one in matches} and len(matches) == 3


def test_a_record_that_contradicts_the_rules_is_found(log_of: LogOf) -> None:
    database = log_of(2, 2)
    position, _ = change(database, "played", lambda body: body.replace(b'"player":5', b'"player":6'), skip=3)
    _, faults = folded(database)
    assert [fault.position for fault in faults] == [position]


def test_there_may_be_no_log_yet(tmp_path: Path) -> None:
    with pytest.raises(NoLog, match="no round log at"), opened(tmp_path / "rps.db"):
        pass
    sqlite3.connect(tmp_path / "rps.db").close()
    with pytest.raises(NoLog, match="no round log in"), opened(tmp_path / "rps.db"):
        pass
    assert not (tmp_path / "rps.db").read_bytes()


def test_a_log_without_matches_has_no_rounds(log_of: LogOf) -> None:
    found = read(log_of(0, 0))
    assert len(found.rounds) == 0 and matrix(found.rounds).shape == (0, 50)


def test_every_recorded_round_is_rebuilt_bit_for_bit(
    cyclers: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parity, "_AT_ONCE", 7)
    assert command.main(["parity", "--database", str(cyclers), "--json"]) == 0
    with opened(cyclers) as connection:
        sealed = connection.execute("SELECT count(*) FROM log WHERE kind = 'sealed'").fetchone()[0]
    assert capsys.readouterr().out == f'{{"rounds":{sealed},"differences":0}}\n'


def test_a_digest_that_was_served_otherwise_is_found(log_of: LogOf, capsys: pytest.CaptureFixture[str]) -> None:
    database = log_of(2, 2)

    def alter(body: bytes) -> bytes:
        record = records.decode(body)
        assert isinstance(record, Sealed)
        return body.replace(record.features.encode(), b"0" * 16)

    _, match = change(database, "sealed", alter, skip=5)
    assert command.main(["parity", "--database", str(database), "--json"]) == 1
    assert capsys.readouterr().out.endswith('"differences":1}\n')
    assert [(one.match, one.feature) for one in parity.compare(database).differences] == [(match, parity.DIGEST)]


def test_a_feature_that_is_computed_otherwise_is_named(cyclers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def off(rounds: Rounds) -> Features:
        found = matrix(rounds)
        found[4, 30] = np.nextafter(found[4, 30], np.float32(9))
        return found

    monkeypatch.setattr(parity, "matrix", off)
    first, *others = parity.compare(cyclers).differences
    assert (first.match, first.round, first.feature) == ("m0", 5, "points_-1_rock") and others == []
