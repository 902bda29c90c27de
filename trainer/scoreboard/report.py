"""The scoreboard for people: what each version's predictions and matches come to, beside baselines on the same log.

Everything is counted anew from the whole log. Intervals are Wilson's of 95 %, and take rounds for independent, which
those of one player are not: they are somewhat too narrow. The ledger's own evidence is by matches.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import log
from pathlib import Path

import numpy as np
from msgspec import Struct

from game.assignment import Alias, Arm
from game.rates import wilson
from game.records import PlayerKind, Winner
from trainer.data import log as rounds
from trainer.data.baselines import predictions
from trainer.data.columns import Floats, Ints
from trainer.data.intake import fold, gather
from trainer.scoreboard.board import whole
from trainer.scoreboard.fold import LEAST
from trainer.scoreboard.totals import EDGES, Bin, Standing, Totals


class Judged(Struct, frozen=True):
    """How one version, or a baseline, foretold throws. `below_ln3` is by how much its log-loss beats guessing.

    `calibration_error` is the mean distance of all three probabilities from how often such moves were thrown, by bins
    of a tenth.
    """

    family: str
    version: str
    aliases: list[Alias]
    rounds: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    log_loss: float
    below_ln3: float
    brier: float
    calibration_error: float


class Record(Struct, frozen=True):
    """How the bot fared with one version in one arm, in matches that reached the target."""

    family: str
    version: str
    arm: Arm
    matches: int
    won: float
    won_interval: tuple[float, float]
    tied: int


class Report(Struct, frozen=True):
    """The whole scoreboard, up to this position of the log; `faults` are rows that were left out."""

    position: int
    faults: int
    rounds: dict[PlayerKind, int]
    versions: list[Judged]
    baselines: list[Judged]
    matches: list[Record]


def report(database: Path) -> Report:
    """Read the whole log; raises NoLog."""
    totals = whole(database)
    standings = list(_standings(totals))
    return Report(
        position=totals.position,
        faults=totals.faults,
        rounds=totals.rounds,
        versions=[_judged(*one) for one in standings if one[2].score.predictions],
        baselines=_baselines(database),
        matches=[
            _record(family, version, arm, won)
            for family, version, standing in standings
            for arm, won in sorted(standing.matches.items())
        ],
    )


def _standings(totals: Totals) -> Iterator[tuple[str, str, Standing]]:
    for family, versions in sorted(totals.families.items()):
        for version, standing in sorted(versions.items()):
            yield family, version, standing


def _judged(family: str, version: str, standing: Standing) -> Judged:
    score, rounds = standing.score, standing.score.predictions
    return Judged(
        family=family,
        version=version,
        aliases=[alias for alias in Alias if alias in standing.aliases],
        rounds=rounds,
        accuracy=score.hits / rounds,
        accuracy_interval=wilson(score.hits, rounds),
        log_loss=score.log_loss / rounds,
        below_ln3=log(3) - score.log_loss / rounds,
        brier=score.brier / rounds,
        calibration_error=_calibration_error(standing.bins),
    )


def _calibration_error(bins: Sequence[Bin]) -> float:
    whole = sum(bin.predictions for bin in bins)
    return sum(abs(bin.confidence - bin.hits) for bin in bins) / whole


def _record(family: str, version: str, arm: Arm, won: Mapping[Winner, int]) -> Record:
    matches, tied = sum(won.values()), won.get(Winner.TIE, 0)
    points = won.get(Winner.BOT, 0) + tied / 2
    return Record(family, version, arm, matches, points / matches, wilson(points, matches), tied)


def _baselines(database: Path) -> list[Judged]:
    """Predictors without training, strictly online, on every round of the log whose match can be read."""
    with rounds.opened(database) as reader:
        read = gather(fold(rounds.entries(reader), [])).rounds
    played = read.played
    thrown = read.player[played]
    if not len(thrown):
        return []
    return [_of_rows(name, said[played], thrown) for name, said in predictions(read).items()]


def _of_rows(name: str, said: Floats, thrown: Ints) -> Judged:
    came = np.eye(3)[thrown]
    likeliest = said == said.max(axis=1, keepdims=True)
    hits = float(((likeliest * came).sum(axis=1) / likeliest.sum(axis=1)).sum())
    loss = float(-np.log(np.maximum((said * came).sum(axis=1), LEAST)).mean())
    place = np.minimum(np.searchsorted(EDGES, said.ravel(), side="left"), len(EDGES) - 1)  # a sum may round above 1
    apart = np.bincount(place, weights=(said - came).ravel(), minlength=len(EDGES))
    return Judged(
        family="",
        version=name,
        aliases=[],
        rounds=len(thrown),
        accuracy=hits / len(thrown),
        accuracy_interval=wilson(hits, len(thrown)),
        log_loss=loss,
        below_ln3=log(3) - loss,
        brier=float(((said - came) ** 2).sum(axis=1).mean()),
        calibration_error=float(np.abs(apart).sum() / said.size),
    )
