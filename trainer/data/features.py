"""The 50 features of many rounds at once, bit for bit those of `game.features.vector`.

Three ghost rows before each history hold the lags of what was known at its start, so that a lag is a plain shift.
The three lagged throws of a row make one number below 1000, and a table gives its 27 one-hot columns. Everything
is computed in double precision and rounded once. Rows are filled block by block, so that a block stays in cache.
"""

from functools import cache
from itertools import product
from math import log

import numpy as np

from game.features import NAMES
from game.knowledge import LAGS
from game.points import TARGET
from trainer.data.columns import UNPLAYED, Features, Ints, Known, Rounds

_BLOCK = 4096
_CODES = 10
"""A lagged throw is 0 where there is none, else 1 + 3 * player + bot."""
_AT = {name: index for index, name in enumerate(NAMES)}
_ONE_HOTS = slice(0, _AT["rock_pts"])
_POINTS = [slice(_AT["rock_pts"] + 3 * lag, _AT["rock_pts"] + 3 * lag + 3) for lag in range(LAGS + 1)]
_TENDENCIES = slice(_AT["user_tend_rock"], _AT["score_diff"])


def matrix(rounds: Rounds) -> Features:
    """float32 [n, 50]: the features before each round, in the order of `NAMES`."""
    history = rounds.history
    here = np.arange(len(rounds)) + LAGS * (history + 1)
    throws, points = _lagged(rounds, here)
    counts, total = _counts(rounds, history)
    logs = _logs(int(total.max(initial=0)))
    table = _one_hots()
    out = np.empty((len(rounds), len(NAMES)), np.float32)
    for start in range(0, len(rounds), _BLOCK):
        rows = slice(start, start + _BLOCK)
        block, at, known = out[rows], here[rows], total[rows]
        first, second, third = (throws[at - lag] for lag in range(1, LAGS + 1))
        block[:, _ONE_HOTS] = table[(first * _CODES + second) * _CODES + third]
        for lag, columns in enumerate(_POINTS):
            block[:, columns] = points[at - lag]
        block[:, _TENDENCIES] = counts[rows] / np.maximum(known, 1)[:, None]
        player, bot = rounds.player_score[rows].astype(np.float64), rounds.bot_score[rows].astype(np.float64)
        block[:, _AT["score_diff"]] = (player - bot) / 10
        block[:, _AT["user_pts_to_win"]] = (TARGET - player) / 10
        block[:, _AT["bot_pts_to_win"]] = (TARGET - bot) / 10
        block[:, _AT["step_no"]] = rounds.step[rows]
        block[:, _AT["rounds_known"]] = logs[known]
    return out


def ranks(values: Ints, moves: Ints) -> Ints:
    """The index into `game.knowledge.RANKS` of each move under its round's values, shape (n, 3)."""
    return np.asarray((moves - values.argmin(axis=1) + 1) % 3)


def outcomes(player: Ints, bot: Ints) -> Ints:
    """The index into `game.moves.OUTCOMES` of each pair of throws."""
    return np.asarray((player - bot - 1) % 3)


def learn(known: Known, player: Ints, bot: Ints, values: Ints) -> Known:
    """What is known of each player once one more round of each has been played; `past` stays that of the start."""
    one = np.arange(3)
    return Known(
        rounds=known.rounds + 1,
        moves=known.moves + (player[:, None] == one),
        ranks=known.ranks + (ranks(values, player)[:, None] == one),
        player=np.column_stack([known.player[:, 1:], player]),
        bot=np.column_stack([known.bot[:, 1:], bot]),
        values=np.concatenate([known.values[:, 1:], values[:, None]], axis=1),
        past=known.past,
    )


def _codes(player: Ints, bot: Ints) -> Ints:
    return np.where(player == UNPLAYED, 0, 1 + 3 * player.astype(np.int16) + bot)


def _lagged(rounds: Rounds, here: Ints) -> tuple[Ints, Features]:
    """(throw codes, points) of all rounds with each history's ghost rows before it."""
    known = rounds.known
    size = len(rounds) + LAGS * len(rounds.starts)
    ghosts = (rounds.starts + LAGS * np.arange(len(rounds.starts)))[:, None] + np.arange(LAGS)
    throws, points = np.empty(size, np.int64), np.empty((size, 3), np.float32)
    throws[ghosts], points[ghosts] = _codes(known.player, known.bot), known.values / 10
    throws[here], points[here] = _codes(rounds.player, rounds.bot), rounds.values / 10
    return throws, points


def _counts(rounds: Rounds, history: Ints) -> tuple[Ints, Ints]:
    """(throws of each move and of each rank, shape (n, 6); rounds known) before each round."""
    thrown = np.zeros((len(rounds), 6), np.int64)
    rows = np.flatnonzero(rounds.played)
    thrown[rows, rounds.player[rows]] = 1
    thrown[rows, 3 + ranks(rounds.values[rows], rounds.player[rows])] = 1
    before = np.cumsum(thrown, axis=0) - thrown
    at_start = np.column_stack([rounds.known.moves, rounds.known.ranks]) - before[rounds.starts]
    since = np.arange(len(rounds)) - rounds.starts[history]
    return before + at_start[history], rounds.known.rounds[history] + since


@cache
def _one_hots() -> Features:
    """The 27 one-hot columns for each triple of throw codes, most recent first."""
    rows = []
    for codes in product(range(_CODES), repeat=LAGS):
        throws = [divmod(code - 1, 3) if code else None for code in codes]
        lags = [None if throw is None else (*throw, (throw[0] - throw[1] - 1) % 3) for throw in throws]
        rows.append(
            [float(lag is not None and lag[kind] == index) for kind in range(3) for lag in lags for index in range(3)]
        )
    return np.array(rows, np.float32)


def _logs(largest: int) -> Features:
    """ln(1 + n) for n up to `largest`, by the scalar code's own logarithm."""
    return np.array([log(1 + count) for count in range(largest + 1)], np.float32)
