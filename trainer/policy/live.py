"""What the policy wins as it is played, the trust earned from nothing, by simulation with the game's own code.

Of each match the sum of its edges is taken and not who won. What a throw changes in the chance to win is its edge, and
chance that is fair by itself: the move drawn from the mix, and the next values. So the win probability from 0-0 is the
equilibrium's and the expected sum of edges, exactly, and needs fewer matches than wins that are counted.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from random import Random
from statistics import fmean, stdev

import numpy as np
from msgspec import Struct

from game import trust
from game.equilibrium import Mix, Row, Stakes, prospects, stakes, value
from game.moves import MOVES, outcome
from game.points import TARGET, gains
from game.policy import draw_move, edge, respond
from game.trust import Trust
from trainer.data.columns import Floats
from trainer.policy.foreseen import HIGH, IID
from trainer.policy.rounds import ROUNDS, by_move

CAREERS = 400
MATCHES = 8
LATER = 3
"""The last matches of a career are told together."""
PURE = tuple(by_move(*chances) for chances in np.eye(3))
_SIGMAS = 1.96
_SURE = 0.8
"""How sure the model is that is always wrong."""


class Estimate(Struct, frozen=True):
    """The bot's win probability from 0-0, a tie as half, with its 95 % interval."""

    wins: float
    interval: tuple[float, float]


class Career(Struct, frozen=True):
    """Against somebody new, and after some matches."""

    first_match: Estimate
    later_matches: Estimate


class Live(Struct, frozen=True):
    """The policy at full lean and without gambits, against players who are predicted rightly and others.

    The all-knowing one knows the bot's mix in every round, while the model takes him for the first. The confidently
    wrong model is sure, each time, of what will not come. The guessing one says anything of somebody who throws at
    random.
    """

    iid_45_30_25: Career
    high_half: Career
    all_knowing: Career
    confidently_wrong: Career
    guessing: Career


class Round(Struct, frozen=True):
    """What is open: what is feared and hoped for, the number of its values in `ROUNDS`, and the accounts."""

    game: Stakes
    hopes: Stakes
    number: int
    known: Trust


Expect = Callable[[int, Random], Row]
"""The model's prediction, from the number of the round's values."""
Throw = Callable[[Row, Row, Random], int]
"""The player's move, an index into `MOVES`, from what the model expects and the bot's edge by move."""
Turn = Callable[[Round, Random], tuple[Mix, int, float, Trust]]
"""The bot's mix, the player's move, the edge that came of it, and the accounts after it."""


def live(careers: int = CAREERS, matches: int = MATCHES) -> Live:
    """What is won in careers that begin with nothing known."""
    return Live(
        iid_45_30_25=_careers(trusting(_always(IID), _as_expected), careers, matches),
        high_half=_careers(trusting(_always(HIGH), _as_expected), careers, matches),
        all_knowing=_careers(trusting(_always(IID), all_knowing), careers, matches),
        confidently_wrong=_careers(trusting(_sure, _otherwise), careers, matches),
        guessing=_careers(trusting(_guess, _anything), careers, matches),
    )


def worst_case(lean: float, careers: int = CAREERS) -> Estimate:
    """Somebody new who knows the bot's mix in every round, and whom the model foresees in whichever way hurts most.

    The model is taken to be trusted whatever comes: nothing restrains the bot but `lean` and its bank.
    """
    return _estimate([match(_believing(lean), Trust(), Random(number))[0] for number in range(careers)])


def match(turn: Turn, known: Trust, random: Random) -> tuple[float, Trust]:
    """The sum of the edges of one match, and the accounts after it."""
    known, total, bot, player = trust.staked(known), 0.0, 0, 0
    while max(bot, player) < TARGET:
        number = random.randrange(len(ROUNDS))
        values = ROUNDS[number]
        open = Round(stakes(bot, player, values), prospects(bot, player, values), number, known)
        mix, at, won, known = turn(open, random)
        ours, theirs = draw_move(mix, random.random()), MOVES[at]
        to_player, to_bot = gains(theirs, ours, outcome(theirs, ours), values)
        total, bot, player = total + won, bot + to_bot, player + to_player
    return total, known


def trusting(expect: Expect, throw: Throw) -> Turn:
    """The policy as it is, with this model and this player."""

    def turn(open: Round, random: Random) -> tuple[Mix, int, float, Trust]:
        expected = expect(open.number, random)
        mix = respond(open.game, expected, trust.lean(open.known), open.hopes, trust.risk(open.known))
        edges = edge(open.game, mix)
        at = throw(expected, edges, random)
        return mix, at, edges[at], trust.settled(trust.judged(open.known, expected[at]), edges[at])

    return turn


def all_knowing(expected: Row, edges: Row, random: Random) -> int:
    """The move that is worst for the bot."""
    return edges.index(min(edges))


def _believing(lean: float) -> Turn:
    believed = [_always(mix) for mix in (IID, HIGH, *PURE)]

    def turn(open: Round, random: Random) -> tuple[Mix, int, float, Trust]:
        risk = trust.risk(open.known)
        mixes = [
            respond(open.game, expect(open.number, random), lean, open.hopes, risk) for expect in believed
        ]  # fmt: skip
        edges, mix = min(((edge(open.game, mix), mix) for mix in mixes), key=lambda pair: min(pair[0]))
        return mix, edges.index(min(edges)), min(edges), trust.settled(open.known, min(edges))

    return turn


def _careers(turn: Turn, careers: int, matches: int) -> Career:
    first, later = [], []
    for number in range(careers):
        known, random, totals = Trust(), Random(number), []
        for _ in range(matches):
            total, known = match(turn, known, random)
            totals.append(total)
        first.append(totals[0])
        later.append(fmean(totals[-LATER:]))
    return Career(_estimate(first), _estimate(later))


def _estimate(edges: Sequence[float]) -> Estimate:
    wins, spread = value(0, 0) + fmean(edges), _SIGMAS * stdev(edges) / sqrt(len(edges))
    return Estimate(wins, (wins - spread, wins + spread))


def _always(mixes: Floats) -> Expect:
    by_round: list[Row] = [(rock, paper, scissors) for rock, paper, scissors in mixes.T.tolist()]
    return lambda number, random: by_round[number]


def _sure(number: int, random: Random) -> Row:
    rest = (1 - _SURE) / 2
    return random.choice([(_SURE, rest, rest), (rest, _SURE, rest), (rest, rest, _SURE)])


def _guess(number: int, random: Random) -> Row:
    weights = [random.uniform(0.5, 1.5) for _ in MOVES]
    rock, paper, scissors = (weight / sum(weights) for weight in weights)
    return rock, paper, scissors


def _as_expected(expected: Row, edges: Row, random: Random) -> int:
    return random.choices(range(len(MOVES)), expected)[0]


def _otherwise(expected: Row, edges: Row, random: Random) -> int:
    return random.choice([at for at, chance in enumerate(expected) if chance < _SURE])


def _anything(expected: Row, edges: Row, random: Random) -> int:
    return random.randrange(len(MOVES))
