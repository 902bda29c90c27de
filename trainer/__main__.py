"""The trainer's command line: `python -m trainer --help`."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from game.settings import SettingsError, load, variable_of
from models.errors import BundleError, StoreError
from trainer import commands
from trainer.cycle import log_to_stderr
from trainer.errors import TrainerError
from trainer.fitting.families import NAMES
from trainer.settings import Settings

PARTNERS = ("ace", "bob", "cal", "dan", "edd", "fox", "gus", "hal", "uniform", "equilibrium", "person")
"""Of `trainer.sparring`, which is loaded only to play."""


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m trainer",
        description="Follow the round log and retrain when enough new rounds are there, or run one command.",
        epilog="Settings are variables: " + ", ".join(map(variable_of, Settings.__struct_fields__)),
    )
    parser.set_defaults(run=commands.follow)
    family = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        added = family.add_parser(name, help=help, description=help)
        added.add_argument("--json", action="store_true", help="print one JSON object on standard output")
        added.set_defaults(run=run)
        return added

    for add in (_learning, _lifecycle, _play, _checks):
        add(command)
    return parser


Add = Callable[[str, Any, str], argparse.ArgumentParser]


def _learning(command: Add) -> None:
    command("cycle", commands.run_cycle, "Retrain once now on the whole round log, let in what passes, and exit.")
    fitted = command("fit", commands.fit_all, "Fit every configuration to laboratory and simulated play.")
    _material_options(fitted)
    fitted.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to fill with bundles")
    fitted.add_argument("--families", nargs="+", choices=NAMES, default=NAMES, help="default: all")
    fitted.add_argument(
        "--again", action="store_true", help="fit what takes an alias once more, from the players it was judged on too"
    )
    fitted.add_argument("--force", action="store_true", help="replace what is in the output folder")
    swept = command("sweep", commands.search, "Look for better numbers than a family's first configuration has.")
    swept.add_argument("family", choices=NAMES)
    _material_options(swept)
    swept.add_argument("--trials", type=_count, default=50, help="at most (default: %(default)s)")
    swept.add_argument("--seconds", type=float, default=1800, help="after which none is begun (default: %(default)s)")


def _lifecycle(command: Add) -> None:
    kept = command("ledger", commands.show_ledger, "Show every decision about what serves, or verify them.")
    kept.add_argument("what", choices=["verify", "show"], help="verify exits 1 at the first entry that does not hold")
    brought = command("enter", commands.enter, "Let a bundle of your own climb from shadow2, if it answers as it must.")
    brought.add_argument("folder", type=Path, metavar="DIR", help="the bundle: manifest.json and model.onnx")
    shown = command(
        "table", commands.show_table, "Show what serves under each alias and how it did when it was judged."
    )
    shown.add_argument("--store", default="", metavar="PLACE", help="the store (default: that of the settings)")
    pruned = command("prune", commands.remove, "Remove bundles an hour old that no alias and no recent entry names.")
    pruned.add_argument("--keep", type=_whole, default=20, metavar="N", help="spare the newest (default: %(default)s)")


def _play(command: Add) -> None:
    played = command("simulate", commands.simulate_play, "Let sparring partners play against a running server.")
    played.add_argument("--players", type=_count, default=10, help="in all (default: %(default)s)")
    played.add_argument("--matches", type=_count, default=3, help="of each player (default: %(default)s)")
    played.add_argument("--bots", nargs="+", choices=PARTNERS, default=PARTNERS, help="default: all")
    played.add_argument("--url", default="http://127.0.0.1:8000", help="of the server (default: %(default)s)")
    played.add_argument("--think", type=float, default=0.0, metavar="S", help="seconds before each throw")
    played.add_argument("--seed", type=int, default=0, help="of the players' choices (default: %(default)s)")
    command(
        "policy",
        commands.tabulate_policy,
        "Show what the policy wins, exactly by how far it trusts, and by simulation as it comes to trust.",
    )
    studied = command(
        "people", commands.study_people, "Fit sparring partners to recorded people, and hold them against these."
    )
    studied.add_argument("--data", type=Path, required=True, metavar="FILE.csv.gz", help="games as a table")
    studied.add_argument("--free", type=Path, required=True, metavar="FILE.csv", help="the games that may be published")
    studied.add_argument("--out", type=Path, required=True, metavar="FILE.json", help="where the fitted people go")
    studied.add_argument("--seed", type=int, default=0, help="of the simulated people (default: %(default)s)")
    faced = command("rrps", commands.play_population, "Play the tournament player against the RoShamBo programs.")
    faced.add_argument(
        "--repeats", type=_count, default=20, help="of each match of 1,000 throws (default: %(default)s)"
    )
    faced.add_argument("--seed", type=_whole, default=0, help="of all chance (default: %(default)s)")
    scored = command("league", commands.score_predictors, "Score predictors on recorded human play, strictly online.")
    scored.add_argument("--data", type=Path, required=True, metavar="FILE.csv.gz", help="games as a table")
    scored.add_argument("--seed", type=int, default=0, help="of the values drawn for the rounds (default: %(default)s)")


def _checks(command: Add) -> None:
    features = "Rebuild every recorded round's features twice; exit 1 where they differ."
    predictions = "Compute every recorded prediction again; exit 1 where they differ."
    for name, run, help in (
        ("parity", commands.compare_features, features),
        ("rescore", commands.compare_predictions, predictions),
    ):
        compared = command(name, run, help)
        compared.add_argument("--database", type=Path, metavar="PATH", help="the SQLite file (default: the settings')")
    solved = command(
        "solve",
        commands.solve_race,
        "Solve the race exactly and store its value table, and beside it the one that looks ahead.",
    )
    solved.add_argument("--out", type=Path, metavar="PATH", default=Path("game/equilibrium.f64"), help="%(default)s")
    tried = command(
        "promotion-sim", commands.promotion_sim, "Show by simulation how often rules of promotion are wrong."
    )
    tried.add_argument("--pairs", type=_count, default=2000, help="of matches at most (default: %(default)s)")
    tried.add_argument("--repetitions", type=_count, default=1000, help="of each scenario (default: %(default)s)")
    tried.add_argument("--seed", type=int, default=0, help="of the drawn results (default: %(default)s)")


def _material_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of human-play CSV files")
    parser.add_argument("--seed", type=int, default=0, help="of splits, drawn values and fits (default: %(default)s)")
    games = parser.add_mutually_exclusive_group()
    games.add_argument("--only-cc0", action="store_true", default=True, help="publishable games alone (the default)")
    games.add_argument(
        "--all-games", action="store_false", dest="only_cc0", help="every file, to measure with and not to ship"
    )


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


if __name__ == "__main__":
    sys.exit(main())
