"""The whole study: recorded games -> what they saw -> judged on what is held out -> fitted on all -> written.

Games that may be published alone go in: what is written ships.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from msgspec import Struct, json

from telemetry.progress import Tell
from trainer.data.columns import Floats
from trainer.errors import TrainerError
from trainer.fitting.measures import Rate
from trainer.fitting.mixed_logit import Population, Seen, fit
from trainer.fitting.table import aligned
from trainer.league.games import Game
from trainer.sparring.memory import CUES
from trainer.sparring.study.judge import Judged, judge
from trainer.sparring.study.laboratory import KINDS, simulated
from trainer.sparring.study.likeness import Likeness, compare
from trainer.sparring.study.recorded import Throws, free_games, see
from trainer.sparring.temperaments import Temperaments, Weights

_ABOUT = "Weights of the cues that recorded rock-paper-scissors players follow; how they were found is in the code."
_SOURCE = (
    "Fitted to games of Brockbank & Vul, Cognitive Psychology 151, 101654 (2024): those that the authors published in "
    "github.com/erik-brockbank/rps-bot-manuscript-public."
)
_LICENCE = "The games are CC0 1.0; so is this file."
_HEAD = ("", "recorded", "simulated", "distance", "of recorded halves")
FOLDS = 3
"""Simulated people are held against recorded ones of whom they know nothing."""


class Study(Struct, frozen=True):
    """What was learned from so many players' rounds, and how good it is."""

    players: int
    rounds: int
    judged: Judged
    likeness: Likeness


def run(file: Path, free: Path, out: Path, seed: int, tell: Tell) -> Study:
    """Write the temperaments of those who played the games of `file` that are listed in `free`.

    `tell` hears how far it is. The same games and seed give the same file. Raises TrainerError.
    """
    if not out.parent.is_dir():
        raise TrainerError(f"There is no folder {out.parent}.")
    games = free_games(file, free)
    if sum(game.opponent in KINDS for game in games) < 2:
        raise TrainerError(f"{file} holds too few games against opponents that are known.")
    seen = [see(game.throws) for game in games]
    rounds = sum(map(len, seen))
    tell(f"{file.name}: {rounds} rounds in {len(games)} games that may be published", 0.0)
    judged = judge(games, seen, seed)
    tell("judged on later rounds and on strangers", 1 / 3)
    likeness = _likeness(games, seen, seed)
    tell("simulated people are held against recorded ones", 2 / 3)
    out.write_bytes(json.format(json.encode(temperaments(fit(seen), rounds)), indent=0) + b"\n")
    tell(f"the temperaments are in {out}", 1.0)
    return Study(len(games), rounds, judged, likeness)


def temperaments(found: Population, rounds: int) -> Temperaments:
    return Temperaments(
        about=_ABOUT,
        source=_SOURCE,
        licence=_LICENCE,
        players=len(found.people),
        rounds=rounds,
        cues=CUES,
        unsure=_plain(np.asarray(np.linalg.cholesky(found.unsure), np.float64)),
        people=_plain(found.people),
    )


def _plain(rows: Floats) -> tuple[Weights, ...]:
    """To three decimals: a weight is not known to two."""
    return tuple(tuple(row) for row in rows.round(3).tolist())


def _likeness(games: Sequence[Game], seen: Sequence[Seen], seed: int) -> Likeness:
    """Of each fold people drawn after the others, one for each game of a kind of opponent that is known."""
    random, recorded, drawn = Random(seed), list[Throws](), list[Throws]()
    for fold in range(FOLDS):
        others = temperaments(fit([one for at, one in enumerate(seen) if at % FOLDS != fold]), 0)
        for game in games[fold::FOLDS]:
            if game.opponent in KINDS:
                recorded.append(game.throws)
                drawn.append(simulated(others.drawn(random), game.opponent, len(game.throws), random))
    return compare(recorded, drawn)


def lines(study: Study) -> list[str]:
    """The study as text."""
    told = []
    for title, rates in (("Later rounds", study.judged.later), ("Strangers", study.judged.strangers)):
        ranked = sorted(rates.items(), key=lambda one: -one[1].mean)
        told += [f"{title}:", *aligned([("", "log-likelihood", "95 %"), *(_row(*one) for one in ranked)]), ""]
    foretold = [(f"foretold by {name}", *_cells(*both), "", "") for name, both in study.likeness.foretold.items()]
    figures = [
        (name, *_cells(one.recorded, one.simulated, one.distance, one.halves))
        for name, one in study.likeness.figures.items()
    ]
    return [*told, *aligned([_HEAD, *foretold, *figures])]


def _row(name: str, rate: Rate) -> tuple[str, str, str]:
    return name, f"{rate.mean:.4f}", f"{rate.interval[0]:.3f} to {rate.interval[1]:.3f}"


def _cells(*values: float) -> tuple[str, ...]:
    return tuple(f"{value:.3f}" for value in values)
