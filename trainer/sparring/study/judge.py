"""How well the fit foretells throws that it has not seen, against references that count.

Later rounds: everybody is fitted on the first part of its rounds and judged on the rest. Strangers: each is foretold
from its first round by what others were fitted to, as one of those others, nobody knows which. The references know all
earlier rounds of a player in both.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from trainer.data.columns import Bools, Floats
from trainer.fitting.measures import Rate, log_losses, rates
from trainer.fitting.mixed_logit import Seen, fit, odds
from trainer.league.counts import REFERENCES
from trainer.league.games import Game
from trainer.league.plays import play
from trainer.sparring.temperaments import CHANGE, MOODS

FIRST = 0.7
"""The part of everybody's rounds that later rounds are foretold from."""
FOLDS = 5
PEOPLE = "people"
STEADY = "people of one mood"
SHOWN = ("uniform", "frequency", "markov2", "hedge")


class Judged(Struct, frozen=True):
    """Mean log-likelihood of a throw, with its 95 % interval over whole players."""

    later: dict[str, Rate]
    strangers: dict[str, Rate]


def judge(games: Sequence[Game], seen: Sequence[Seen], seed: int) -> Judged:
    plays = play(games, seed)
    counted = {name: -log_losses(REFERENCES[name](plays), plays.rounds.player) for name in SHOWN}
    starts = [int(FIRST * len(one)) for one in seen]
    later = np.concatenate([np.arange(len(one)) >= start for one, start in zip(seen, starts, strict=True)])
    own = fit([one.first(start) for one, start in zip(seen, starts, strict=True)]).people[:, None]

    def told(rows: Bools, more: dict[str, Floats]) -> dict[str, Rate]:
        values = {name: one[rows] for name, one in {**more, **counted}.items()}
        return rates(values, np.ones(int(rows.sum())), plays.rounds.owners[rows], seed)

    with_moods, steady = (
        np.concatenate([log_likelihoods(one, weights, moods) for one, weights in zip(seen, own, strict=True)])
        for moods in (MOODS, (1.0,))
    )
    return Judged(
        later=told(later, {PEOPLE: with_moods, STEADY: steady}),
        strangers=told(np.ones(len(later), np.bool_), {PEOPLE: np.concatenate(strangers(seen))}),
    )


def strangers(seen: Sequence[Seen]) -> list[Floats]:
    """Everybody's log-likelihoods by those in other folds."""
    fold = np.arange(len(seen)) % FOLDS
    fits = [fit([one for one, of in zip(seen, fold, strict=True) if of != left_out]) for left_out in range(FOLDS)]
    return [log_likelihoods(one, fits[of].people, MOODS) for one, of in zip(seen, fold, strict=True)]


def log_likelihoods(seen: Seen, weights: Floats, moods: Sequence[float]) -> Floats:
    """ln P(throw) [n] from the earlier ones, of a player with one of the `weights` [people, cues], equally likely.

    Its mood changes: this is the forward algorithm of a hidden Markov model.
    """
    rows = np.arange(len(seen))
    likely = np.stack(
        [odds(seen.cues, mood * weights.T)[rows, seen.thrown] for mood in moods], axis=2
    )  # [rounds, people, moods]
    belief = np.full(likely.shape[1:], 1 / likely[0].size)
    found = np.empty(len(seen))
    for row, chances in enumerate(likely):
        belief = (1 - CHANGE) * belief + CHANGE * belief.mean(axis=1, keepdims=True)
        joint = belief * chances
        found[row] = np.log(joint.sum())
        belief = joint / joint.sum()
    return found
