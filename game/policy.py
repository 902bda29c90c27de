"""From a prediction to a throw: lean on what the model expects, but never so far that a reader of it profits much.

The mix is a restricted Nash response (Johanson, Zinkevich & Bowling, 2007): the best reply to an opponent who follows
the prediction with probability `lean` and otherwise knows our mix and plays against it. At 0 it is the equilibrium of
the race, at 1 the plain best reply. The objective is concave and piecewise linear over the simplex, so its maximum
lies at a corner, at a tie of two columns on an edge, or where all three columns tie.
"""

from collections.abc import Iterator
from itertools import combinations

from game.equilibrium import Mix, Row, Stakes, equilibrium
from game.moves import MOVES, Move

LEAN = 0.7
"""How far the bot trusts a prediction."""

_CORNERS: tuple[Mix, ...] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_PAIRS = tuple(combinations(range(3), 2))


def worth(game: Stakes, prediction: Row) -> Row:
    """The win probability of each of the bot's moves if the player throws as predicted."""
    p, q, r = prediction
    (a, b, c), (d, e, f), (g, h, i) = game
    return a * p + b * q + c * r, d * p + e * q + f * r, g * p + h * q + i * r


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


def respond(game: Stakes, prediction: Row, lean: float = LEAN) -> Mix:
    """The restricted Nash response to `prediction` in a round with these stakes; `lean` in [0, 1]."""
    balanced, _, _ = equilibrium(game)
    u, v, w = worth(game, prediction)
    (a, b, c), (d, e, f), (g, h, i) = game
    wary = 1 - lean

    def score(mix: Mix) -> float:
        x, y, z = mix
        worst = min(a * x + d * y + g * z, b * x + e * y + h * z, c * x + f * y + i * z)
        return lean * (u * x + v * y + w * z) + wary * worst

    return max((balanced, *_CORNERS, *_edge_ties(game)), key=score)


def draw_move(mix: Mix, draw: float) -> Move:
    """The move for a uniform `draw` in [0, 1)."""
    rock, paper, _ = mix
    return MOVES[0] if draw < rock else MOVES[1] if draw < rock + paper else MOVES[2]
