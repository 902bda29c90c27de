"""What each of the trainer's commands does. All take the parsed arguments and the settings, and return the exit code.

The learning libraries are loaded in the commands that fit, never in the daemon.
"""

import argparse
import logging
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

from models.places import place, store_at
from models.prune import prune
from models.store import Pin, Store
from telemetry.commandline import print_result
from telemetry.page import metrics_route
from telemetry.progress import Bar
from telemetry.start import told
from trainer import daemon, parity, steps
from trainer import once as one_cycle
from trainer.database import refresh
from trainer.errors import LedgerUnavailable, NoLog
from trainer.fitting import table
from trainer.gestures import retrain
from trainer.lifecycle import book, ledger
from trainer.lifecycle.admin import Admin
from trainer.lifecycle.bring import bring
from trainer.lifecycle.decisions import Lifecycle
from trainer.meters import Meters
from trainer.settings import Settings
from trainer.tasks.choose import tasks_of

log = logging.getLogger("trainer")


def follow(given: argparse.Namespace, settings: Settings) -> int:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # from another thread: the interrupted one may hold the event's own lock
        signal.signal(number, lambda *_: Thread(target=stop.set).start())
    log.info("Following %s; retraining every %d rounds.", settings.told, settings.retrain_rounds)
    meters = Meters()
    with told(settings, "trainer", meters.tallies) as telemetry:
        admin = Admin(settings, retrain.run, meters, [metrics_route(telemetry)])
        with daemon.working(settings, admin, steps.run, steps.register, meters, telemetry.traces) as working:
            working.follow(stop)
    log.info("Stopped.")
    return 0


def run_cycle(given: argparse.Namespace, settings: Settings) -> int:
    meters = Meters()
    with told(settings, "trainer", meters.tallies) as telemetry, progress() as tell:
        report = one_cycle.run(settings, steps.run, steps.register, meters, telemetry.traces, tell)
    print_result(given, report, [_entry_line(entry) for entry in report.entries])
    return 0


def show_ledger(given: argparse.Namespace, settings: Settings) -> int:
    with book.opened(settings.address) as opened:
        rows = opened.rows()
    if given.what == "show":
        print_result(given, {"entries": [one.entry for one in rows]}, [_entry_line(one.entry) for one in rows])
        return 0
    sound, fault = ledger.verify(rows, _store(settings).table())
    said = f"{sound} entries hold." if fault is None else f"{sound} entries hold. {fault}"
    print_result(given, {"entries": sound, "fault": fault}, [said])
    return 0 if fault is None else 1


def _entry_line(entry: ledger.Entry) -> str:
    at = datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="seconds")
    return f"{entry.number:>5} {at} {entry.family or '-':<8} {entry.kind:<12} {entry.by}: {entry.reason}"


def enter(given: argparse.Namespace, settings: Settings) -> int:
    found = bring(settings, given.folder)
    print_result(given, found, [_entry_line(found)])
    return 0


def fit_all(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.fitting.families import NAMES
    from trainer.fitting.fit import fit, lines

    families = given.families or NAMES
    with tasks_of(settings) as tasks, progress() as tell:
        found = fit(
            given.data, given.out, families, given.only_cc0, given.seed, given.force, given.again, tasks, tell
        )  # fmt: skip
    print_result(given, found, lines(found))
    return 0


def search(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.data.material import gather
    from trainer.fitting.sweep import lines, sweep

    material = gather(given.data, given.only_cc0, given.seed)
    with progress() as tell:
        trials = sweep(given.family, material, given.trials, given.seconds, given.seed, tell)
    print_result(given, {"trials": trials}, lines(trials))
    return 0


def export_rounds(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.data.export import export, lines

    with progress() as tell:
        found = export(_log_file(given, settings), given.folder, given.buckets, tell)
    for fault in found.faults:
        log.warning("Match %s is left out, record %d is corrupt: %s", fault.match, fault.position, fault.reason)
    print_result(given, found, lines(found))
    return 0


def score_predictors(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.league.league import lines, run

    with progress() as tell:
        found = run(given.data, _store(settings), given.seed, tell)
    print_result(given, found, lines(found))
    return 0


def play_population(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.roshambo.tournament import lines, run

    with progress() as tell:
        found = run(given.repeats, given.seed, tell)
    print_result(given, found, lines(found))
    return 0


def study_people(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.sparring.study.study import lines, run

    with progress() as tell:
        found = run(given.data, given.free, given.out, given.seed, tell)
    print_result(given, found, lines(found))
    return 0


def tabulate_policy(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.policy.table import lines, table

    with progress() as tell:
        found = table(tell=tell)
    print_result(given, found, lines(found))
    return 0


def simulate_play(given: argparse.Namespace, settings: Settings) -> int:
    from game.opponents import OPPONENTS
    from trainer.sparring.report import lines
    from trainer.sparring.simulate import simulate

    with progress() as tell:
        found = simulate(
            given.url, given.bots, given.players, given.matches, list(OPPONENTS), given.seed, tell, given.think
        )  # fmt: skip
    print_result(given, found, lines(found))
    return 0


def show_table(given: argparse.Namespace, settings: Settings) -> int:
    shown = table.entries(_store(settings, given.store))
    print_result(given, {"bundles": shown}, table.lines(shown))
    return 0


def show_scoreboard(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.scoreboard.lines import lines
    from trainer.scoreboard.report import report

    found = report(_log_file(given, settings))
    print_result(given, found, lines(found))
    return 0


def remove(given: argparse.Namespace, settings: Settings) -> int:
    store = _store(settings)
    try:
        with book.opened(settings.address) as opened:
            also = steps.recent(Lifecycle(opened, store))
    except NoLog:
        also = set()
    gone = prune(store, time.time(), newest=given.keep, also=also)
    print_result(given, {"removed": gone}, [*gone, f"{len(gone)} removed."])
    return 0


def compare_features(given: argparse.Namespace, settings: Settings) -> int:
    with progress() as tell:
        found = parity.compare(_log_file(given, settings), tell)
    for fault in found.faults:
        log.warning("Match %s is left out, record %d is corrupt: %s", fault.match, fault.position, fault.reason)
    for one in found.differences:
        log.error("Match %s, round %d differs first in %s.", one.match, one.round, one.feature)
    counts = {"rounds": found.rounds, "differences": len(found.differences)}
    print_result(given, counts, [f"{found.rounds} rounds compared, {len(found.differences)} differ."])
    return 1 if found.differences else 0


def compare_predictions(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.rescore import rescore

    store = _store(settings)
    with progress() as tell:
        found = rescore(_log_file(given, settings), store, _named(given.database or settings.address, store), tell)
    for fault in found.faults:
        log.warning("Match %s is left out, record %d is corrupt: %s", fault.match, fault.position, fault.reason)
    lines = [f"{one.version}: {one.predictions} predictions, {one.differences} differ." for one in found.versions]
    lines += [f"{version}: {count} predictions, no longer in the store." for version, count in found.missing.items()]
    print_result(given, found, lines)
    return 1 if any(one.differences for one in found.versions) else 0


def _log_file(given: argparse.Namespace, settings: Settings) -> Path:
    """The SQLite file to read the round log from: the one named, or that of the settings, up to date."""
    named: Path | None = given.database
    if named is None:
        refresh(settings)
    return named or settings.database


def _named(database: Path | str, store: Store) -> list[Pin]:
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
    print_result(given, checks, [f"{name} = {value:.6f}" for name, value in checks.items()])
    return 0


def promotion_sim(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.lifecycle import error_rates

    with progress() as tell:
        found = error_rates.measure(given.pairs, given.repetitions, given.seed, tell)
    print_result(given, found, error_rates.lines(found))
    return 0


def _store(settings: Settings, elsewhere: str = "") -> Store:
    """The store of the settings, or the one at the place named."""
    where = place(elsewhere, settings.data_dir) if elsewhere else settings.store
    return store_at(where, settings.data_dir, settings.bundle_key)


def gestures(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.gestures.commands import RUN

    return RUN[given.gestures](given, settings)


Run = Callable[[argparse.Namespace, Settings], int]
RUN: dict[str | None, Run] = {
    None: follow,
    "cycle": run_cycle,
    "fit": fit_all,
    "sweep": search,
    "table": show_table,
    "scoreboard": show_scoreboard,
    "ledger": show_ledger,
    "enter": enter,
    "prune": remove,
    "gestures": gestures,
    "export": export_rounds,
    "parity": compare_features,
    "rescore": compare_predictions,
    "simulate": simulate_play,
    "solve": solve_race,
    "policy": tabulate_policy,
    "promotion-sim": promotion_sim,
    "league": score_predictors,
    "people": study_people,
    "rrps": play_population,
}
"""What does each command of `trainer.commandline`; with none the log is followed."""


def progress() -> Bar:
    """Tells how far a command is; where nobody watches, by log lines."""
    return Bar(log.info)
