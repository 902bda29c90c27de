"""`python -m bench.findings`: what docs/research.md tells of habits, of features, and of ways to play the race."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from msgspec import Struct

from game.assignment import Alias
from game.equilibrium import Stakes, equilibrium
from game.features import NAMES
from game.moves import BEATS, MOVES
from game.points import TARGET
from models.store import SHIPPED, FolderStore
from telemetry.commandline import FAILED, Parser, add_json, ending, finished, print_result
from trainer.data import humans
from trainer.data.columns import Floats, Ints
from trainer.data.rows import Rows
from trainer.errors import TrainerError
from trainer.fitting.measures import log_losses, rates
from trainer.fitting.served import Served
from trainer.policy.race import Player, best, mixed, race, throwing
from trainer.policy.rounds import ROUNDS, after, by_move, by_ranks, solved
from trainer.sparring.study.likeness import FIGURES, figures

SAMPLE = Path(__file__).parent.parent / "notebooks" / "data"
GROUPS = {
    "own throws": ("user_-",),
    "the bot's throws": ("bot_-",),
    "outcomes": ("res_-",),
    "shares of moves": ("user_tend_",),
    "shares of ranks": ("tend_",),
    "values": ("rock_pts", "paper_pts", "scissors_pts", "points_-"),
    "scores and round": ("score_diff", "user_pts", "bot_pts", "step_no"),
    "rounds known": ("rounds_known",),
}
"""By how the names of features begin; together all 50."""
PLAIN = ("brian", "forrest", "logan")
RESAMPLES = 2000

Table = Mapping[str, Sequence[str]]
"""By the first cell of a row, its others; all under `HEADS`."""
HEADS = {
    "habits": ("share", "mean over players", "95 %", "eight of ten players"),
    "features": ("shuffled", *PLAIN),
    "race": ("way of playing", "against the equilibrium", "against one who knows it"),
}


class Finding(Struct, frozen=True):
    """What was asked for."""

    head: Sequence[str]
    rows: Table


def habits(folder: Path) -> Table:
    """Shares of each recorded player: the mean, its interval, the 10th and 90th percentile of players."""
    each = np.array([figures(person.throws) for person in _people(folder)])
    drawn = np.random.default_rng(0).integers(len(each), size=(RESAMPLES, len(each)))
    ends = np.quantile(each[drawn].mean(axis=1), (0.025, 0.975), axis=0)
    spread = np.quantile(each, (0.1, 0.9), axis=0)
    told = zip(FIGURES, each.mean(axis=0), ends.T, spread.T, strict=True)
    return {name: (f"{mean:.3f}", _between(end), _between(spread)) for name, mean, end, spread in told}


def _people(folder: Path) -> list[humans.Career]:
    if not (found := humans.read(folder)):
        raise TrainerError(f"nobody's rounds are in {folder}")
    return found


def _between(ends: Sequence[float] | Floats) -> str:
    return f"{_thousandths(ends[0])} to {_thousandths(ends[1])}"


def _thousandths(number: float) -> str:
    """Nothing is written without a sign, whichever side it was rounded from."""
    return f"{round(number, 3) + 0.0:.3f}"


def features(folder: Path) -> Table:
    """How much the shipped models' log-loss rises where a group of features is shuffled between all rounds."""
    random, people = np.random.default_rng(0), _people(folder)
    rows = Rows.of(humans.play(people, range(len(people)), random))
    order, store = random.permutation(len(rows)), FolderStore(SHIPPED)
    pins = [store.table().aliases[family][Alias.PRODUCTION] for family in PLAIN]
    rises = [_rises(Served.of(store.bundle(pin)), rows, order) for pin in pins]
    return {group: [rise[group] for rise in rises] for group in GROUPS}


def _rises(model: Served, rows: Rows, order: Ints) -> dict[str, str]:
    before, rises = log_losses(model.predict(rows), rows.target), {}
    for group, beginnings in GROUPS.items():
        columns = [at for at, name in enumerate(NAMES) if name.startswith(beginnings)]
        shuffled = rows.features.copy()
        shuffled[:, columns] = shuffled[order][:, columns]
        rises[group] = log_losses(model.predict(replace(rows, features=shuffled)), rows.target) - before
    found = rates(rises, rows.weight.astype(np.float64), rows.player, 0)
    return {group: f"{_thousandths(one.mean)} ({_between(one.interval)})" for group, one in found.items()}


def ways() -> Table:
    """The chance to win the race of who always plays in one way, exactly; a tie counts half."""
    scores = np.indices((TARGET, TARGET)).reshape(2, -1)
    balanced = np.array(equilibrium(cast(Stakes, after(solved(), *scores)))[0])
    beaten = np.array([[values[BEATS[move]] for values in ROUNDS] for move in MOVES], np.float64)

    def optimal(payoffs: Floats, player: Player, states: Ints) -> Floats:
        return player(mixed(balanced[..., states], payoffs))

    mixes = {
        "rock .45, paper .30, scissors .25": by_move(0.45, 0.30, 0.25),
        "the high move half the time": by_ranks(0.25, 0.25, 0.50),
        "balanced in the round's points": beaten / beaten.sum(axis=0),
        "each move a third": by_ranks(1 / 3, 1 / 3, 1 / 3),
        "always the high move": by_ranks(0, 0, 1),
    }
    return {
        name: [f"{1 - race(bot, throwing(mix))[0, 0]:.4f}" for bot in (optimal, best)] for name, mix in mixes.items()
    }


def table(found: Finding) -> str:
    """The finding for a person."""
    columns = "|---|" + "--:|" * (len(found.head) - 1)
    rows = [f"| {' | '.join((name, *cells))} |" for name, cells in found.rows.items()]
    return "\n".join([f"| {' | '.join(found.head)} |", columns, *rows])


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m bench.findings",
        description="Compute again what docs/research.md tells of people and of the race, and print it as a table.",
        epilog=ending(examples=["python -m bench.findings race", "python -m bench.findings habits --games games"]),
    )
    line.add_argument("what", choices=list(HEADS), help="which of its tables")
    line.add_argument(
        "--games", type=Path, default=SAMPLE, metavar="FOLDER", help="of recorded games (default: notebooks/data)"
    )
    add_json(line)
    return line


def main() -> int:
    given = parser().parse_args()
    try:
        rows = ways() if given.what == "race" else {"habits": habits, "features": features}[given.what](given.games)
    except (OSError, TrainerError) as error:
        sys.stderr.write(f"The games cannot be read: {error}\n")
        return FAILED
    found = Finding(HEADS[given.what], rows)
    print_result(given, found, [table(found)])
    return 0


if __name__ == "__main__":
    sys.exit(finished(main, "trainer"))
