"""What serves and why: the ledger, the store's bundles and aliases."""

import argparse
import time
from datetime import UTC, datetime

from models.prune import prune
from telemetry.commandline import print_result
from trainer import steps
from trainer.commands.shared import store_of
from trainer.errors import NoLog
from trainer.fitting import table
from trainer.lifecycle import book, ledger
from trainer.lifecycle.bring import bring
from trainer.lifecycle.decisions import Lifecycle
from trainer.settings import Settings


def show_ledger(given: argparse.Namespace, settings: Settings) -> int:
    with book.opened(settings.address) as opened:
        rows = opened.rows()
    if given.what == "show":
        print_result(given, {"entries": [one.entry for one in rows]}, [entry_line(one.entry) for one in rows])
        return 0
    sound, fault = ledger.verify(rows, store_of(settings).table())
    said = f"{sound} entries hold." if fault is None else f"{sound} entries hold. {fault}"
    print_result(given, {"entries": sound, "fault": fault}, [said])
    return 0 if fault is None else 1


def entry_line(entry: ledger.Entry) -> str:
    at = datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="seconds")
    return f"{entry.number:>5} {at} {entry.family or '-':<8} {entry.kind:<12} {entry.by}: {entry.reason}"


def enter(given: argparse.Namespace, settings: Settings) -> int:
    found = bring(settings, given.folder)
    print_result(given, found, [entry_line(found)])
    return 0


def show_table(given: argparse.Namespace, settings: Settings) -> int:
    shown = table.entries(store_of(settings, given.store))
    print_result(given, {"bundles": shown}, table.lines(shown))
    return 0


def remove(given: argparse.Namespace, settings: Settings) -> int:
    store = store_of(settings)
    try:
        with book.opened(settings.address) as opened:
            also = steps.recent(Lifecycle(opened, store))
    except NoLog:
        also = set()
    gone = prune(store, time.time(), newest=given.keep, also=also)
    print_result(given, {"removed": gone}, [*gone, f"{len(gone)} removed."])
    return 0
