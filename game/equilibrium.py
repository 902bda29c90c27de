"""The race solved exactly: its value at every score, and how both sides should mix in a round.

The table holds V = P(bot wins) + ½ P(tie) before a round's values are drawn, when both play optimally. It was found
by backward induction (`trainer/solve.py`). Every round is a 3x3 zero-sum game whose equilibrium has full support, so
the cofactors of the payoff matrix give it in closed form (Shapley & Snow, 1950).
"""

from functools import cache
from importlib.resources import files
from struct import unpack

from game.moves import MOVES
from game.points import DRAW, TARGET, Values

Row = tuple[float, float, float]
Mix = Row
"""Probabilities in the order of `MOVES`."""
Stakes = tuple[Row, Row, Row]
"""The bot's win probability by its own move (rows) and the player's (columns), both in the order of `MOVES`."""


@cache
def _table() -> tuple[float, ...]:
    return unpack(f"<{TARGET * TARGET}d", files("game").joinpath("equilibrium.f64").read_bytes())


def value(bot: int, player: int) -> float:
    """The bot's win probability at these scores (tenths), a tie counting half, when both play optimally."""
    if bot >= TARGET or player >= TARGET:
        return 1.0 if bot > player else 0.5 if bot == player else 0.0
    return _table()[bot * TARGET + player]


def stakes(bot_score: int, player_score: int, values: Values) -> Stakes:
    """What each pair of throws makes of the bot's chances in the race."""
    drawn = value(bot_score + DRAW, player_score + DRAW)
    rock, paper, scissors = (value(bot_score + values[move], player_score) for move in MOVES)
    to_rock, to_paper, to_scissors = (value(bot_score, player_score + values[move]) for move in MOVES)
    return (drawn, to_paper, rock), (paper, drawn, to_scissors), (to_rock, scissors, drawn)


def equilibrium(game: Stakes) -> tuple[Mix, Mix, float]:
    """(the bot's mix, the player's mix, the bot's win probability) when both play the round optimally."""
    (a, b, c), (d, e, f), (g, h, i) = game
    cofactors = (
        (e * i - f * h, f * g - d * i, d * h - e * g),
        (c * h - b * i, a * i - c * g, b * g - a * h),
        (b * f - c * e, c * d - a * f, a * e - b * d),
    )
    first, second, third = cofactors
    rows = sum(first), sum(second), sum(third)
    total = sum(rows)
    columns = zip(first, second, third, strict=True)
    bot: Mix = (rows[0] / total, rows[1] / total, rows[2] / total)
    at_rock, at_paper, at_scissors = (sum(column) / total for column in columns)
    determinant = a * first[0] + b * first[1] + c * first[2]
    return bot, (at_rock, at_paper, at_scissors), determinant / total
