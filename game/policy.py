"""From a prediction to a throw: lean on what the model expects, but never so far that a reader of it profits much.

The mix is a restricted Nash response (Johanson, Zinkevich & Bowling, 2007): the best reply to an opponent who follows
the prediction with probability `lean` and otherwise knows our mix and plays against it; and of all mixes that an
all-knowing opponent profits by no more than `risk` from. At lean 0 it is the equilibrium of the race, at 1 the plain
best reply within the risk. What is hoped for may be weighed by other stakes than what is feared: a player who is as
predicted now will be so later (`game.equilibrium.prospects`), one who knows our mix will play optimally.

The objective is concave and piecewise linear over the simplex, with breaks where columns tie. So its maximum lies at a
corner, at a tie of two columns on an edge, or where all three columns tie; or, where that is too risky, between two of
these, at the mix that risks just so much.
"""

from collections.abc import Iterator
from itertools import combinations
from math import inf

from game.equilibrium import Mix, Row, Stakes, equilibrium
from game.moves import MOVES, Move

_CORNERS: tuple[Mix, ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_PAIRS = tuple(combinations(range(3), 2))

_Rated = tuple[float, float, Mix]
"""The objective, the worst that can come of it, and the mix."""


def worth(game: Stakes, prediction: Row) -> Row:
    """The win probability of each of the bot's moves if the player throws as predicted."""
    p, q, r = prediction
    (a, b, c), (d, e, f), (g, h, i) = game
    return a * p + b * q + c * r, d * p + e * q + f * r, g * p + h * q + i * r


def against(game: Stakes, mix: Mix) -> Row:
    """The win probability that the bot's mix makes of each of the player's moves."""
    x, y, z = mix
    (a, b, c), (d, e, f), (g, h, i) = game
    return a * x + d * y + g * z, b * x + e * y + h * z, c * x + f * y + i * z


def edge(game: Stakes, mix: Mix) -> Row:
    """What the mix wins beyond the round's value, by the player's move; exactly nothing for the equilibrium's."""
    balanced, _, value = equilibrium(game)
    if mix == balanced:
        return 0.0, 0.0, 0.0
    rock, paper, scissors = against(game, mix)
    return rock - value, paper - value, scissors - value


def respond(
    game: Stakes, prediction: Row, lean: float = 1.0, hopes: Stakes | None = None, risk: float = inf
) -> Mix:  # fmt: skip
    """The restricted Nash response to `prediction`; `lean` in [0, 1].

    `game` says what is feared, and `hopes`, the same unless it is given, what is hoped for. Whatever the player throws,
    the mix is worth no less than the round's value less `risk`.
    """
    balanced, _, value = equilibrium(game)
    u, v, w = worth(game if hopes is None else hopes, prediction)
    wary, least = 1 - lean, value - risk

    def rated(mix: Mix) -> _Rated:
        x, y, z = mix
        worst = min(against(game, mix))
        return lean * (u * x + v * y + w * z) + wary * worst, worst, mix

    safe = [rated(balanced)]
    risky: list[_Rated] = []
    for one in map(rated, (*_CORNERS, *_edge_ties(game))):
        (safe if one[1] >= least else risky).append(one)
    best = max(safe, key=_score)
    bolder = [one for one in risky if one[0] > best[0]]
    return max((best, *_just_so_risky(safe, bolder, least)), key=_score)[2]


def _score(one: _Rated) -> float:
    return one[0]


def _just_so_risky(safe: list[_Rated], bolder: list[_Rated], least: float) -> Iterator[_Rated]:
    """The mixes of a safe mix and a bolder one of which the worst is `least`."""
    for high, below, (x, y, z) in bolder:
        for low, above, (a, b, c) in safe:
            share = max(above - least, 0.0) / (above - below)
            rest = 1 - share
            mix = share * x + rest * a, share * y + rest * b, share * z + rest * c
            yield share * high + rest * low, least, mix


def _edge_ties(game: Stakes) -> Iterator[Mix]:
    """The mixes of two moves at which the player is indifferent between two replies."""
    for first, second in _PAIRS:
        for left, right in _PAIRS:
            here = game[first][left] - game[first][right]
            there = game[second][left] - game[second][right]
            if here * there < 0:
                share = there / (there - here)
                mix = [0.0, 0.0, 0.0]
                mix[first], mix[second] = share, 1 - share
                yield mix[0], mix[1], mix[2]


def draw_move(mix: Mix, draw: float) -> Move:
    """The move for a uniform `draw` in [0, 1)."""
    rock, paper, _ = mix
    return MOVES[0] if draw < rock else MOVES[1] if draw < rock + paper else MOVES[2]
