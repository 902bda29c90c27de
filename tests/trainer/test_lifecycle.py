"""Decisions: in the ledger first, then in the store; whoever dies or is slower in between harms nothing."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.database import made

from game.assignment import Alias
from models.errors import StoreError
from models.store import Aliases, FolderStore, Pin, Table
from trainer.errors import LedgerUnavailable, NoLog, Overtaken, Unwanted
from trainer.lifecycle import book, orders
from trainer.lifecycle.decisions import Change, Lifecycle, Move
from trainer.lifecycle.ledger import Kind, Row, digest, verify
from trainer.lifecycle.orders import Order
from trainer.lifecycle.places import moved, without

PINS = {alias: Pin(f"brian-{number}", str(number)) for number, alias in enumerate(Alias)}
NEW = Pin("brian-new", "new")


class Falling(FolderStore):
    """A store that is away, or a process that dies, at the moment of the swap."""

    fault: BaseException | None = None

    def swap(self, generation: int, aliases: Aliases, entry: str = "") -> Table:
        if self.fault is not None:
            raise self.fault
        return super().swap(generation, aliases, entry)


@pytest.fixture
def lifecycle(tmp_path: Path) -> Iterator[Lifecycle]:
    store = Falling(tmp_path / "store", shipped=tmp_path / "none")
    store.swap(0, {"brian": PINS})
    with book.opened(made(tmp_path)) as opened:
        yield Lifecycle(opened, store)


def entering(pin: Pin = NEW) -> Change:
    return Change(
        kind=Kind.ENTERED, family="brian", by="test", reason="it passed", position=7, moves=(Move(pin, Alias.SHADOW2),)
    )


def versions(lifecycle: Lifecycle) -> list[str]:
    return [lifecycle.store.table().aliases["brian"][alias].version.removeprefix("brian-") for alias in Alias]


def sound(lifecycle: Lifecycle) -> int:
    count, fault = verify(lifecycle.book.rows(), lifecycle.store.table())
    assert fault is None
    return count


def test_a_decision_is_in_the_ledger_and_in_the_store(lifecycle: Lifecycle) -> None:
    entry = lifecycle.decide(entering())
    assert versions(lifecycle) == ["0", "1", "2", "new"]
    assert (entry.number, entry.kind, entry.generation, entry.position) == (2, Kind.ENTERED, 2, 7)
    assert entry.before["brian"] == PINS and entry.after == lifecycle.store.table().aliases
    assert lifecycle.entries()[0].kind is Kind.ADOPTED
    assert sound(lifecycle) == 2
    head = lifecycle.book.head()
    assert head is not None and lifecycle.store.table().entry == head.hash


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), StoreError("The store is away.")])
def test_what_was_decided_but_not_done_is_done_later(lifecycle: Lifecycle, fault: BaseException) -> None:
    lifecycle.settle()
    lifecycle.store.fault = fault  # type: ignore[attr-defined]
    with pytest.raises(type(fault)):
        lifecycle.decide(entering())
    assert versions(lifecycle) == ["0", "1", "2", "3"] and len(lifecycle.entries()) == 2
    lifecycle.store.fault = None  # type: ignore[attr-defined]
    lifecycle.settle()
    assert versions(lifecycle) == ["0", "1", "2", "new"]
    assert sound(lifecycle) == 2


def test_what_somebody_else_has_carried_out_already_is_done(lifecycle: Lifecycle) -> None:
    class Quicker(FolderStore):
        def swap(self, generation: int, aliases: Aliases, entry: str = "") -> Table:
            super().swap(generation, aliases, entry)
            return super().swap(generation, aliases, entry)

    quicker = Quicker.__new__(Quicker)
    quicker.__dict__.update(lifecycle.store.__dict__)
    assert Lifecycle(lifecycle.book, quicker).decide(entering()).generation == 2
    assert versions(lifecycle) == ["0", "1", "2", "new"] and sound(lifecycle) == 2


def test_an_entry_that_changes_nothing_does_not_hide_an_unfinished_one(lifecycle: Lifecycle) -> None:
    lifecycle.decide(entering())
    lifecycle.decide(Change(kind=Kind.TRAINED, family="", by="test", reason="done", position=9))
    lifecycle.settle()
    assert lifecycle.store.table().generation == 2 and sound(lifecycle) == 3


def test_what_somebody_did_past_the_ledger_is_adopted(lifecycle: Lifecycle) -> None:
    lifecycle.settle()
    other = {alias: Pin("brian-other", "o") for alias in Alias}
    lifecycle.store.swap(1, {"brian": other})
    lifecycle.settle()
    entry = lifecycle.entries()[-1]
    assert entry.kind is Kind.ADOPTED and entry.before["brian"] == PINS and entry.after["brian"] == other
    assert sound(lifecycle) == 2


def test_of_two_who_decide_at_once_exactly_one_wins(lifecycle: Lifecycle, tmp_path: Path) -> None:
    lifecycle.settle()
    with book.opened(tmp_path / "rps.db") as opened:
        slower = Lifecycle(opened, lifecycle.store)
        append, passed = opened.append, []

        def late(row: Row) -> None:
            if not passed:
                passed.append(lifecycle.decide(entering()))
            append(row)

        opened.append = late  # type: ignore[method-assign]
        with pytest.raises(Overtaken):
            slower.decide(entering(Pin("brian-late", "late")))
        assert versions(lifecycle) == ["0", "1", "2", "new"] and sound(lifecycle) == 2
        passed.clear()
        opened.append = append  # type: ignore[method-assign]
        slower.insist(entering(Pin("brian-late", "late")))
    assert versions(lifecycle) == ["0", "1", "2", "late"]


def test_who_decides_between_somebody_s_look_and_their_entry_overtakes_them(
    lifecycle: Lifecycle, tmp_path: Path
) -> None:
    lifecycle.settle()
    store = lifecycle.store
    with book.opened(tmp_path / "rps.db") as opened:

        class Looking(FolderStore):
            """Somebody else decides right after each look at the table."""

            def table(self) -> Table:
                seen = super().table()
                if len(lifecycle.entries()) == 1:
                    Lifecycle(lifecycle.book, store).decide(entering())
                return seen

        looking = Looking(tmp_path / "store", shipped=tmp_path / "none")
        with pytest.raises(Overtaken):
            Lifecycle(opened, looking).decide(entering(Pin("brian-late", "late")))
    assert versions(lifecycle) == ["0", "1", "2", "new"] and sound(lifecycle) == 2


def test_an_order_about_an_older_generation_is_refused(lifecycle: Lifecycle) -> None:
    lifecycle.decide(entering())
    with pytest.raises(Overtaken, match="at generation 2 now, not 1"):
        lifecycle.decide(entering(Pin("brian-x", "x")), generation=1)
    assert len(lifecycle.entries()) == 2


def test_nothing_to_change_is_no_decision(lifecycle: Lifecycle) -> None:
    lifecycle.decide(entering())
    with pytest.raises(Unwanted, match="stands there already"):
        lifecycle.decide(entering())


def test_the_ledger_refuses_to_be_rewritten(lifecycle: Lifecycle, tmp_path: Path) -> None:
    lifecycle.decide(entering())
    with sqlite3.connect(tmp_path / "rps.db") as connection:
        for sql in ("DELETE FROM ledger", "UPDATE ledger SET body = ''"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(sql)
    connection.close()


def test_one_changed_byte_is_found(lifecycle: Lifecycle) -> None:
    lifecycle.decide(entering())
    rows = lifecycle.book.rows()
    for number, one in enumerate(rows):
        for index in range(0, len(one.body), 7):
            body = one.body[:index] + chr(ord(one.body[index]) ^ 1) + one.body[index + 1 :]
            changed = [*rows[:number], Row(one.number, one.hash, body), *rows[number + 1 :]]
            assert verify(changed)[0] == number


def test_a_missing_a_foreign_and_a_cut_off_entry_are_found(lifecycle: Lifecycle) -> None:
    lifecycle.decide(entering())
    lifecycle.decide(entering(Pin("brian-x", "x")))
    rows, table = lifecycle.book.rows(), lifecycle.store.table()
    assert verify(rows, table) == (3, None)
    assert verify([rows[0], rows[2]])[1] == "Entry 2 is missing: entry 3 stands in its place."
    sound, fault = verify(rows[:2], table)
    assert sound == 2 and fault is not None and "is not in the ledger" in fault
    assert verify([]) == (0, None)
    edited = Table(table.generation, {"brian": {**table.aliases["brian"], Alias.B: NEW}}, table.entry)
    assert verify(rows, edited) == (3, "The alias table, at generation 3, is not what entry 3 says.")


def test_what_is_no_entry_is_one_clear_error_and_decides_nothing(lifecycle: Lifecycle) -> None:
    lifecycle.settle()
    head = lifecycle.book.head()
    assert head is not None
    lifecycle.book.append(Row(2, digest("{}"), "{}"))
    for doing in (lifecycle.settle, lambda: lifecycle.decide(entering()), lifecycle.entries):
        with pytest.raises(LedgerUnavailable, match="Entry 2 of the ledger cannot be read"):
            doing()
    sound, fault = verify(lifecycle.book.rows())
    assert sound == 1 and fault is not None and "Entry 2 of the ledger cannot be read" in fault
    assert versions(lifecycle) == ["0", "1", "2", "3"]


def test_a_database_without_a_ledger_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NoLog, match="no database"), book.opened(tmp_path / "none.db"):
        pass
    (tmp_path / "empty.db").touch()
    with pytest.raises(NoLog, match="A server makes it when it starts"), book.opened(tmp_path / "empty.db"):
        pass


def order(version: str = "", generation: int | None = None) -> Order:
    return Order("brian", version and f"brian-{version}", generation)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Lifecycle]:
    """Over the shipped bundles, which can be read."""
    with book.opened(made(tmp_path)) as opened:
        yield Lifecycle(opened, FolderStore(tmp_path / "store"))


def test_promote_demote_and_rollback_by_order(real: Lifecycle) -> None:
    first = [pin.version for pin in real.store.table().aliases["brian"].values()]
    p, b, s1, s2 = first

    def now() -> list[str]:
        return [real.store.table().aliases["brian"][alias].version for alias in Alias]

    assert orders.promote(real, order(), 0, "me").kind is Kind.PROMOTED
    assert now() == [b, p, s1, s2]
    orders.promote(real, Order("brian", s2), 0, "me")
    assert now() == [s2, b, p, s1]
    orders.demote(real, Order("brian"), 0, "me")
    assert now() == [b, p, s1, s2]
    orders.rollback(real, Order("brian"), 0, "me")
    assert now() == [s2, p, s1, b]
    assert [entry.by for entry in real.entries()[1:]] == ["me"] * 4
    assert sound(real) == 5


def test_orders_that_cannot_be_followed_say_why(real: Lifecycle) -> None:
    with pytest.raises(Unwanted, match="no family 'nobody'"):
        orders.promote(real, Order("nobody"), 0, "me")
    with pytest.raises(Unwanted, match="never had a version"):
        orders.promote(real, order("nothing"), 0, "me")
    with pytest.raises(Unwanted, match="nothing else in Production"):
        orders.rollback(real, Order("brian"), 0, "me")
    with pytest.raises(Overtaken):
        orders.promote(real, Order("brian", generation=5), 0, "me")


def test_places_move_as_a_line() -> None:
    def line(pins: dict[Alias, Pin]) -> list[str]:
        return [pins[alias].version.removeprefix("brian-") for alias in Alias]

    assert line(moved(PINS, NEW, Alias.SHADOW2)) == ["0", "1", "2", "new"]
    assert line(moved(PINS, PINS[Alias.B], Alias.PRODUCTION)) == ["1", "0", "2", "3"]
    assert line(moved(PINS, PINS[Alias.SHADOW2], Alias.SHADOW1)) == ["0", "1", "3", "2"]
    assert line(moved({}, NEW, Alias.SHADOW2)) == ["new"] * 4
    assert line(moved(moved({}, NEW, Alias.SHADOW2), PINS[Alias.B], Alias.SHADOW2)) == ["new", "new", "new", "1"]
    assert line(without(PINS, "brian-0")) == ["1", "2", "3", "3"]
    assert line(without(moved({}, NEW, Alias.B), "brian-new")) == ["new"] * 4
