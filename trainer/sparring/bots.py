"""Scripted sparring partners: rules of thumb that people and small programs follow, each in a few lines.

"They" are the machine. Where a rule replies to a throw and there has been none, anything is thrown.
"""

from collections.abc import Mapping
from random import Random

from game.equilibrium import equilibrium as solved
from game.equilibrium import stakes
from game.moves import MOVES, Move, Outcome
from game.points import by_rank
from trainer.sparring.position import (
    Bot,
    History,
    Position,
    against,
    commonest,
    commonest_rank,
    ended,
    lost_in_a_row,
    rarest,
    thrown,
)

WIDE = 9
"""Gus calls the values far apart from so many tenths between the highest and the lowest (6 to 10 occur)."""


def uniform(position: Position, history: History, random: Random) -> Move:
    """Anything, equally often."""
    return random.choice(MOVES)


def equilibrium(position: Position, history: History, random: Random) -> Move:
    """The optimal mix of the race: nobody wins more against a machine that plays well."""
    _, mix, _ = solved(stakes(position.scores.bot, position.scores.player, position.values))
    return random.choices(MOVES, mix)[0]


def ace(position: Position, history: History, random: Random) -> Move:
    """Greedy on a streak: the highest value after two wins in three, else what beats their last throw."""
    if ended(history, Outcome.WIN, 3) >= 2:
        return position.highest
    return against(history[-1].theirs) if history else uniform(position, history, random)


def bob(position: Position, history: History, random: Random) -> Move:
    """High, low, middle in turn; after two losses in three what beats the rank that they throw most."""
    if ended(history, Outcome.LOSE, 3) >= 2:
        return against(by_rank(position.values)[commonest_rank(history)])
    return (position.highest, position.low, position.middle)[len(history) % 3]


def cal(position: Position, history: History, random: Random) -> Move:
    """What beats the highest value; after three losses in a row the highest."""
    return position.highest if lost_in_a_row(history, 3) else against(position.highest)


def dan(position: Position, history: History, random: Random) -> Move:
    """By chance, with the leanings of `leanings`."""
    return random.choices(MOVES, list(leanings(position, history).values()))[0]


def leanings(position: Position, history: History) -> dict[Move, float]:
    """Dan's weights: the highest the more it is worth, what went well or would have, the score, their habit."""
    weights = dict.fromkeys(MOVES, 1.0)
    weights[position.highest] += (position.values[position.highest] - 15) / 5
    if position.lead:
        weights[position.highest if position.lead < 0 else position.low] += 0.5
    if history:
        last = history[-1]
        if last.outcome is not Outcome.DRAW:
            weights[last.mine if last.outcome is Outcome.WIN else against(last.theirs)] += 0.5
        weights[against(commonest(history))] += 0.5
    return weights


def edd(position: Position, history: History, random: Random) -> Move:
    """The highest value after a loss, else what beats their most common throw."""
    if lost_in_a_row(history, 1):
        return position.highest
    return against(commonest(history)) if history else uniform(position, history, random)


def fox(position: Position, history: History, random: Random) -> Move:
    """The lowest value when ahead, what beats their rarest throw when behind, the middle when level."""
    if not position.lead:
        return position.middle
    return position.low if position.lead > 0 else against(rarest(history))


def gus(position: Position, history: History, random: Random) -> Move:
    """Anything after two losses, the highest where the values are far apart, else what beats what they seem to like:
    a throw just repeated, one in more than half of the rounds, the last."""
    if not history or lost_in_a_row(history, 2):
        return uniform(position, history, random)
    if position.values[position.highest] - position.values[position.low] >= WIDE:
        return position.highest
    theirs = thrown(history)
    common = commonest(history)
    repeated = theirs[:1] == theirs[1:2]
    return against(common if not repeated and theirs.count(common) > len(theirs) / 2 else theirs[0])


def hal(position: Position, history: History, random: Random) -> Move:
    """The middle; after three losses in a row the throw that won against it."""
    return history[-1].theirs if lost_in_a_row(history, 3) else position.middle


BOTS: Mapping[str, Bot] = {
    "ace": ace,
    "bob": bob,
    "cal": cal,
    "dan": dan,
    "edd": edd,
    "fox": fox,
    "gus": gus,
    "hal": hal,
    "uniform": uniform,
    "equilibrium": equilibrium,
}
