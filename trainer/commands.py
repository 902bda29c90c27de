"""What each of the trainer's commands does. All take the parsed arguments and the settings, and return the exit code.

The learning libraries are loaded in the commands that fit, never in the daemon.
"""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from msgspec import json

from models.places import place, store_at
from models.prune import prune
from models.store import Pin, Store
from trainer import daemon, parity, steps
from trainer import once as one_cycle
from trainer.errors import LedgerUnavailable, NoLog
from trainer.fitting import table
from trainer.lifecycle import book, ledger
from trainer.lifecycle.admin import Admin
from trainer.lifecycle.bring import bring
from trainer.lifecycle.decisions import Lifecycle
from trainer.settings import Settings

log = logging.getLogger("trainer")


def follow(given: argparse.Namespace, settings: Settings) -> int:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # from another thread: the interrupted one may hold the event's own lock
        signal.signal(number, lambda *_: Thread(target=stop.set).start())
    log.info("Following %s; retraining every %d rounds.", settings.database, settings.retrain_rounds)
    with daemon.working(settings, Admin(settings), steps.run, steps.register) as working:
        working.follow(stop)
    log.info("Stopped.")
    return 0


def run_cycle(given: argparse.Namespace, settings: Settings) -> int:
    report = one_cycle.run(settings, steps.run, steps.register)
    _tell(given, report, [_entry_line(entry) for entry in report.entries])
    return 0


def show_ledger(given: argparse.Namespace, settings: Settings) -> int:
    with book.opened(settings.database) as opened:
        rows = opened.rows()
    if given.what == "show":
        _tell(given, {"entries": [one.entry for one in rows]}, [_entry_line(one.entry) for one in rows])
        return 0
    sound, fault = ledger.verify(rows, _store(settings).table())
    said = f"{sound} entries hold." if fault is None else f"{sound} entries hold. {fault}"
    _tell(given, {"entries": sound, "fault": fault}, [said])
    return 0 if fault is None else 1


def _entry_line(entry: ledger.Entry) -> str:
    at = datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="seconds")
    return f"{entry.number:>5} {at} {entry.family or '-':<8} {entry.kind:<12} {entry.by}: {entry.reason}"


def enter(given: argparse.Namespace, settings: Settings) -> int:
    found = bring(settings, given.folder)
    _tell(given, found, [_entry_line(found)])
    return 0


def fit_all(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.fitting.fit import fit, lines

    found = fit(given.data, given.out, given.families, given.only_cc0, given.seed, given.force, given.again)
    _tell(given, found, lines(found))
    return 0


def search(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.data.material import gather
    from trainer.fitting.sweep import lines, sweep

    material = gather(given.data, given.only_cc0, given.seed)
    trials = sweep(given.family, material, given.trials, given.seconds, given.seed)
    _tell(given, {"trials": trials}, lines(trials))
    return 0


def score_predictors(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.league.league import lines, run

    found = run(given.data, _store(settings), given.seed, log.info)
    _tell(given, found, lines(found))
    return 0


def play_population(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.roshambo.tournament import lines, run

    found = run(given.repeats, given.seed, log.info)
    _tell(given, found, lines(found))
    return 0


def study_people(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.sparring.study.study import lines, run

    found = run(given.data, given.free, given.out, given.seed, log.info)
    _tell(given, found, lines(found))
    return 0


def tabulate_policy(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.policy.table import lines, table

    found = table()
    _tell(given, found, lines(found))
    return 0


def simulate_play(given: argparse.Namespace, settings: Settings) -> int:
    from game.opponents import OPPONENTS
    from trainer.sparring.report import lines
    from trainer.sparring.simulate import simulate

    def tell(step: str, share: float) -> None:
        log.info("%3.0f %% %s", 100 * share, step)

    found = simulate(
        given.url, given.bots, given.players, given.matches, list(OPPONENTS), given.seed, tell, given.think
    )  # fmt: skip
    _tell(given, found, lines(found))
    return 0


def show_table(given: argparse.Namespace, settings: Settings) -> int:
    shown = table.entries(_store(settings, given.store))
    _tell(given, {"bundles": shown}, table.lines(shown))
    return 0


def remove(given: argparse.Namespace, settings: Settings) -> int:
    store = _store(settings)
    try:
        with book.opened(settings.database) as opened:
            also = steps.recent(Lifecycle(opened, store))
    except NoLog:
        also = set()
    gone = prune(store, time.time(), newest=given.keep, also=also)
    _tell(given, {"removed": gone}, [*gone, f"{len(gone)} removed."])
    return 0


def compare_features(given: argparse.Namespace, settings: Settings) -> int:
    found = parity.compare(given.database or settings.database)
    for fault in found.faults:
        log.warning("Match %s is left out, record %d is corrupt: %s", fault.match, fault.position, fault.reason)
    for one in found.differences:
        log.error("Match %s, round %d differs first in %s.", one.match, one.round, one.feature)
    counts = {"rounds": found.rounds, "differences": len(found.differences)}
    _tell(given, counts, [f"{found.rounds} rounds compared, {len(found.differences)} differ."])
    return 1 if found.differences else 0


def compare_predictions(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.rescore import rescore

    database, store = given.database or settings.database, _store(settings)
    found = rescore(database, store, _named(database, store))
    for fault in found.faults:
        log.warning("Match %s is left out, record %d is corrupt: %s", fault.match, fault.position, fault.reason)
    lines = [f"{one.version}: {one.predictions} predictions, {one.differences} differ." for one in found.versions]
    lines += [f"{version}: {count} predictions, no longer in the store." for version, count in found.missing.items()]
    _tell(given, found, lines)
    return 1 if any(one.differences for one in found.versions) else 0


def _named(database: Path, store: Store) -> list[Pin]:
    """Every version that the ledger ever named; none where it cannot be read."""
    try:
        with book.opened(database) as opened:
            entries = Lifecycle(opened, store).entries()
    except (NoLog, LedgerUnavailable):
        return []
    return list({pin for entry in entries for places in entry.after.values() for pin in places.values()})


def solve_race(given: argparse.Namespace, settings: Settings) -> int:
    from trainer import solve
    from trainer.policy import foreseen

    solved = solve.solve()
    solve.store(given.out, solved)
    foreseen.store(given.out.with_name(foreseen.FILE), foreseen.looking_ahead())
    checks = {f"V({bot},{player})": round(float(solved[bot, player]), 6) for bot, player in solve.CHECKS}
    checks["sum of squares"] = round(float((solved**2).sum()), 6)
    _tell(given, checks, [f"{name} = {value:.6f}" for name, value in checks.items()])
    return 0


def promotion_sim(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.lifecycle import error_rates

    found = error_rates.measure(given.pairs, given.repetitions, given.seed)
    _tell(given, found, error_rates.lines(found))
    return 0


def _store(settings: Settings, elsewhere: str = "") -> Store:
    """The store of the settings, or the one at the place named."""
    where = place(elsewhere, settings.data_dir) if elsewhere else settings.store
    return store_at(where, settings.data_dir, settings.bundle_key)


def _tell(given: argparse.Namespace, found: Any, lines: Sequence[str]) -> None:
    """The command's result alone on stdout: one JSON object with --json, else lines for people."""
    sys.stdout.write(json.encode(found).decode() + "\n" if given.json else "".join(f"{line}\n" for line in lines))
