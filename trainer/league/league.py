"""One league: every predictor on one file of recorded human play, strictly online.

games -> values drawn -> who plays -> tried for peeking -> what each says -> figures
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from msgspec import Struct

from models.bundle import Interval
from models.store import Store
from telemetry.progress import Tell
from trainer.fitting.table import aligned
from trainer.league.games import Game, read
from trainer.league.lineup import Learned, Lineup, lineup
from trainer.league.online import peeking, say, watch
from trainer.league.plays import play
from trainer.league.referee import ALL, EARLY, Figures, judge

_HEAD = ("predictor", "rounds", "accuracy", "95 %", "log-loss", "95 %", "margin", "95 %")


class League(Struct, frozen=True):
    """Figures by predictor and slice, and why others are left out.

    `models` are the predictors that had learned from people before; `seen` are the datasets of this file among those
    they learned from: their figures on these may be of players whom they know.
    """

    players: int
    predictors: dict[str, dict[str, Figures]]
    left_out: dict[str, str]
    models: dict[str, Learned]
    seen: list[str]


def run(file: Path, store: Store, seed: int, tell: Tell, players: Collection[str] | None = None) -> League:
    """Score all on the file, or on `players` of it alone; `tell` hears how far it is.

    The same file, store and seed give the same league. Raises TrainerError where the file is not one to score on,
    LeakError where a predictor peeks, StoreError and BundleError where what serves cannot be read.
    """
    games = read(file, players)
    plays = play(games, seed)
    tell(f"{file.name}: {len(plays)} rounds of {len(plays.rounds.starts)} players", 0.0)
    found = tried(lineup(store, seed), games, seed)
    tell(f"{len(found.predictors)} predictors, none of which peeks", 0.0)
    said = {}
    for number, (name, predict) in enumerate(found.predictors.items(), 1):
        said[name] = say(name, predict, plays)
        tell(f"{name} has predicted", number / len(found.predictors))
    learned_from = {dataset for model in found.models.values() for dataset in model.datasets}
    return League(
        players=len(plays.rounds.starts),
        predictors=judge(said, plays, seed),
        left_out=found.left_out,
        models=found.models,
        seen=sorted(learned_from & {game.dataset for game in games}),
    )


def tried(found: Lineup, games: Sequence[Game], seed: int) -> Lineup:
    """Those that do not peek. Of other people's programs one that seems to is left out: some answer by what they kept
    of an earlier match, which hangs on all that the process played before. Raises LeakError of any other predictor.
    """
    watch({name: predict for name, predict in found.predictors.items() if name not in found.programs}, games, seed)
    programs = {name: found.predictors[name] for name in found.predictors if name in found.programs}
    for name in peeking(programs, games, seed):
        found = found.without(name, "what it throws hangs on more than the rounds before")
    return found


def lines(league: League) -> list[str]:
    """The league as text: all rounds and the first of each career, the best log-loss first."""
    told = []
    for part, title in ((ALL, "All rounds"), (EARLY, "The first 15 rounds of each career")):
        ranked = sorted(league.predictors.items(), key=lambda one: one[1][part].log_loss)
        rows = [(_name(league, name), *_cells(found[part])) for name, found in ranked]
        told += [f"{title} ({league.players} players):", *aligned([_HEAD, *rows]), ""]
    told += [f"{name} is left out: {reason}." for name, reason in league.left_out.items()]
    if league.seen:
        told.append(f"Models learned from players of {', '.join(league.seen)}: some of these may be among them.")
    return told


def _name(league: League, name: str) -> str:
    return f"{name} ({league.models[name].version})" if name in league.models else name


def _cells(found: Figures) -> tuple[str, ...]:
    def interval(ends: Interval, sign: str = "") -> str:
        return f"{ends[0]:{sign}.3f} to {ends[1]:{sign}.3f}"

    return (
        str(found.n),
        f"{found.accuracy:.4f}",
        interval(found.accuracy_interval),
        f"{found.log_loss:.4f}",
        interval(found.log_loss_interval),
        f"{found.margin:+.4f}",
        interval(found.margin_interval, "+"),
    )
