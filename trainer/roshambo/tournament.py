"""One tournament: our player against every bot of the population, with the figures of Lanctot et al.

Population return, exploitability within the population and their difference are those of "Population-based
Evaluation in Repeated Rock-Paper-Scissors as a Benchmark for Multiagent Reinforcement Learning" (2023).
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from models.bundle import Interval
from telemetry.progress import Tell
from trainer.data.columns import Floats
from trainer.fitting.table import aligned
from trainer.roshambo.player import Player
from trainer.roshambo.population import THROWS, Population

_RESAMPLED = 2000
_ENDS = (0.025, 0.975)
_HEAD = ("bot", "points a match", "95 %")


class Standing(Struct, frozen=True):
    """Our mean points in a match against one bot."""

    points: float
    interval: Interval | None


class Report(Struct, frozen=True):
    """Intervals are 95 %, by resampling the matches against each bot; none can be told from one repeat.

    `population_return` is our mean over the bots, `exploitability` the most that any of them wins of us in the mean,
    `aggregate` the one less the other. A maximum of noisy means tends to be above the true maximum: with few repeats
    `exploitability` is overstated.
    """

    population_return: float
    population_return_interval: Interval | None
    exploitability: float
    exploitability_interval: Interval | None
    aggregate: float
    aggregate_interval: Interval | None
    bots: dict[str, Standing]
    repeats: int
    throws: int
    seed: int


def run(
    repeats: int,
    seed: int,
    tell: Tell,
    bots: Sequence[str] | None = None,
    population: Population | None = None,
) -> Report:
    """Play `repeats` matches against each bot, or each of `bots`; `tell` hears how far it is.

    The same repeats, seed and bots give the same report. Raises TrainerError where the bots cannot be had.
    """
    population = population or Population()
    names = population.bots if bots is None else list(bots)
    won = np.zeros((len(names), repeats))
    for row, bot in enumerate(names):
        for repeat in range(repeats):
            theirs, ours = _seeds(seed, population.bots.index(bot), repeat)
            won[row, repeat] = population.play(Player(ours), bot, theirs)
        tell(f"{bot}: {won[row].mean():+.1f} points a match", (row + 1) / len(names))
    return figures(names, won, seed)


def figures(names: Sequence[str], won: Floats, seed: int) -> Report:
    """What our points come to; one row for each bot, one column for each match against it."""
    bots, repeats = won.shape
    random = np.random.default_rng(seed)
    chosen = random.integers(0, repeats, (_RESAMPLED, bots, repeats))
    means = won[np.arange(bots)[:, None], chosen].mean(axis=2)

    def ends(values: Floats) -> Interval | None:
        low, high = np.quantile(values, _ENDS).tolist()
        return (low, high) if repeats > 1 else None

    (returned, exploited), (all_returned, all_exploited) = _both(won.mean(axis=1)), _both(means)
    standings = zip(names, won.mean(axis=1).tolist(), means.T, strict=True)
    return Report(
        population_return=float(returned),
        population_return_interval=ends(all_returned),
        exploitability=float(exploited),
        exploitability_interval=ends(all_exploited),
        aggregate=float(returned - exploited),
        aggregate_interval=ends(all_returned - all_exploited),
        bots={bot: Standing(points, ends(resampled)) for bot, points, resampled in standings},
        repeats=repeats,
        throws=THROWS,
        seed=seed,
    )


def lines(report: Report) -> list[str]:
    """The report as text: the bots by what we win of them, the hardest first, and the three figures."""
    ranked = sorted(report.bots.items(), key=lambda one: one[1].points)
    rows = [(bot, f"{found.points:+.1f}", _text(found.interval)) for bot, found in ranked]
    figures = (
        ("population return", report.population_return, report.population_return_interval),
        ("exploitability", report.exploitability, report.exploitability_interval),
        ("aggregate", report.aggregate, report.aggregate_interval),
    )
    return [
        f"{report.repeats} matches of {report.throws} throws against each of {len(rows)} bots:",
        *aligned([_HEAD, *rows]),
        "",
        *aligned([(name, f"{value:.1f}", _text(interval)) for name, value, interval in figures]),
    ]


def _seeds(seed: int, bot: int, repeat: int) -> tuple[int, int]:
    """The bot's and the player's in one match, whoever else plays."""
    theirs, ours = np.random.SeedSequence((seed, bot, repeat)).generate_state(2).tolist()
    return theirs, ours


def _both(means: Floats) -> tuple[Floats, Floats]:
    """Population return and exploitability, of our means against the bots along the last axis."""
    return np.asarray(means.mean(axis=-1)), np.asarray((-means).max(axis=-1))


def _text(interval: Interval | None) -> str:
    return "one match tells none" if interval is None else f"{interval[0]:+.1f} to {interval[1]:+.1f}"
