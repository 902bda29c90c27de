"""Whether simulated people do what recorded ones do, in figures that nobody fitted them to."""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from trainer.data.columns import Floats
from trainer.league.counts import REFERENCES
from trainer.league.games import Game
from trainer.league.plays import play
from trainer.sparring.study.recorded import Throws

FORETOLD = ("frequency", "markov2", "hedge")
_OUTCOMES = ("draw", "win", "loss")
_STEPS = ("stay", "up", "down")
FIGURES = (
    *(f"share of {move}" for move in ("rock", "paper", "scissors")),
    *(f"share of a {outcome}" for outcome in _OUTCOMES),
    *(f"{step} after a {outcome}" for outcome in _OUTCOMES for step in _STEPS),
)
"""Of one person each."""
_UNSEEN = 0.5
"""Counted for each step before any was seen (Jeffreys)."""
_QUANTILES = np.linspace(0.005, 0.995, 100)


class Alike(Struct, frozen=True):
    """One figure over recorded and over simulated people: means, and how far apart the distributions are (the first
    Wasserstein distance: by how much the figure would have to change per person).

    `halves` is that distance between every other recorded person and the rest: so much is chance.
    """

    recorded: float
    simulated: float
    distance: float
    halves: float


class Likeness(Struct, frozen=True):
    """`foretold` is the share of throws that each reference foretells, of (recorded, simulated) people."""

    foretold: dict[str, tuple[float, float]]
    figures: dict[str, Alike]


def compare(recorded: Sequence[Throws], simulated: Sequence[Throws]) -> Likeness:
    theirs, ours = (np.array([figures(one) for one in careers]) for careers in (recorded, simulated))
    there, here = foretold(recorded), foretold(simulated)
    return Likeness(
        foretold={name: (there[name], here[name]) for name in FORETOLD},
        figures={
            name: Alike(float(one.mean()), float(other.mean()), distance(one, other), distance(one[::2], one[1::2]))
            for name, one, other in zip(FIGURES, theirs.T, ours.T, strict=True)
        },
    )


def figures(throws: Throws) -> list[float]:
    """`FIGURES` of one person."""
    mine, theirs = np.array(throws).T
    outcome, step = (mine - theirs) % 3, np.diff(mine) % 3
    after = [np.bincount(step[outcome[:-1] == how], minlength=3) + _UNSEEN for how in range(3)]
    shares = [np.bincount(mine, minlength=3), np.bincount(outcome, minlength=3), *after]
    return [float(share) for counts in shares for share in counts / counts.sum()]


def foretold(careers: Sequence[Throws]) -> Mapping[str, float]:
    """The share of throws that was the likeliest by each reference; the first of equally likely moves counts."""
    plays = play([Game(str(at), "", "", "", list(throws)) for at, throws in enumerate(careers)], 0)
    said = {name: REFERENCES[name](plays).argmax(axis=1) for name in FORETOLD}
    return {name: float((moves == plays.rounds.player).mean()) for name, moves in said.items()}


def distance(one: Floats, other: Floats) -> float:
    """Between two samples' distributions."""
    return float(np.abs(np.quantile(one, _QUANTILES) - np.quantile(other, _QUANTILES)).mean())
