"""Solve the race by backward induction and store its value table: `python -m trainer solve`.

Every throw raises the sum of the scores, so states are solved in falling order of that sum, all states of one sum at
once. Each round is a 3x3 zero-sum game with a full-support equilibrium; its value is det(M) / sum of cofactors
(Shapley & Snow, 1950), which the solver checks for every state.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from game.points import BASES, DRAW, HIGH_STEP, LOW, TARGET

Floats = NDArray[np.float64]

_BEATS = {0: 2, 2: 1, 1: 0}
"""By rank: low (0) beats high (2), high beats mid (1), mid beats low."""
CHECKS = ((95, 90), (98, 95), (94, 92), (90, 80), (50, 0), (70, 30), (18, 0), (10, 0), (0, 13), (99, 0))
"""(bot, player) scores whose values are shown after solving."""
_MARGIN = DRAW + BASES[-1] + HIGH_STEP


def solve() -> Floats:
    """V[bot, player], shape (100, 100): the bot's win probability before the values are drawn, a tie as half."""
    table = _terminal()
    for total in range(2 * (TARGET - 1), -1, -1):
        bot = np.arange(max(0, total - TARGET + 1), min(TARGET - 1, total) + 1)
        player = total - bot
        rounds = [_round_value(_payoffs(table, bot, player, (LOW, base, base + HIGH_STEP))) for base in BASES]
        table[bot, player] = np.mean(rounds, axis=0)
    return table[:TARGET, :TARGET]


def store(path: Path, table: Floats) -> None:
    """Write the table as little-endian float64, row by row."""
    path.write_bytes(table.astype("<f8").tobytes())


def _terminal() -> Floats:
    """The table with its finished states filled in and the others unknown."""
    score = np.arange(TARGET + _MARGIN)
    bot, player = np.meshgrid(score, score, indexing="ij")
    settled = np.where(bot > player, 1.0, np.where(bot == player, 0.5, 0.0))
    return np.where((bot >= TARGET) | (player >= TARGET), settled, np.nan)


def _payoffs(table: Floats, bot: NDArray[np.int_], player: NDArray[np.int_], values: tuple[int, int, int]) -> Floats:
    """The bot's win probability after each pair of ranks, shape (states, 3, 3)."""
    payoffs = np.empty((len(bot), 3, 3))
    for mine in range(3):
        for theirs in range(3):
            if mine == theirs:
                payoffs[:, mine, theirs] = table[bot + DRAW, player + DRAW]
            elif _BEATS[mine] == theirs:
                payoffs[:, mine, theirs] = table[bot + values[mine], player]
            else:
                payoffs[:, mine, theirs] = table[bot, player + values[theirs]]
    return payoffs


def _round_value(payoffs: Floats) -> Floats:
    """The value of each 3x3 game, shape (states,); raises where an equilibrium lacks full support."""
    cofactors = np.empty_like(payoffs)
    for row in range(3):
        for column in range(3):
            up, down, left, right = (row + 1) % 3, (row + 2) % 3, (column + 1) % 3, (column + 2) % 3
            cofactors[:, row, column] = (
                payoffs[:, up, left] * payoffs[:, down, right] - payoffs[:, up, right] * payoffs[:, down, left]
            )
    total = cofactors.sum(axis=(1, 2))
    mixes = np.stack([cofactors.sum(axis=2), cofactors.sum(axis=1)]) / total[:, None]
    if not (mixes > 0).all():
        raise ArithmeticError("A state of the race has no full-support equilibrium.")
    determinant = (payoffs[:, 0, :] * cofactors[:, 0, :]).sum(axis=1)
    return np.asarray(determinant / total)
