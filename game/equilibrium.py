"""The race solved exactly: its value at every score, and how both sides should mix in a round.

The table holds V = P(bot wins) + ½ P(tie) before a round's values are drawn, when both play optimally. It was found
by backward induction (`trainer/solve.py`). A second table looks ahead: what the scores are worth if the player goes on
being predictable. Every round is a 3x3 zero-sum game whose equilibrium has full support, so the cofactors of the payoff
matrix give it in closed form (Shapley & Snow, 1950).
"""

from collections.abc import Callable
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
def _table(name: str, number: str) -> tuple[float, ...]:
    return unpack(f"<{TARGET * TARGET}{number}", files("game").joinpath(name).read_bytes())


def _at(table: tuple[float, ...], bot: int, player: int) -> float:
    if bot >= TARGET or player >= TARGET:
        return 1.0 if bot > player else 0.5 if bot == player else 0.0
    return table[bot * TARGET + player]


def value(bot: int, player: int) -> float:
    """The bot's win probability at these scores (tenths), a tie counting half, when both play optimally."""
    return _at(_table("equilibrium.f64", "d"), bot, player)


def prospect(bot: int, player: int) -> float:
    """The bot's win probability at these scores if the player goes on being predictable and the bot knows how.

    A prior and no more: the mean over two players whom the bot foresees rightly, one who throws rock, paper and
    scissors with .45, .30 and .25 for ever, and one who throws the highest value half the time and the others equally.
    Real players are neither, but closer to both than to the equilibrium.
    """
    return _at(_table("prospect.f32", "f"), bot, player)


def stakes(bot_score: int, player_score: int, values: Values) -> Stakes:
    """What each pair of throws makes of the bot's chances in the race, if both play optimally from there on."""
    return _led_to(value, bot_score, player_score, values)


def prospects(bot_score: int, player_score: int, values: Values) -> Stakes:
    """What each pair of throws makes of the bot's chances in the race, if the player goes on being predictable."""
    return _led_to(prospect, bot_score, player_score, values)


def _led_to(after: Callable[[int, int], float], bot: int, player: int, values: Values) -> Stakes:
    drawn = after(bot + DRAW, player + DRAW)
    rock, paper, scissors = (after(bot + values[move], player) for move in MOVES)
    to_rock, to_paper, to_scissors = (after(bot, player + values[move]) for move in MOVES)
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
