"""The rounds played: how the models do on them, and whether they would say the same again."""

import argparse
from pathlib import Path

from models.store import Pin, Store
from telemetry.commandline import print_result
from trainer import parity
from trainer.commands.shared import log, log_file, progress, store_of, tell_faults
from trainer.errors import LedgerUnavailable, NoLog
from trainer.lifecycle import book
from trainer.lifecycle.decisions import Lifecycle
from trainer.settings import Settings


def show_scoreboard(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.scoreboard.lines import lines
    from trainer.scoreboard.report import report

    found = report(log_file(given, settings))
    print_result(given, found, lines(found))
    return 0


def compare_features(given: argparse.Namespace, settings: Settings) -> int:
    with progress() as tell:
        found = parity.compare(log_file(given, settings), tell)
    tell_faults(found.faults)
    for one in found.differences:
        log.error("Match %s, round %d differs first in %s.", one.match, one.round, one.feature)
    counts = {"rounds": found.rounds, "differences": len(found.differences)}
    print_result(given, counts, [f"{found.rounds} rounds compared, {len(found.differences)} differ."])
    return 1 if found.differences else 0


def compare_predictions(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.rescore import rescore

    store = store_of(settings)
    with progress() as tell:
        found = rescore(log_file(given, settings), store, _named(given.database or settings.address, store), tell)
    tell_faults(found.faults)
    lines = [f"{one.version}: {one.predictions} predictions, {one.differences} differ." for one in found.versions]
    lines += [f"{version}: {count} predictions, no longer in the store." for version, count in found.missing.items()]
    print_result(given, found, lines)
    return 1 if any(one.differences for one in found.versions) else 0


def _named(database: Path | str, store: Store) -> list[Pin]:
    """Every version that the ledger ever named; none where it cannot be read."""
    try:
        with book.opened(database) as opened:
            entries = Lifecycle(opened, store).entries()
    except (NoLog, LedgerUnavailable):
        return []
    return list({pin for entry in entries for places in entry.after.values() for pin in places.values()})
