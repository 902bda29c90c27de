"""How far the bot may lean on predictions of one player: what its models have earned, told by the log alone.

Two accounts are kept. `skill` is the models' running log-score on this player beyond uniform guessing, in nats: where
the running log-loss is not better than ln 3 it falls below zero, and the bot plays the equilibrium. `bank` is in
chances to win the race: a stake, and what the bot's mixes have won beyond the equilibrium's value against the throws
that came. A round may cost no more than a share of the bank, so it never falls below zero. Whoever plays, all-knowing
or not, the bot's win probability from where its gambit ends is therefore at least the equilibrium's value there less
the bank (Ganzfried & Sandholm, "Safe opponent exploitation", 2015). A bank that risks a share grows as Kelly's bets do.

Both accounts are the player's, not a model version's. Whether somebody can be predicted is mostly theirs: the families'
mean log-scores by player correlate by about .98. And versions that are compared must not differ in credit.
"""

from math import log

from msgspec import Struct

STAKE = 0.15
"""What the first match of somebody new may cost, in chances to win it."""
FRESH = 0.05
"""What any later match may cost, whatever was lost before."""
SHARE = 0.3
"""The part of the bank that one round may risk: near what Kelly's rule says of habits such as people have."""
MOST = 2.0
"""A bank of two matches leaves hardly any round restrained; a larger one would only take longer to lose."""
CREDIT = 0.5
"""The skill that models are taken to have on somebody new, in nats: they passed a gate on others."""
FULL = 0.25
"""With this skill, in nats, the bot leans as far as it is allowed to."""
MEMORY = 0.99
"""How much of the skill is left after a round: about a hundred rounds count."""
TOLL = 0.01
"""Nats a round that a model must be better than uniform guessing by to keep trust for ever."""
BOUNDS = (-1.5, 5.0)
"""Of the skill: neither praise nor blame is remembered for longer than some matches."""
UNLIKELY = 0.001
"""No throw counts as less likely than this was said to be."""


class Trust(Struct, frozen=True, array_like=True):
    """The two accounts of one player."""

    skill: float = CREDIT
    bank: float = STAKE


def lean(trust: Trust) -> float:
    """How far the models' calibration on this player lets the bot lean, 0 to 1."""
    return min(max(trust.skill / FULL, 0.0), 1.0)


def risk(trust: Trust) -> float:
    """How much of the chance to win the race one round may risk."""
    return SHARE * trust.bank


def staked(trust: Trust) -> Trust:
    """The accounts as a match begins."""
    return Trust(trust.skill, max(trust.bank, FRESH))


def judged(trust: Trust, probability: float) -> Trust:
    """The accounts after a throw that a model had given this probability."""
    skill = MEMORY * trust.skill + log(3 * max(probability, UNLIKELY)) - TOLL
    lowest, highest = BOUNDS
    return Trust(min(max(skill, lowest), highest), trust.bank)


def settled(trust: Trust, edge: float) -> Trust:
    """The accounts after a round in which the bot's mix won so much beyond the round's value."""
    return Trust(trust.skill, min(max(trust.bank + edge, 0.0), MOST))
