"""Sparring partners with the ways of people, one at a time: each is drawn after somebody whose play was recorded.

What a person makes of earlier throws is fitted (`trainer.sparring.temperaments`). What it makes of values and scores
cannot be: the recorded players saw neither. That part is a prior, drawn for each person from the spreads below. Both
add log-odds to the moves. A person remembers the opponent from one match to the next, and its mood changes.
"""

from collections.abc import Sequence
from math import exp, log
from random import Random
from typing import Self

from msgspec import Struct

from game.equilibrium import equilibrium, stakes
from game.moves import INDEX, MOVES, Move
from game.points import TARGET
from trainer.sparring.memory import Memory, Row
from trainer.sparring.position import History, Position
from trainer.sparring.temperaments import CHANGE, MOODS, Weights, fitted

GREED = (0.6, 1.5)
"""Mean and spread of what a value as large again as the round's mean adds: most lean to the high one, some away."""
WARINESS = (0.2, 0.5)
"""Mean and spread of what is added for the low one, which beats the high one that others are expected to throw."""
NERVE = (1.0, 1.4)
"""Mean and spread of what is added for the high one when behind by the whole target, and taken off when ahead."""
BALANCE = 0.6
"""Spread of the weight of the balanced mix's log-odds; never below 0. At 1, and nothing else, one plays that mix."""


class Leaning(Struct, frozen=True):
    """What a person makes of values and scores."""

    greed: float
    wariness: float
    nerve: float
    balance: float

    @classmethod
    def drawn(cls, random: Random) -> Self:
        return cls(random.gauss(*GREED), random.gauss(*WARINESS), random.gauss(*NERVE), abs(random.gauss(0, BALANCE)))

    def speaks(self, position: Position) -> Sequence[float]:
        """The log-odds that it adds to each move."""
        mean = sum(position.values.values()) / len(MOVES)
        added = [self.greed * (position.values[move] / mean - 1) for move in MOVES]
        added[INDEX[position.low]] += self.wariness
        added[INDEX[position.highest]] -= self.nerve * position.lead / TARGET
        _, balanced, _ = equilibrium(stakes(position.scores.bot, position.scores.player, position.values))
        return [more + self.balance * log(share) for more, share in zip(added, balanced, strict=True)]


class Temper(Struct, frozen=True):
    """What stays with a person."""

    weights: Weights
    leaning: Leaning

    @classmethod
    def drawn(cls, random: Random) -> Self:
        return cls(fitted().drawn(random), Leaning.drawn(random))

    def odds(self, position: Position, memory: Memory, mood: float) -> Row:
        """P(next move)."""
        habit = spoken(self.weights, memory, mood)
        return softmax([a + b for a, b in zip(habit, self.leaning.speaks(position), strict=True)])


class Person:
    """A `Bot` of its own temper, drawn from `random`. To be asked once for each round of one match after another."""

    def __init__(self, random: Random) -> None:
        self._temper = Temper.drawn(random)
        self._mood = random.choice(MOODS)
        self._memory = Memory()
        self._learned = 0

    def __call__(self, position: Position, history: History, random: Random) -> Move:
        self._learn(history)
        if random.random() < CHANGE:
            self._mood = random.choice(MOODS)
        return random.choices(MOVES, self._temper.odds(position, self._memory, self._mood))[0]

    def _learn(self, history: History) -> None:
        """What is new since it was last asked; a shorter history is another match's."""
        if len(history) < self._learned:
            self._memory.begin()
            self._learned = 0
        for past in history[self._learned :]:
            self._memory.learn(INDEX[past.mine], INDEX[past.theirs])
        self._learned = len(history)


def spoken(weights: Weights, memory: Memory, mood: float) -> Row:
    """The log-odds that all cues together add to each move."""
    rock = paper = scissors = 0.0
    for weight, cue in zip(weights, memory.cues(), strict=True):
        rock, paper, scissors = rock + weight * cue[0], paper + weight * cue[1], scissors + weight * cue[2]
    return mood * rock, mood * paper, mood * scissors


def softmax(log_odds: Sequence[float]) -> Row:
    most = max(log_odds)
    rock, paper, scissors = (exp(one - most) for one in log_odds)
    total = rock + paper + scissors
    return rock / total, paper / total, scissors / total
