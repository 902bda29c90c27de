"""Two versions of a family compared on live play: by what they foretold, or by the matches they played.

Both take outcomes one after the other and say what they know so far; neither knows of places or of the ledger.
"""

from collections import deque
from collections.abc import Mapping
from math import exp, log, sqrt
from typing import Any

import numpy as np

from trainer.lifecycle.outcomes import Outcome
from trainer.lifecycle.promotion import (
    FORESIGHT,
    RESULTS,
    Decision,
    Evidence,
    decide,
    fixed,
    foresight,
    log_e,
    observe,
)

LEAST = 1e-6
"""A probability below this counts as this in the mean log-loss that is shown."""


class Foresight:
    """Whether one version foretells the same live rounds better than another: all rounds that both spoke of.

    The unit of the test is the match, since the rounds of one depend on each other.
    """

    def __init__(self, challenger: str, incumbent: str) -> None:
        self.challenger, self.incumbent = challenger, incumbent
        self.evidence = Evidence(prior=FORESIGHT)
        self.rounds = 0
        self.losses, self.hits = np.zeros(2), np.zeros(2)
        self._differences = np.zeros(2)

    def observe(self, outcome: Outcome) -> None:
        """Take in one more match."""
        both = [(said[self.challenger], said[self.incumbent]) for said in outcome.rounds if self._in(said)]
        if not both:
            return
        chances = np.array([[one.probability for one in pair] for pair in both])
        ours, theirs = (foresight(column) for column in chances.T.tolist())
        self.evidence = observe(self.evidence, ours, theirs)
        losses = -np.log(np.maximum(chances, LEAST)).sum(axis=0)
        self.rounds += len(both)
        self.losses += losses
        self.hits += np.array([[one.hit for one in pair] for pair in both]).sum(axis=0)
        lead = losses[1] - losses[0]
        self._differences += lead, lead**2

    def _in(self, said: Mapping[str, Any]) -> bool:
        return self.challenger in said and self.incumbent in said

    @property
    def lead(self) -> float:
        """By how much lower the challenger's mean log-loss is."""
        return float(self.losses[1] - self.losses[0]) / self.rounds if self.rounds else 0.0

    @property
    def error(self) -> float:
        """The lead's standard error, by matches."""
        matches = self.evidence.pairs
        if matches < 2:
            return float("inf")
        mean, square = self._differences / matches
        return sqrt(max(square - mean**2, 0.0) / (matches - 1)) * matches / self.rounds

    @property
    def better(self) -> bool:
        """Whether the test says so now."""
        return decide(self.evidence) is Decision.PROMOTE

    @property
    def e_value(self) -> float:
        """The evidence, from 0; `promotion.ENOUGH` decides."""
        return _e_value(self.evidence)

    def told(self) -> dict[str, Any]:
        """What is known so far, for the ledger and for people; losses per round, intervals of 95 %."""
        per_round = max(1, self.rounds)
        spread = 1.96 * self.error if self.evidence.pairs > 1 else None
        return {
            "challenger": self.challenger,
            "incumbent": self.incumbent,
            "matches": self.evidence.pairs,
            "rounds": self.rounds,
            "log_loss": [round(float(one) / per_round, 5) for one in self.losses],
            "accuracy": [round(float(one) / per_round, 5) for one in self.hits],
            "lead": round(self.lead, 5),
            "lead_interval": None if spread is None else [round(self.lead - spread, 5), round(self.lead + spread, 5)],
            "e_value": self.e_value,
        }


class Results:
    """Whether one version wins more of its matches than another: their i-th ended matches are the i-th pair."""

    def __init__(self, challenger: str, incumbent: str) -> None:
        self.challenger, self.incumbent = challenger, incumbent
        self.evidence = Evidence(prior=RESULTS)
        self._waiting: tuple[deque[float], deque[float]] = deque(), deque()
        self._strata: dict[str, dict[str, list[float]]] = {}

    def observe(self, outcome: Outcome) -> None:
        """Take in one more match."""
        if outcome.worth is None or outcome.version not in (self.challenger, self.incumbent):
            return
        side = int(outcome.version == self.incumbent)
        for stratum in (outcome.kind, outcome.experience):
            sums = self._strata.setdefault(stratum, {self.challenger: [0, 0.0, 0.0], self.incumbent: [0, 0.0, 0.0]})
            for index, more in enumerate((1, outcome.worth, outcome.worth**2)):
                sums[outcome.version][index] += more
        self._waiting[side].append(outcome.worth)
        if all(self._waiting):
            self.evidence = observe(self.evidence, *(queue.popleft() for queue in self._waiting))

    def better(self, rule: str) -> bool:
        """Whether the rule (`sequential` or `fixed`) says so now."""
        found = fixed(self.evidence) if rule == "fixed" else decide(self.evidence)
        return found is Decision.PROMOTE

    @property
    def e_value(self) -> float:
        """The evidence, from 0; `promotion.ENOUGH` decides."""
        return _e_value(self.evidence)

    def told(self) -> dict[str, Any]:
        """What is known so far, for the ledger and for people; means of what matches were worth to the bot."""
        pairs = max(1, self.evidence.pairs)
        return {
            "challenger": self.challenger,
            "incumbent": self.incumbent,
            "pairs": self.evidence.pairs,
            "won": [round(self.evidence.challenger / pairs, 4), round(self.evidence.incumbent / pairs, 4)],
            "e_value": self.e_value,
            "strata": [self._stratum(name, sums) for name, sums in sorted(self._strata.items())],
        }

    def _stratum(self, name: str, sums: Mapping[str, list[float]]) -> dict[str, Any]:
        """Both sides among one kind of players, and whether the challenger is shown to do worse there."""
        ours, theirs = (_mean(sums[one]) for one in (self.challenger, self.incumbent))
        lead = ours[1] - theirs[1]
        spread = 1.96 * sqrt(ours[2] + theirs[2])
        enough = min(ours[0], theirs[0]) > 1
        return {
            "players": name,
            "matches": [ours[0], theirs[0]],
            "won": [round(ours[1], 4), round(theirs[1], 4)],
            "lead_interval": [round(lead - spread, 4), round(lead + spread, 4)] if enough else None,
            "hurt": enough and lead + spread < 0,
        }


def _mean(sums: list[float]) -> tuple[int, float, float]:
    """(matches, mean, the mean's variance)."""
    count, total, squares = sums
    if count < 2:
        return int(count), total / max(1, count), 0.0
    mean = total / count
    return int(count), mean, max(squares / count - mean**2, 0.0) / (count - 1)


def _e_value(evidence: Evidence) -> float:
    """E, cut at a million: beyond that it only says `more than enough`."""
    return round(exp(min(log(1e6), float(log_e(np.array(evidence.wealth), evidence.prior)))), 4)
