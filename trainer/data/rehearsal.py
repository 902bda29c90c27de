"""Rehearsal: play made up for retraining, so that a model learns from new rounds without forgetting the old ones.

Positions come from play against the bot, with the model in production or a mixture of habits in the player's part;
a move drawn from what the production model expects in each is the lesson (pseudo-rehearsal, Robins,
1995; distillation, Hinton, Vinyals & Dean, 2015). Where nothing is in production yet, the habits' own throws are.
"""

from dataclasses import replace

import numpy as np

from trainer.data.columns import Floats, Rounds
from trainer.data.habits import Habits
from trainer.data.rows import Rows
from trainer.data.simulated import Player, draw_moves, simulate
from trainer.fitting.served import Served

_LONGEST = 150
ROUNDS_EACH = 82
"""Rounds of a rehearsed player in the mean."""
_HABITS_SHARE = 0.5
_SHARPNESS = (1.0, 4.0)
"""Some people are far more regular than the average; 4 makes hardly anything but the likeliest move."""


def rehearse(production: Served | None, random: np.random.Generator, players: int) -> Rows:
    """Rehearsed rows, their players numbered below zero."""
    by_habit = players if production is None else round(players * _HABITS_SHARE)
    rows = Rows.of(simulate(Habits(by_habit, random), by_habit, _LONGEST, random))
    if production is not None:
        by_model = players - by_habit
        player = _player(production, random.uniform(*_SHARPNESS, by_model)[:, None])
        more = Rows.of(simulate(player, by_model, _LONGEST, random))
        rows = _expected(Rows.join([rows, replace(more, player=more.player + by_habit)]), production, random)
    return replace(rows, player=-1 - rows.player)


def _player(model: Served, sharpness: Floats) -> Player:
    """The model in the player's part, each player throwing what is likely the more surely the sharper it is."""

    expect = model.player(len(sharpness), _LONGEST)

    def play(position: Rounds) -> Floats:
        powers = expect(position) ** sharpness
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    return play


def _expected(rows: Rows, model: Served, random: np.random.Generator) -> Rows:
    """Each row with a move drawn from what the model expects of it: in the mean the same lesson as all three moves
    with these shares, at a third of the cost. What was thrown stays, so that a reader's rows still follow each other.
    """
    return replace(rows, target=draw_moves(model.predict(rows), random).astype(np.int64))
