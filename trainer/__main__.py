"""The trainer's commands: `python -m trainer --help`. Everything the process is made of is put together here."""

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Any

from msgspec import json

from game.settings import SettingsError, load, variable_of
from models.errors import BundleError, StoreError
from models.places import place, store_at
from models.prune import prune
from models.store import FolderStore, Store
from trainer import daemon, parity, table
from trainer.errors import TrainerError
from trainer.families import NAMES
from trainer.settings import Settings
from trainer.task import cycle, log_to_stderr

log = logging.getLogger("trainer")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 when done or stopped by a signal, 1 for a fault or a difference found."""
    given = _parser().parse_args(arguments)
    try:
        settings = load(Settings, os.environ)
        log_to_stderr(settings)
        code: int = given.run(given, settings)
    except (SettingsError, TrainerError, BundleError, StoreError) as error:
        print(f"trainer: {error}", file=sys.stderr)  # noqa: T201 - a command's one line for its user
        return 1
    return code


def _follow(given: argparse.Namespace, settings: Settings) -> int:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # from another thread: the interrupted one may hold the event's own lock
        signal.signal(number, lambda *_: Thread(target=stop.set).start())
    log.info("Following %s; retraining every %d rounds.", settings.database, settings.retrain_rounds)
    daemon.follow(settings, cycle, stop)
    log.info("Stopped.")
    return 0


def _cycle(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.cycle import run  # the learning libraries are loaded in the commands that fit, never in the daemon

    report = run(settings.database, _store(settings), settings.position)
    _tell(given, report, [f"{len(report.verdicts)} candidates, position {report.position}."])
    return 0


def _fit(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.fit import fit  # as above

    manifests = fit(given.data, given.out, given.families, given.only_cc0, given.seed, given.force)
    shown = table.entries(FolderStore(given.out, shipped=given.out))
    _tell(given, {"bundles": manifests}, table.lines(shown))
    return 0


def _table(given: argparse.Namespace, settings: Settings) -> int:
    shown = table.entries(_store(settings, given.store))
    _tell(given, {"bundles": shown}, table.lines(shown))
    return 0


def _prune(given: argparse.Namespace, settings: Settings) -> int:
    gone = prune(_store(settings), time.time(), newest=given.keep)
    _tell(given, {"removed": gone}, [*gone, f"{len(gone)} removed."])
    return 0


def _parity(given: argparse.Namespace, settings: Settings) -> int:
    found = parity.compare(given.database or settings.database)
    for fault in found.faults:
        log.warning("Match %s is left out, record %d is corrupt: %s", fault.match, fault.position, fault.reason)
    for one in found.differences:
        log.error("Match %s, round %d differs first in %s.", one.match, one.round, one.feature)
    counts = {"rounds": found.rounds, "differences": len(found.differences)}
    _tell(given, counts, [f"{found.rounds} rounds compared, {len(found.differences)} differ."])
    return 1 if found.differences else 0


def _rescore(given: argparse.Namespace, settings: Settings) -> int:
    from trainer.rescore import rescore  # ONNX Runtime stays out of the daemon

    found = rescore(given.database or settings.database, _store(settings))
    for fault in found.faults:
        log.warning("Match %s is left out, record %d is corrupt: %s", fault.match, fault.position, fault.reason)
    lines = [f"{one.version}: {one.predictions} predictions, {one.differences} differ." for one in found.versions]
    lines += [f"{version}: {count} predictions, no longer in the store." for version, count in found.missing.items()]
    _tell(given, found, lines)
    return 1 if any(one.differences for one in found.versions) else 0


def _solve(given: argparse.Namespace, settings: Settings) -> int:
    from trainer import solve

    solved = solve.solve()
    solve.store(given.out, solved)
    checks = {f"V({bot},{player})": round(float(solved[bot, player]), 6) for bot, player in solve.CHECKS}
    checks["sum of squares"] = round(float((solved**2).sum()), 6)
    _tell(given, checks, [f"{name} = {value:.6f}" for name, value in checks.items()])
    return 0


def _promotion_sim(given: argparse.Namespace, settings: Settings) -> int:
    from trainer import error_rates

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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trainer",
        description="Follow the round log and retrain when enough new rounds are there, or run one command.",
        epilog="Settings are variables: " + ", ".join(map(variable_of, Settings.__struct_fields__)),
    )
    parser.set_defaults(run=_follow)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help, description=help)
        added.add_argument("--json", action="store_true", help="print one JSON object on standard output")
        added.set_defaults(run=run)
        return added

    command("cycle", _cycle, "Retrain once now on the whole round log, publish what is better, and exit.")
    _fit_options(command("fit", _fit, "Fit all families from laboratory and simulated play into a folder of bundles."))
    shown = command("table", _table, "Show what serves under each alias and how it did on players it never met.")
    shown.add_argument("--store", default="", metavar="PLACE", help="the store (default: that of the settings)")
    pruned = command("prune", _prune, "Remove bundles from the store that no alias means, once they are an hour old.")
    pruned.add_argument("--keep", type=_whole, default=20, metavar="N", help="spare the newest (default: %(default)s)")
    compared = command("parity", _parity, "Rebuild every recorded round's features twice; exit 1 where they differ.")
    compared.add_argument("--database", type=Path, metavar="PATH", help="the SQLite file (default: that of settings)")
    rescored = command("rescore", _rescore, "Compute every recorded prediction again; exit 1 where they differ.")
    rescored.add_argument("--database", type=Path, metavar="PATH", help="the SQLite file (default: that of settings)")
    solved = command("solve", _solve, "Solve the race exactly and store its value table.")
    solved.add_argument("--out", type=Path, metavar="PATH", default=Path("game/equilibrium.f64"), help="%(default)s")
    tried = command("promotion-sim", _promotion_sim, "Show by simulation how often the rules of promotion are wrong.")
    tried.add_argument("--pairs", type=_count, default=2000, help="of matches at most (default: %(default)s)")
    tried.add_argument("--repetitions", type=_count, default=1000, help="of each scenario (default: %(default)s)")
    tried.add_argument("--seed", type=int, default=0, help="of the drawn results (default: %(default)s)")
    return parser


def _count(text: str) -> int:
    """A whole number from 1."""
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


def _whole(text: str) -> int:
    """A whole number from 0."""
    if (number := int(text)) < 0:
        raise ValueError(text)
    return number


def _fit_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of human-play CSV files")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to fill with bundles")
    parser.add_argument("--seed", type=int, default=0, help="of splits, drawn values and fits (default: %(default)s)")
    games = parser.add_mutually_exclusive_group()
    games.add_argument("--only-cc0", action="store_true", default=True, help="publishable games alone (the default)")
    games.add_argument(
        "--all-games", action="store_false", dest="only_cc0", help="every file, to measure with and not to ship"
    )
    parser.add_argument("--families", nargs="+", choices=NAMES, default=NAMES, help="default: all")
    parser.add_argument("--force", action="store_true", help="replace what is in the output folder")


if __name__ == "__main__":
    sys.exit(main())
