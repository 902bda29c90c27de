"""The opponents that the recorded people met (Brockbank & Vul, 2024), for simulated people to meet too.

Stable ones take a step from their own last throw that follows from the last rounds, in nine rounds of ten. Adaptive
ones count what the player did in the like situation and throw what beats the most common. Their rules are named in the
recordings; that they are as written here is found by holding them against the recorded throws.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from random import Random

from trainer.sparring.memory import Memory
from trainer.sparring.people import softmax, spoken
from trainer.sparring.study.recorded import Throws
from trainer.sparring.temperaments import CHANGE, MOODS, Weights

FAITHFUL = 0.9
"""How often a stable opponent keeps to its rule; else it throws one of the others."""

_Step = Callable[[int, int], int]
"""The step from the opponent's last throw, by the last outcome (0 draw, 1 win, 2 loss, the player's) and its step
before."""
_DUAL = ((0, 1, 2), (2, 0, 1), (1, 2, 0))

STABLE: Mapping[str, _Step] = {
    "bot:prev_move_positive": lambda outcome, step: 1,
    "bot:prev_move_negative": lambda outcome, step: 2,
    "bot:opponent_prev_move_nil": lambda outcome, step: outcome,
    "bot:opponent_prev_move_positive": lambda outcome, step: outcome + 1,
    "bot:win_nil_lose_positive": lambda outcome, step: (2, 1, 0)[outcome],
    "bot:win_positive_lose_negative": lambda outcome, step: (0, 2, 1)[outcome],
    "bot:outcome_transition_dual_dependency": lambda outcome, step: _DUAL[outcome][step],
}

_Situation = tuple[tuple[int, ...], int]
_Look = Callable[[Throws], _Situation]
"""What counts as the same situation after these rounds, and the move from which the player's steps are counted."""


def _outcome(past: Throws) -> int:
    mine, theirs = past[-1]
    return (mine - theirs) % 3


ADAPTIVE: Mapping[str, _Look] = {
    "adaptive:bot_prev_move": lambda past: (past[-1][1:], 0),
    "adaptive:opponent_prev_move": lambda past: (past[-1][:1], 0),
    "adaptive:opponent_bot_prev_move": lambda past: (past[-1], 0),
    "adaptive:opponent_prev_two_moves": lambda past: ((past[-1][0], past[-2][0]), 0),
    "adaptive:opponent_transitions": lambda past: ((), past[-1][0]),
    "adaptive:opponent_courn_transitions": lambda past: ((), past[-1][1]),
    "adaptive:opponent_outcome_transitions": lambda past: ((_outcome(past),), past[-1][0]),
    "adaptive:opponent_outcome_prev_transition_dual": lambda past: (
        (_outcome(past), (past[-1][0] - past[-2][0]) % 3),
        past[-1][0],
    ),
}
KINDS = (*STABLE, *ADAPTIVE)


class Stable:
    """An opponent that takes steps by one rule."""

    def __init__(self, step: _Step, random: Random) -> None:
        self._step, self._random = step, random

    def throw(self, past: Throws) -> int:
        """After the rounds `past`; anything in the first two."""
        if len(past) < 2:
            return self._random.randrange(3)
        last, before = past[-1][1], past[-2][1]
        astray = 0 if self._random.random() < FAITHFUL else self._random.choice((1, 2))
        return (last + self._step(_outcome(past), (last - before) % 3) + astray) % 3

    def learn(self, past: Throws, mine: int) -> None:
        """Nothing: its rule stands."""


class Adaptive:
    """An opponent that learns what the player does in the situations that it looks at."""

    def __init__(self, look: _Look, random: Random) -> None:
        self._look, self._random = look, random
        self._counts: dict[tuple[int, ...], list[int]] = defaultdict(lambda: [0, 0, 0])

    def throw(self, past: Throws) -> int:
        """After the rounds `past`; anything in the first two, and one of the likeliest where several are."""
        if len(past) < 2:
            return self._random.randrange(3)
        same, origin = self._look(past)
        counts = self._counts[same]
        expected = self._random.choice([step for step in range(3) if counts[step] == max(counts)])
        return (origin + expected + 1) % 3

    def learn(self, past: Throws, mine: int) -> None:
        """The player threw `mine` after the rounds `past`."""
        if len(past) > 1:
            same, origin = self._look(past)
            self._counts[same][(mine - origin) % 3] += 1


def opponent(kind: str, random: Random) -> Stable | Adaptive:
    """A new one of `KINDS`."""
    return Stable(STABLE[kind], random) if kind in STABLE else Adaptive(ADAPTIVE[kind], random)


def simulated(weights: Weights, kind: str, rounds: int, random: Random) -> list[tuple[int, int]]:
    """What somebody of these weights, to whom values mean nothing, and this opponent throw."""
    memory, other, past = Memory(), opponent(kind, random), list[tuple[int, int]]()
    mood = random.choice(MOODS)
    for _ in range(rounds):
        if random.random() < CHANGE:
            mood = random.choice(MOODS)
        (mine,) = random.choices(range(3), softmax(spoken(weights, memory, mood)))
        theirs = other.throw(past)
        other.learn(past, mine)
        memory.learn(mine, theirs)
        past.append((mine, theirs))
    return past
