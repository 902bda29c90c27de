"""What can be asked of `python -m trainer`; nothing that learns or plays is loaded here."""

from argparse import ArgumentTypeError
from pathlib import Path

from telemetry.commandline import Parser, above_zero, add_json, add_version, ending, whole
from trainer.gestures.commandline import add_gestures
from trainer.settings import Settings

PARTNERS = ("ace", "bob", "cal", "dan", "edd", "fox", "gus", "hal", "uniform", "equilibrium", "person")
"""Of `trainer.sparring`, which is loaded only to play."""
DATABASE = "the SQLite file of the round log (default: that of the settings)"
COMPARED = "0 nothing differs, 1 something does, or the log cannot be read."


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m trainer",
        description="Follow the round log and retrain when enough new rounds are there, until a signal comes, or run "
        "one command.",
        epilog=ending(
            settings=Settings,
            examples=["python -m trainer", "python -m trainer table", "python -m trainer ledger show --json"],
        ),
    )
    add_version(line)
    for add in (_learning, _lifecycle, _log, _play, _studies, _installation):
        add(line)
    return line


def family(text: str) -> str:
    """A type of argument: a family of models. Which there are is looked up only when one is named."""
    from trainer.fitting.families import NAMES

    if text not in NAMES:
        raise ArgumentTypeError(f"there is no family {text!r}; there are {', '.join(NAMES)}")
    return text


def _command(line: Parser, name: str, about: str, epilog: str = "") -> Parser:
    added = line.command(name, about, epilog)
    add_json(added)
    return added


def _learning(line: Parser) -> None:
    _command(
        line,
        "cycle",
        "Retrain once on the whole round log, let in what passes, and exit. For a CronJob, or to learn at once.",
    )
    fitted = _command(
        line,
        "fit",
        "Fit every configuration of every family to laboratory and simulated play. Fills a folder with bundles and "
        "their aliases, as the shipped one is; takes an hour or more.",
        ending(examples=["python -m trainer fit --data games --out var/fitted --families logan"]),
    )
    _material(fitted)
    fitted.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to fill with bundles")
    fitted.add_argument(
        "--families", nargs="+", type=family, metavar="FAMILY", help="those that `trainer table` shows (default: all)"
    )
    fitted.add_argument(
        "--again", action="store_true", help="fit what takes an alias once more, from the players it was judged on too"
    )
    fitted.add_argument("--force", action="store_true", help="replace what is in the output folder")
    swept = _command(
        line,
        "sweep",
        "Look for better numbers than a family's first configuration has. Judged on the validation players alone.",
        ending(examples=["python -m trainer sweep logan --data games --trials 20"]),
    )
    swept.add_argument("family", type=family, metavar="FAMILY", help="one of those that `trainer table` shows")
    _material(swept)
    swept.add_argument("--trials", type=whole(1), default=50, metavar="N", help="at most (default: %(default)s)")
    swept.add_argument(
        "--seconds", type=above_zero, default=1800, metavar="S", help="after which none is begun (default: %(default)s)"
    )


def _material(added: Parser) -> None:
    added.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder of human-play CSV files")
    added.add_argument(
        "--seed", type=whole(0), default=0, metavar="N", help="of splits, drawn values and fits (default: %(default)s)"
    )
    games = added.add_mutually_exclusive_group()
    games.add_argument("--only-cc0", action="store_true", default=True, help="publishable games alone (the default)")
    games.add_argument(
        "--all-games", action="store_false", dest="only_cc0", help="every file, to measure with and not to ship"
    )


def _lifecycle(line: Parser) -> None:
    shown = _command(line, "table", "Show what serves under each alias and how it did when it was judged.")
    shown.add_argument("--store", default="", metavar="PLACE", help="a folder or s3://… (default: the settings' store)")
    counted = _command(
        line,
        "scoreboard",
        "Show how each version did on the whole round log, beside baselines.",
    )
    counted.add_argument("--database", type=Path, metavar="PATH", help=DATABASE)
    kept = _command(
        line,
        "ledger",
        "Show every decision about what serves, or verify them.",
        ending(exits="0 all entries hold, 1 one does not, or the ledger cannot be read."),
    )
    kept.add_argument("what", choices=["verify", "show"], help="verify stops at the first entry that does not hold")
    brought = _command(
        line,
        "enter",
        "Let a bundle of your own climb from shadow2, if it answers as it must.",
        ending(examples=["python -m trainer enter my-bundle"]),
    )
    brought.add_argument("folder", type=Path, metavar="DIR", help="the bundle: manifest.json and model.onnx")
    pruned = _command(line, "prune", "Remove bundles an hour old that no alias and no recent entry names.")
    pruned.add_argument(
        "--keep", type=whole(0), default=20, metavar="N", help="spare so many of the newest (default: %(default)s)"
    )
    add_gestures(line)


def _log(line: Parser) -> None:
    exported = _command(
        line,
        "export",
        "Add what was played since the last time to a folder of Parquet partitions.",
        ending(examples=["python -m trainer export var/dataset"]),
    )
    exported.add_argument("folder", type=Path, metavar="FOLDER", help="the dataset, or where it shall be")
    exported.add_argument("--database", type=Path, metavar="PATH", help=DATABASE)
    exported.add_argument(
        "--buckets", type=whole(1), metavar="N", help="of players, once and for all (default: 16, or what it has)"
    )
    for name, about in (
        ("parity", "Rebuild every recorded round's features twice, and compare them with what was served."),
        ("rescore", "Compute every recorded prediction again, and compare it with what was served."),
    ):
        compared = _command(line, name, about, ending(exits=COMPARED))
        compared.add_argument("--database", type=Path, metavar="PATH", help=DATABASE)


def _play(line: Parser) -> None:
    played = _command(
        line,
        "simulate",
        "Let sparring partners play against a running server. They say that they are programs, and are counted so.",
        ending(examples=["python -m trainer simulate --players 5 --matches 2"]),
    )
    played.add_argument("--players", type=whole(1), default=10, metavar="N", help="in all (default: %(default)s)")
    played.add_argument(
        "--matches", type=whole(1), default=3, metavar="N", help="of each player (default: %(default)s)"
    )
    played.add_argument("--bots", nargs="+", choices=PARTNERS, default=PARTNERS, help="the kinds (default: all)")
    played.add_argument(
        "--url", default="http://127.0.0.1:8000", help="the address of the server (default: %(default)s)"
    )
    played.add_argument(
        "--think", type=float, default=0.0, metavar="S", help="seconds before each throw (default: %(default)s)"
    )
    played.add_argument(
        "--seed", type=whole(0), default=0, metavar="N", help="of the players' choices (default: %(default)s)"
    )


def _studies(line: Parser) -> None:
    solved = _command(
        line, "solve", "Solve the race exactly and store its value table, and beside it the one that looks ahead."
    )
    solved.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        default=Path("game/equilibrium.f64"),
        help="the table's file (default: %(default)s)",
    )
    _command(
        line,
        "policy",
        "Show what the policy wins, exactly by how far it trusts, and by simulation as it comes to trust.",
    )
    tried = _command(line, "promotion-sim", "Show by simulation how often rules of promotion are wrong.")
    tried.add_argument(
        "--pairs", type=whole(1), default=2000, metavar="N", help="of matches at most (default: %(default)s)"
    )
    tried.add_argument(
        "--repetitions", type=whole(1), default=1000, metavar="N", help="of each scenario (default: %(default)s)"
    )
    tried.add_argument(
        "--seed", type=whole(0), default=0, metavar="N", help="of the drawn results (default: %(default)s)"
    )
    scored = _command(
        line,
        "league",
        "Score predictors on recorded human play, strictly online.",
        ending(examples=["python -m trainer league --data games/human_games.csv.gz"]),
    )
    scored.add_argument("--data", type=Path, required=True, metavar="FILE.csv.gz", help="the games as a table")
    scored.add_argument(
        "--seed", type=whole(0), default=0, metavar="N", help="of the values drawn for rounds (default: %(default)s)"
    )
    studied = _command(line, "people", "Fit sparring partners to recorded people, and hold them against these.")
    studied.add_argument("--data", type=Path, required=True, metavar="FILE.csv.gz", help="the games as a table")
    studied.add_argument("--free", type=Path, required=True, metavar="FILE.csv", help="the games that may be published")
    studied.add_argument("--out", type=Path, required=True, metavar="FILE.json", help="where the fitted people go")
    studied.add_argument(
        "--seed", type=whole(0), default=0, metavar="N", help="of the simulated people (default: %(default)s)"
    )
    faced = _command(
        line,
        "rrps",
        "Play the tournament player against the RoShamBo programs. They come with open_spiel, the extra `league`.",
    )
    faced.add_argument(
        "--repeats", type=whole(1), default=20, metavar="N", help="of each match of 1,000 throws (default: %(default)s)"
    )
    faced.add_argument("--seed", type=whole(0), default=0, metavar="N", help="of all chance (default: %(default)s)")


def _installation(line: Parser) -> None:
    _command(
        line,
        "doctor",
        "Look whether everything that the trainer needs is there, and say how to mend what is not. Changes nothing.",
        ending(exits="0 nothing has failed, warnings allowed, 1 something has failed."),
    )
    line.command("describe", "Print the OpenAPI specification of the trainer's admin port: docs/ holds the same.")
