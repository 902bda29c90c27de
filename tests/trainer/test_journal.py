"""The benchmarks' log is one that a server could have written, and goes on where it was left."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from bench import journal
from trainer import parity
from trainer.data.snapshot import take


def rows(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM log ORDER BY position").fetchall()


def test_a_log_that_was_left_goes_on_as_if_it_never_had_been(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole.db", tmp_path / "parts.db"
    held = journal.write(whole, 2000, seed=3)
    assert 0 < journal.write(parts, 700, seed=3) < held
    assert journal.write(parts, 2000, seed=3) == held >= 2000
    assert rows(parts) == rows(whole)
    assert journal.write(parts, 100, seed=3) == held and len(rows(parts)) == len(rows(whole))
    journal.write(tmp_path / "other.db", 2000, seed=4)
    assert rows(tmp_path / "other.db") != rows(whole)


def test_it_keeps_the_rules_and_holds_people_bots_and_scripts(tmp_path: Path) -> None:
    path = tmp_path / "rps.db"
    held = journal.write(path, 4000)
    found = take(path, 1.0, lambda phase, share: None)
    assert not found.faults and found.played == held
    assert set(found.kinds) == {"human", "bot"}
    assert 0 < found.sessions.scripted < found.sessions.sessions / 5
    compared = parity.compare(path)
    assert compared.rounds == len(found.rounds) and not compared.differences
