"""How well each predictor did, on all rounds and on parts of them."""

from collections.abc import Mapping

import numpy as np
from msgspec import Struct

from models.bundle import Interval
from trainer.data.columns import Bools, Floats, Ints
from trainer.fitting.measures import log_losses, rates
from trainer.league.plays import Plays

ALL = "all"
EARLY = "rounds_1_15"
_STAGES = {"rounds_1_5": (1, 5), "rounds_6_15": (6, 15), EARLY: (1, 15), "rounds_16_50": (16, 50)}
_LATE, _LATE_FROM = "rounds_51_up", 51
AGAINST = "against_"
_TIE = 1e-9


class Figures(Struct, frozen=True):
    """`n` rounds; each rate with its 95 % interval over whole players.

    `margin` is rounds won less rounds lost, for each round, by throwing what beats the likeliest move. Where several
    moves are likeliest, each counts its share in `accuracy` and `margin`.
    """

    n: int
    accuracy: float
    log_loss: float
    margin: float
    accuracy_interval: Interval
    log_loss_interval: Interval
    margin_interval: Interval


def slices(plays: Plays) -> dict[str, Bools]:
    """The parts that hold rounds: all, stages of careers, datasets, kinds of opponents; fixed names stand first."""
    parts: dict[str, Bools] = {ALL: np.ones(len(plays), np.bool_)}
    for name, (first, last) in _STAGES.items():
        parts[name] = (plays.number >= first) & (plays.number <= last)
    parts[_LATE] = plays.number >= _LATE_FROM
    for dataset in sorted({game.dataset for game in plays.games}):
        parts.setdefault(dataset, np.array([game.dataset == dataset for game in plays.games])[plays.game])
    for kind in sorted({kind for game in plays.games for kind in _kinds(game.opponent)}):
        those = np.array([kind in _kinds(game.opponent) for game in plays.games])
        parts[AGAINST + kind] = those[plays.game]
    return {name: rows for name, rows in parts.items() if rows.any()}


def _kinds(opponent: str) -> set[str]:
    """`bot:copies` is of that kind and of the kind `bot`."""
    return {opponent, opponent.partition(":")[0]} - {""}


def judge(said: Mapping[str, Floats], plays: Plays, seed: int) -> dict[str, dict[str, Figures]]:
    """The figures by predictor and slice; all predictors' players are resampled alike."""
    columns = {name: _columns(probabilities, plays.rounds.player) for name, probabilities in said.items()}
    found: dict[str, dict[str, Figures]] = {name: {} for name in said}
    for part, rows in slices(plays).items():
        values = {f"{name} {what}": one[rows] for name, of in columns.items() for what, one in of.items()}
        told = rates(values, np.ones(int(rows.sum())), plays.rounds.owners[rows], seed)
        for name in said:
            accuracy, loss, margin = (told[f"{name} {what}"] for what in ("accuracy", "log_loss", "margin"))
            found[name][part] = Figures(
                n=int(rows.sum()),
                accuracy=accuracy.mean,
                log_loss=loss.mean,
                margin=margin.mean,
                accuracy_interval=accuracy.interval,
                log_loss_interval=loss.interval,
                margin_interval=margin.interval,
            )
    return found


def _columns(probabilities: Floats, thrown: Ints) -> dict[str, Floats]:
    rows, thrown = np.arange(len(thrown)), thrown.astype(np.int64)
    likeliest = probabilities >= probabilities.max(axis=1, keepdims=True) - _TIE
    share = likeliest / likeliest.sum(axis=1, keepdims=True)
    won, lost = share[rows, thrown], share[rows, (thrown + 1) % 3]  # what beats the move after mine loses to mine
    return {"accuracy": won, "log_loss": log_losses(probabilities, thrown), "margin": won - lost}
