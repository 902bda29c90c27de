"""How often the rules of promotion are wrong, by simulation: the functions that judge live matches, on made-up results.

Each repetition is one challenger against one incumbent; a rule is asked after every pair and promotes at most once.
"""

import numpy as np
from msgspec import Struct
from numpy.random import Generator

from telemetry.progress import Tell, untold
from trainer.data.columns import Bools, Floats, Ints
from trainer.lifecycle.promotion import ENOUGH, FEWEST, POINTS, RESULTS, ahead, log_e, staked

TIES = 0.003
"""The share of tied matches: by the real rules .003 if both play optimally, .002 against players who are careless."""
SCENARIOS = {"equal": (0.60, 0.60), "plus10": (0.60, 0.70), "minus5": (0.60, 0.55)}
"""The mean results of the incumbent and of the challenger: the share of matches won, a tie counting half."""


class Rate(Struct, frozen=True):
    """The share of challengers promoted within the pairs, the median pair at which they were, and how many at once."""

    promoted: float
    median_pairs: float | None
    promoted_at_first_check: float


class Rates(Struct, frozen=True):
    """Of the sequential test, and of the fixed rule asked as often."""

    sequential: Rate
    fixed: Rate


def measure(pairs: int, repetitions: int, seed: int, tell: Tell = untold) -> dict[str, Rates]:
    """The rates in every scenario, each drawn from its own stream."""
    found = {}
    for number, (name, (incumbent, challenger)) in enumerate(SCENARIOS.items()):
        tell(f"{name}: {repetitions} challengers, up to {pairs} pairs each", number / len(SCENARIOS))
        random = np.random.default_rng([seed, number])
        found[name] = _scenario(random, incumbent, challenger, pairs, repetitions)
    return found


def lines(found: dict[str, Rates]) -> list[str]:
    """A table for people."""
    head = f"{'scenario':<10}{'rule':<12}{'promoted':>10}{'median pairs':>14}{'at first check':>16}"
    return [head, *(_line(name, rule) for name, rates in found.items() for rule in _rules(rates))]


def _rules(rates: Rates) -> list[tuple[str, Rate]]:
    return [("sequential", rates.sequential), ("fixed", rates.fixed)]


def _line(name: str, rule: tuple[str, Rate]) -> str:
    called, rate = rule
    median = "-" if rate.median_pairs is None else f"{rate.median_pairs:g}"
    return f"{name:<10}{called:<12}{rate.promoted:>10.1%}{median:>14}{rate.promoted_at_first_check:>16.1%}"


def _scenario(random: Generator, incumbent: float, challenger: float, pairs: int, repetitions: int) -> Rates:
    wealth, lead = np.zeros((repetitions, POINTS)), np.zeros(repetitions)
    sequential, fixed = np.zeros(repetitions, np.int64), np.zeros(repetitions, np.int64)
    for pair in range(1, pairs + 1):
        difference = results(random, challenger, repetitions) - results(random, incumbent, repetitions)
        wealth, lead = staked(wealth, difference), lead + difference
        _note(sequential, log_e(wealth, RESULTS) >= np.log(ENOUGH), pair)
        if pair >= FEWEST:
            _note(fixed, ahead(lead), pair)
    return Rates(_rate(sequential, 1), _rate(fixed, FEWEST))


def results(random: Generator, mean: float, matches: int) -> Floats:
    """Results of matches to the bot, drawn so that their expectation is `mean`."""
    drawn = random.random(matches)
    return np.where(drawn < mean - TIES / 2, 1.0, np.where(drawn < mean + TIES / 2, 0.5, 0.0))


def _note(promoted: Ints, now: Bools, pair: int) -> None:
    """Keep the pair of each first promotion; 0 stands for none yet."""
    promoted[(promoted == 0) & now] = pair


def _rate(promoted: Ints, first: int) -> Rate:
    done = promoted[promoted > 0]
    median = float(np.median(done)) if len(done) else None
    return Rate(len(done) / len(promoted), median, float((promoted == first).mean()))
