"""Ledger, lease and notices, in SQLite and in PostgreSQL: what the one promises the other does, too."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

import asyncpg
import pytest
from msgspec import json
from support import database, state

from bench.system import free_port
from game.assignment import Alias
from game.records import Record
from models.store import FolderStore, Pin
from trainer.errors import LedgerUnavailable, NoLog, Overtaken
from trainer.lifecycle import book
from trainer.lifecycle.book import Book
from trainer.lifecycle.decisions import Change, Lifecycle, Move
from trainer.lifecycle.ledger import Kind, Row, digest, verify
from trainer.postgres import Postgres

Records = Callable[..., Iterator[Record]]
Where = Path | str
AT_ONCE = 8


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Where:
    """A database as a server makes it."""
    if request.param == "sqlite":
        return database.made(tmp_path)
    return state.made(request.getfixturevalue("postgres"))


@pytest.fixture
def opened(where: Where) -> Iterator[Book]:
    with book.opened(where) as found:
        yield found


def told(where: Where, sql: str) -> list[tuple[object, ...]]:
    """What one statement finds, past the book; raises what the database's client does."""
    if isinstance(where, str):
        return [tuple(found) for found in state.run(where, sql)]
    with closing(sqlite3.connect(where)) as connection, connection:
        return connection.execute(sql).fetchall()


def row(number: int, said: str = "") -> Row:
    body = json.encode({"kind": "entered", "evidence": {"cycle": number % 3}, "said": f"{said} … Ω {number}"}).decode()
    return Row(number, digest(body), body)


def test_entries_come_back_as_they_were_added_and_in_their_order(opened: Book) -> None:
    assert opened.head() is None and opened.rows() == [] == opened.newest(3)
    found = [row(number) for number in range(1, 6)]
    for one in found:
        opened.append(one)
    assert opened.rows() == found and opened.rows(after=3) == found[3:] and opened.rows(after=9) == []
    assert opened.head() == found[4] and opened.newest(2) == [found[4], found[3]]


def test_entries_are_found_by_what_they_say(opened: Book) -> None:
    found = [row(number) for number in range(1, 6)]
    for one in found:
        opened.append(one)
    assert opened.saying(2, "evidence", "cycle") == [found[1], found[4]]
    assert opened.saying("entered", "kind") == found
    assert opened.last_saying(2, "evidence", "cycle") == found[4] and opened.last_saying("trained", "kind") is None
    assert opened.saying("trained", "kind") == [] == opened.saying("entered", "nowhere", "at all")


def test_a_number_and_an_entry_are_added_once_and_none_is_left_out(opened: Book) -> None:
    opened.append(row(1))
    second = row(1).body
    for refused in (row(1, "another"), Row(2, digest(second), second), row(3)):
        with pytest.raises(Overtaken, match=f"Entry {refused.number} of the ledger was made by somebody else"):
            opened.append(refused)
    assert opened.rows() == [row(1)]
    opened.append(row(2))
    assert opened.head() == row(2)


def test_of_many_who_add_the_same_entry_at_once_one_does(where: Where) -> None:
    ready = Barrier(AT_ONCE)

    def add(writer: int) -> int:
        added = 0
        with book.opened(where) as own:
            for number in range(1, 6):
                ready.wait()
                try:
                    own.append(row(number, f"writer {writer}"))
                    added += 1
                except Overtaken:
                    pass
        return added

    with ThreadPoolExecutor(AT_ONCE) as writers:
        assert sum(writers.map(add, range(AT_ONCE))) == 5
    with book.opened(where) as found:
        assert [one.number for one in found.rows()] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("ledger", [book.LEDGER, book.GESTURE_LEDGER])
def test_what_is_written_stays(where: Where, ledger: str) -> None:
    with book.opened(where, ledger) as found:
        found.append(row(1))
    for sql in (f"DELETE FROM {ledger}", f"UPDATE {ledger} SET body = ''"):
        refusals = (sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)
        with pytest.raises(refusals, match="append-only"):
            told(where, sql)
    assert told(where, f"SELECT body FROM {ledger}") == [(row(1).body,)]


def test_the_two_ledgers_know_nothing_of_each_other(where: Where) -> None:
    with book.opened(where) as throws, book.opened(where, book.GESTURE_LEDGER) as gestures:
        throws.append(row(1))
        assert gestures.rows() == []
        gestures.append(row(1))
        gestures.append(row(2))
        assert len(throws.rows()) == 1 and len(gestures.rows()) == 2


def test_a_lease_is_taken_as_it_was_seen_or_not_at_all(opened: Book) -> None:
    assert opened.lease("trainer") is None
    assert opened.take("trainer", "a:1", None) and opened.lease("trainer") == ("a:1", 1)
    assert not opened.take("trainer", "b:1", None) and not opened.take("trainer", "b:1", ("a:1", 2))
    assert opened.take("trainer", "a:1", ("a:1", 1)) and opened.lease("trainer") == ("a:1", 2)
    assert opened.take("trainer", "b:1", ("a:1", 2)) and opened.lease("trainer") == ("b:1", 3)
    assert opened.lease("another") is None


def test_of_many_who_take_a_lease_at_once_one_has_it(where: Where) -> None:
    ready = Barrier(AT_ONCE)

    def take(name: str) -> int:
        taken = 0
        with book.opened(where) as own:
            for _ in range(5):
                ready.wait()
                seen = own.lease("trainer")
                ready.wait()
                taken += own.take("trainer", name, seen)
        return taken

    with ThreadPoolExecutor(AT_ONCE) as takers:
        assert sum(takers.map(take, [f"machine:{number}" for number in range(AT_ONCE)])) == 5
    with book.opened(where) as found:
        lease = found.lease("trainer")
        assert lease is not None and lease[1] == 5


def test_a_notice_takes_the_place_of_the_one_before(opened: Book, where: Where) -> None:
    opened.notice("progress", {"phase": "intake"})
    opened.notice("comparisons", [])
    opened.notice("progress", {"phase": "done … ü"})
    found = told(where, "SELECT name, body FROM notices ORDER BY name")
    assert found == [("comparisons", "[]"), ("progress", '{"phase":"done … ü"}')]
    ((at,),) = told(where, "SELECT at FROM notices WHERE name = 'progress'")
    assert isinstance(at, int) and at > 1_600_000_000_000


def test_it_knows_how_far_the_log_beside_it_has_come(opened: Book, where: Where, played: Records) -> None:
    assert opened.position() == 0
    found = list(played(1, 1))
    if isinstance(where, str):
        state.add(where, found)
    else:
        database.add(where, found)
    assert opened.position() == len(found)


def test_decisions_are_one_chain_and_who_is_late_is_overtaken(where: Where, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store", shipped=tmp_path / "none")
    store.swap(0, {"brian": {alias: Pin(f"brian-{alias.lower()}", str(alias)) for alias in Alias}})

    def entering(name: str) -> Change:
        pin = Pin(f"brian-{name}", name)
        return Change(
            kind=Kind.ENTERED, family="brian", by="test", reason="", position=7, moves=(Move(pin, Alias.SHADOW2),)
        )

    with book.opened(where) as first, book.opened(where) as second:
        one, other = Lifecycle(first, store), Lifecycle(second, store)
        one.decide(entering("new"))
        other.decide(entering("newer"))
        with pytest.raises(Overtaken, match="at generation 3 now"):
            one.decide(entering("late"), generation=2)
        assert one.entries() == other.entries() and len(one.entries()) == 3
        assert verify(first.rows(), store.table()) == (3, None)
        assert [entry.number for entry in one.saying(3, "generation")] == [3]


def test_a_database_without_tables_says_who_makes_them(postgres: str, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    for where in (postgres, tmp_path / "empty.db"):
        with (
            pytest.raises(NoLog, match=r"There is no ledger in .* yet. A server makes it when it starts"),
            book.opened(where),
        ):
            pass


def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    port = free_port()
    with pytest.raises(LedgerUnavailable) as told, book.opened(f"postgresql://me:hidden@127.0.0.1:{port}/game"):
        pass
    assert f"PostgreSQL at 127.0.0.1:{port}/game cannot be used" in str(told.value) and "hidden" not in str(told.value)


def test_a_connection_that_was_cut_is_opened_again(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that stood idle is not even missed; one that breaks under a question is told of once."""
    state.made(postgres)
    name = urlsplit(postgres).path[1:]
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid != pg_backend_pid()"
    with closing(Postgres(postgres)) as server, book.opened(server) as found:
        monkeypatch.setattr("trainer.postgres.IDLE_S", 3600.0)
        state.run(postgres, cut)
        with pytest.raises(LedgerUnavailable):
            found.append(row(1))
        found.append(row(1))
        monkeypatch.setattr("trainer.postgres.IDLE_S", 0.0)
        state.run(postgres, cut)
        found.append(row(2))
        assert found.rows() == [row(1), row(2)]
