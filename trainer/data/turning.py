"""The game's symmetry, used: every position is turned until the player's last throw is rock.

Rock, paper and scissors can be turned into one another in a circle and the game stays the same, so a model that sees
turned positions learns each habit once instead of three times. What it would lose, a liking for one move as such, is
kept by three more columns: the last throw as it was. A position without a last throw stays as it is. `turn` does in
numpy what the first nodes of every served graph do (`trainer/fitting/graph.py`).
"""

import numpy as np

from game.features import NAMES
from trainer.data.columns import Features, Floats, Ints

LAST = slice(0, 3)
"""The columns that hold the player's last throw."""
WIDTH = len(NAMES) + 3

TURNED_NAMES = (*NAMES, "last_rock", "last_paper", "last_scissors")

_BY_MOVE = [index for index, name in enumerate(NAMES) if "rock" in name]
"""Where each run of three columns by move begins; the other columns do not turn."""


def _columns() -> Ints:
    columns = np.tile(np.arange(len(NAMES)), (3, 1))
    for last in range(3):
        for start in _BY_MOVE:
            columns[last, start : start + 3] = start + (np.arange(3) + last) % 3
    return columns


COLUMNS = _columns()
"""For each last throw, the column that each turned column is taken from."""
BACK = (np.arange(3) - np.arange(3)[:, None]) % 3
"""For each last throw, the turned move that stands for each move."""


def last_throws(features: Features) -> Ints:
    """The index of each row's last throw, 0 where there is none."""
    return np.asarray(features[:, LAST].argmax(axis=1))


def turn(features: Features) -> Features:
    """float32 [n, 53]: the positions as models see them."""
    columns = COLUMNS[last_throws(features)]
    return np.concatenate([np.take_along_axis(features, columns, axis=1), features[:, LAST]], axis=1)


def turn_moves(moves: Ints, features: Features) -> Ints:
    """The moves as they look in the turned positions."""
    return np.asarray((moves - last_throws(features)) % 3)


def turn_back(probabilities: Floats, features: Features) -> Floats:
    """Probabilities over turned moves as probabilities over moves."""
    return np.take_along_axis(probabilities, BACK[last_throws(features)], axis=1)
