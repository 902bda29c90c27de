"""Sparring partners with the habits of people, one at a time: the priors of `trainer.data.habits` as a player.

They are drawn from those priors and fitted to nobody. Each starts a match afresh: what happened in the last one is
forgotten, the habits are not.
"""

from collections.abc import Sequence
from random import Random
from typing import Self

from msgspec import Struct

from game.equilibrium import equilibrium, stakes
from game.moves import INDEX, MOVES, OUTCOMES, Move
from trainer.sparring.position import History, Position

CHANGE = 1 / 80
"""How likely a player is to take up another mixture of habits in a round."""
PURITY = 0.35
"""Dirichlet concentration of a mixture: most players follow one or two habits."""
FIRMNESS = 0.4
"""Dirichlet concentration of a habit: most habits favour one answer."""
EVENNESS = 2.0
"""Dirichlet concentration of a taste for moves: it is seldom strong."""
NOISE = 0.3
"""The most that a player throws at random."""
KINDS = 7
NONE = 3
"""Stands for a move or an outcome where there has been none."""

Odds = tuple[float, ...]
"""Three probabilities: in the order of `MOVES`, or by how many moves further round the circle."""


class Traits(Struct, frozen=True):
    """What stays with a player. `after`, `pattern` and `rank` hold one habit for each context."""

    taste: Odds
    after: tuple[Odds, ...]
    cycle: Odds
    reply: Odds
    pattern: tuple[tuple[Odds, ...], ...]
    rank: tuple[Odds, ...]
    noise: float

    @classmethod
    def drawn(cls, random: Random) -> Self:
        def habit() -> Odds:
            return dirichlet(FIRMNESS, 3, random)

        return cls(
            taste=dirichlet(EVENNESS, 3, random),
            after=tuple(habit() for _ in range(4)),
            cycle=habit(),
            reply=habit(),
            pattern=tuple(tuple(habit() for _ in range(4)) for _ in range(4)),
            rank=tuple(habit() for _ in range(3)),
            noise=random.uniform(0, NOISE),
        )

    def odds(self, position: Position, history: History, mixture: Sequence[float]) -> Odds:
        """P(next move) of a player with this mixture of habits."""
        habits = self._habits(position, history)
        chosen = [sum(share * habit[move] for share, habit in zip(mixture, habits, strict=True)) for move in range(3)]
        return tuple((1 - self.noise) * chance + self.noise / 3 for chance in chosen)

    def _habits(self, position: Position, history: History) -> tuple[Odds, ...]:
        """In this order: taste, win and loss, cycles, replies, patterns, ranks by the score, and the balanced mix."""
        own = INDEX[history[-1].mine] if history else NONE
        before = INDEX[history[-2].mine] if len(history) > 1 else NONE
        theirs = INDEX[history[-1].theirs] if history else NONE
        outcome = OUTCOMES.index(history[-1].outcome) if history else NONE
        behind = (position.lead < 0) - (position.lead > 0)
        _, balanced, _ = equilibrium(stakes(position.scores.bot, position.scores.player, position.values))
        return (
            self.taste,
            shifted(self.after[outcome], own),
            shifted(self.cycle, own),
            shifted(self.reply, theirs),
            self.pattern[own][before],
            shifted(self.rank[behind], INDEX[position.low]),
            balanced,
        )


class Person:
    """A `Bot` of its own temper, drawn from `random`; takes up another mixture of habits now and then."""

    def __init__(self, random: Random) -> None:
        self._traits = Traits.drawn(random)
        self._mixture = dirichlet(PURITY, KINDS, random)

    def __call__(self, position: Position, history: History, random: Random) -> Move:
        if random.random() < CHANGE:
            self._mixture = dirichlet(PURITY, KINDS, random)
        return random.choices(MOVES, self._traits.odds(position, history, self._mixture))[0]


def dirichlet(concentration: float, size: int, random: Random) -> Odds:
    """Shares of a whole: uneven below a concentration of 1, even far above it."""
    weights = [random.gammavariate(concentration, 1) for _ in range(size)]
    return tuple(weight / sum(weights) for weight in weights)


def shifted(steps: Odds, origin: int) -> Odds:
    """P(move) from P(how many moves further round the circle than `origin`); as it stands where there is none."""
    return tuple(steps[(move - origin) % 3] for move in range(3))
