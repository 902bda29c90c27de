"""Looks at what serves and why: the store, both ledgers, the lease, and how learning keeps up with play."""

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

from models.errors import BundleError, StoreError
from models.places import gestures_at, store_at
from models.store import StoreOf, Table
from telemetry.doctor import Found, failed, ok, warning
from telemetry.places import nearest, owner, running
from telemetry.untouched import reading
from trainer.errors import LedgerUnavailable, NoLog
from trainer.lifecycle import lease, ledger
from trainer.lifecycle.book import GESTURE_LEDGER, LEDGER, Book, Tables
from trainer.lifecycle.books_sqlite import SqliteTables
from trainer.lifecycle.ledger import Kind
from trainer.settings import Settings

STALE_S = 86_400.0
UNLEARNED = "SELECT count(*), min(at), max(at) FROM log WHERE position > $1 AND kind = 'played'"
SEE_DATABASE = "python -m server doctor says what is wrong with the database."


def store(settings: Settings) -> Found:
    """Whether bundles can be published, and those that have an alias are whole."""
    place = settings.store
    if isinstance(place, Path) and not os.access(above := nearest(place.absolute()), os.W_OK | os.X_OK):
        return failed(f"{place} cannot be written to: {above} is {owner(above)}'s", f"sudo chown -R $USER {above}")
    try:
        with _stores(settings) as stores:
            tables = [one.table() for one in stores]
            for one, table in zip(stores, tables, strict=True):
                for pins in table.aliases.values():
                    for pin in pins.values():
                        one.bundle(pin)
    except StoreError as error:
        return failed(str(error), "start the object store, or set RPS_STORE_URL right.")
    except BundleError as error:
        return failed(str(error), "order a rollback, or publish it again (docs/operations.md, BundleRefused).")
    return ok(f"{place}, generation {tables[0].generation}, and {tables[1].generation} of gestures")


def ledgers(settings: Settings) -> Found:
    """Whether both hold, and say what the store says."""
    counts = []
    try:
        with _stores(settings) as stores:
            for name, one in zip((LEDGER, GESTURE_LEDGER), stores, strict=True):
                table = _table(one)
                with tables(settings) as kept:
                    sound, fault = ledger.verify(Book(kept, name).rows(), table)
                if fault is not None:
                    return failed(f"{sound} entries of the {name} hold. {fault}", "docs/operations.md, Backup.")
                counts.append(sound)
    except NoLog as error:
        return ok(str(error))
    except LedgerUnavailable as error:
        return failed(str(error), SEE_DATABASE)
    return ok(f"{counts[0]} entries hold, and {counts[1]} of gestures")


def holder(settings: Settings) -> Found:
    """Who holds the lease."""
    try:
        with tables(settings) as kept:
            found = Book(kept).lease(lease.NAME)
    except NoLog as error:
        return ok(str(error))
    except LedgerUnavailable as error:
        return failed(str(error), SEE_DATABASE)
    if found is None:
        return ok("nobody has held it yet")
    host, _, pid = found[0].rpartition(":")
    if host != socket.gethostname():
        return ok(f"{found[0]} holds it, elsewhere")
    there = pid.isdigit() and running(int(pid))
    return ok(f"process {pid} holds it" if there else f"process {pid}, which is gone, held it last: it is free")


def learning(settings: Settings) -> Found:
    """Whether what was played has been learned from."""
    try:
        with tables(settings) as kept:
            trained = Book(kept).last_saying(Kind.TRAINED, "kind")
            entry = None if trained is None else trained.entry
            ((new, first_ms, last_ms),) = kept.fetch(UNLEARNED, 0 if entry is None else entry.position)
    except NoLog as error:
        return ok(str(error))
    except LedgerUnavailable as error:
        return failed(str(error), SEE_DATABASE)
    wanted = settings.retrain_rounds
    since = "there was no cycle yet" if entry is None else f"the last cycle ended {_ago(entry.at)} ago"
    played = "" if last_ms is None else f", the last one {_ago(last_ms)} ago"
    text = f"{since}; {new} rounds were played that none has learned from{played} (a cycle begins at {wanted})"
    began = entry.at if entry is not None else first_ms
    if new >= wanted and began is not None and time() - began / 1000 > STALE_S:
        return warning(text, "python -m trainer, or see what it says (docs/operations.md, ModelsStale).")
    return ok(text)


def _ago(at_ms: int) -> str:
    seconds = max(0.0, time() - at_ms / 1000)
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


class Untouched(SqliteTables):
    """The tables in a file that is read and not changed."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.name = str(path)
        self._connection = connection


@contextmanager
def tables(settings: Settings) -> Iterator[Tables]:
    """The trainer's tables, to read; raises NoLog and LedgerUnavailable."""
    address = settings.address
    if isinstance(address, Path):
        if not address.exists():
            raise NoLog(f"There is no round log at {address} yet.")
        with reading(address) as connection:
            yield Untouched(address, connection)
        return
    from trainer.lifecycle.books_postgres import PostgresTables
    from trainer.postgres import Postgres

    with closing(Postgres(address)) as server:
        yield PostgresTables(server)


@contextmanager
def _stores(settings: Settings) -> Iterator[tuple[StoreOf[Any], StoreOf[Any]]]:
    """The stores; what comes from a bucket is kept apart from what the trainer keeps of it."""
    with TemporaryDirectory(prefix="rps-quest-doctor-") as folder:
        kept = settings.store, folder, settings.bundle_key
        yield store_at(*kept), gestures_at(*kept)


def _table(store: StoreOf[Any]) -> Table | None:
    """What the store says; the look at it says why it says nothing."""
    try:
        return store.table()
    except StoreError:
        return None
