"""Whether live matches show that a challenger is better than the version in production: a test that may look always.

Each side brings one score in [0, 1] per pair: what a match was worth to the bot (`worth`), or how well a version
foretold one match's throws (`foresight`). The difference x = challenger - incumbent is in [-1, 1], and
H0 is "the challenger is not better": E[x_n | all earlier pairs] <= 0 for every n.

A gambler who may not lose more than there is stakes the share l of it on the challenger, l in (0, 1), in every pair:
    W_n(l) = (1 + l x_1) (1 + l x_2) ... (1 + l x_n).
Under H0, E[1 + l x_n | past] <= 1: W(l) is a non-negative supermartingale that starts at 1, and so is any mixture
over l fixed beforehand, E_n = sum_j w_j W_n(l_j) with sum_j w_j = 1. By Ville's inequality P(some E_n >= 20) <= 1/20:
a challenger that is no better is promoted with probability 5 % at most, whenever and however often one looks. That
needs nothing of distributions, of independence or of how often matches are tied: a difference of one half (a win
against a tie) moves every bet half as far, and equal scores leave it where it is. What it needs is H0 as it stands,
and a new test for each challenger. If the i-th matches that both sides finished are the i-th pair, two versions
that play equally well satisfy H0 where players come to both alike (a hash of the match sees to that), and where
neither their drift between the two matches of a pair nor the length of won and lost matches favours one side.

Where x is only ever -1, 0 or 1, with s wins of the challenger and f of the incumbent and theta = (1 + l) / 2, W is the
likelihood ratio theta^s (1 - theta)^f / (1/2)^(s + f). The mixture is a Beta(a, a) prior cut to theta > 1/2, at the
points of a Gauss-Legendre rule, and agrees with the integral (I is the regularised incomplete beta function)
    E = 2^(s + f) B(a + s, a + f) (1 - I_1/2(a + s, a + f)) / (B(a, a) (1 - I_1/2(a, a))).
The points are a mixture themselves: that the bound holds does not depend on how well they agree.

Taking production back is the same test with the sides changed over: the version before as the challenger.

Ville, Étude critique de la notion de collectif (1939); Robbins, Statistical methods related to the law of the
iterated logarithm (1970); Waudby-Smith & Ramdas, Estimating means of bounded random variables by betting (2023);
Ramdas, Grünwald, Vovk & Shafer, Game-theoretic statistics and safe anytime-valid inference (2023).
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from math import log

import numpy as np
from msgspec import Struct

from game.equilibrium import value
from game.gambits import LENGTH
from game.records import Closed, Reason
from trainer.data.columns import Bools, Floats

ENOUGH = 20.0
"""The evidence that promotes; its inverse bounds the probability of promoting what is no better."""
RESULTS = 20
"""The prior's a for match results: most stakes are below 0.3, which suits versions some 0.1 apart. Of 1, 4, 10, 20, 40
tried on one seed, 4 found a difference of 0.1 soonest (265 pairs in the median) and promoted 4.1 % of equals within
2000 pairs; 20 took a tenth longer and promoted 3 %."""
FORESIGHT = 1
"""The prior's a for predictions: all stakes alike, since differences there are small against their bound."""
POINTS = 64
"""Points of the rule; the closed form is met to 1e-9 for hundreds of pairs."""
FEWEST = 3
"""The fixed rule looks from this many pairs on."""
LEAST = 0.05
"""The probability that counts for a throw held impossible; see `foresight`."""

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(POINTS)
_STAKES: Floats = (_POINTS + 1) / 2


class Decision(StrEnum):
    PROMOTE = "promote"
    WAIT = "wait"


class Evidence(Struct, frozen=True):
    """What the pairs so far say: how many, both sides' summed scores, and ln W of every stake."""

    prior: int = RESULTS
    pairs: int = 0
    challenger: float = 0.0
    incumbent: float = 0.0
    wealth: tuple[float, ...] = (0.0,) * POINTS


def observe(state: Evidence, challenger: float, incumbent: float) -> Evidence:
    """The evidence after one more pair of scores; raises ValueError if one is outside [0, 1]."""
    if not (0 <= challenger <= 1 and 0 <= incumbent <= 1):
        raise ValueError(f"scores are in [0, 1], not {challenger} and {incumbent}")
    return Evidence(
        prior=state.prior,
        pairs=state.pairs + 1,
        challenger=state.challenger + challenger,
        incumbent=state.incumbent + incumbent,
        wealth=tuple(staked(np.array(state.wealth), np.array(challenger - incumbent)).tolist()),
    )


def decide(state: Evidence) -> Decision:
    """Whether the evidence is enough now. Later pairs can make it less again: ask after each, and act at once."""
    return Decision.PROMOTE if log_e(np.array(state.wealth), state.prior) >= log(ENOUGH) else Decision.WAIT


def fixed(state: Evidence) -> Decision:
    """The simple rule, to compare with: the higher mean score, from `FEWEST` pairs on; a tie keeps production."""
    lead = np.array(state.challenger - state.incumbent)
    return Decision.PROMOTE if state.pairs >= FEWEST and ahead(lead) else Decision.WAIT


def staked(wealth: Floats, difference: Floats) -> Floats:
    """ln W of every stake (last axis) after one more pair, for any number of tests side by side."""
    return np.asarray(wealth + np.log1p(_STAKES * difference[..., None]))


def log_e(wealth: Floats, prior: int) -> Floats:
    """ln E of each test."""
    terms = wealth + _log_weights(prior)
    most = terms.max(axis=-1)
    return np.asarray(np.log(np.exp(terms - most[..., None]).sum(axis=-1)) + most)


def ahead(lead: Floats) -> Bools:
    """Where the challenger's summed scores are higher by more than rounding."""
    return np.asarray(lead > 1e-9)


@cache
def _log_weights(prior: int) -> Floats:
    weights = _WEIGHTS * (1 - _STAKES**2) ** (prior - 1)  # the density of theta but for a factor
    return np.asarray(np.log(weights / weights.sum()))


def worth(closed: Closed) -> float | None:
    """What an ended match was worth to the bot: 1 won, 1/2 tied, 0 lost; None does not count.

    Who leaves gives the match to the bot, but no version should rise by driving people away. So a match abandoned
    counts as what its scores are worth when both play on optimally (`game.equilibrium.value`): a version gains by
    people leaving no more than it would by optimal play from there on, and loses by it what it could do better.
    One abandoned in the scripted opening does not count, since no model had chosen a move; nor does a damaged one.
    """
    if closed.reason is Reason.VOID or (closed.reason is not Reason.TARGET and closed.round <= LENGTH):
        return None
    return value(closed.scores.bot, closed.scores.player)


def foresight(probabilities: Sequence[float]) -> float:
    """How well a version foretold one match, in [0, 1], from what it gave each move that was then thrown.

    It is the mean log-loss over the match's rounds (one or more; they depend on each other, so that the match is the
    unit), turned round and scaled: 1 if all were held certain, 0 if all impossible. To bound the loss, a share
    3 LEAST of the uniform is mixed into each prediction, p to LEAST + (1 - 3 LEAST) p. So mixed it still sums to 1:
    no version is given probability for nothing, as it would be if small ones were just raised. H0 is about this loss.
    """
    mixed = LEAST + (1 - 3 * LEAST) * np.asarray(probabilities)
    return float(np.clip(np.log(mixed / LEAST).mean() / log((1 - 2 * LEAST) / LEAST), 0.0, 1.0))
