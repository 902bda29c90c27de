"""Recorded games as a person who follows cues sees them: by the same code that a sparring person plays by."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from trainer.errors import TrainerError
from trainer.fitting.mixed_logit import Seen
from trainer.league.games import Game, read
from trainer.sparring.memory import Memory

Throws = Sequence[tuple[int, int]]
"""(player, opponent) as indices into `MOVES`, in the order of play."""


def free_games(file: Path, free: Path) -> list[Game]:
    """The games of `file` whose id stands in the list `free`; raises TrainerError where there are none."""
    try:
        with free.open(encoding="utf-8", newline="") as rows:
            named = {row.get("game_id") for row in csv.DictReader(rows)}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainerError(f"{free} cannot be read as a list of games: {error}.") from error
    if not (found := [game for game in read(file) if game.name in named]):
        raise TrainerError(f"None of the games in {file} stands in {free}.")
    return found


def see(throws: Throws) -> Seen:
    memory, cues = Memory(), []
    for mine, theirs in throws:
        cues.append(memory.cues())
        memory.learn(mine, theirs)
    return Seen(np.array(cues).transpose(0, 2, 1), np.array([mine for mine, _ in throws], np.int64))
