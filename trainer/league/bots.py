"""Programs of the RoShamBo programming competitions, champions first, where the `open_spiel` package is installed.

Greenberg (Nagorko, 2000) and Iocaine Powder (Egnor, 1999) throw what beats the move they expect, so a throw tells the
expectation. They see the recorded rounds, the recorded opponent's throws as their own, in competition matches of 1000
rounds. The package is no part of the trainer: without it they are left out.
"""

import ctypes
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import numpy as np

from trainer.data.columns import Floats, Ints
from trainer.league.plays import Plays, Predictor

BOTS = {"greenberg": "greenberg", "iocaine": "iocainebot"}
"""The package's name of each champion; all others of its population go by `POPULATION` and their name there."""
POPULATION = "rrps "
_LENGTH = 1000
_LEAST = 0.34
"""Of the expected move: a bot that is wrong so far still expects it more than the others."""


def champions(seed: int, package: str = "pyspiel") -> tuple[dict[str, Predictor], dict[str, str]]:
    """(the programs, why each champion that is not among them is left out)."""
    try:
        spiel = import_module(package)
    except ImportError:
        return {}, dict.fromkeys(BOTS, "the open_spiel package is not installed")
    known = spiel.roshambo_bot_names() if hasattr(spiel, "roshambo_bot_names") else ()
    names = BOTS | {POPULATION + bot: bot for bot in known if bot not in BOTS.values()}
    there = {name: _champion(spiel, bot, seed) for name, bot in names.items() if bot in known}
    return there, dict.fromkeys(BOTS.keys() - there, "this build of open_spiel does not hold it")


def _champion(spiel: ModuleType, bot: str, seed: int) -> Predictor:
    def predict(plays: Plays) -> Floats:
        ends = [*plays.rounds.starts[1:].tolist(), len(plays)]
        careers = zip(plays.rounds.starts.tolist(), ends, strict=True)
        return np.concatenate([_career(plays, slice(start, end)) for start, end in careers])

    def _career(plays: Plays, rows: slice) -> Floats:
        throws = np.column_stack([plays.rounds.bot[rows], plays.rounds.player[rows]])
        _seed_c_library(seed)
        answers = np.fromiter(_answers(spiel, bot, throws.tolist()), np.int64, len(throws))
        return _told((answers - 1) % 3, throws[:, 1])

    return predict


def _answers(spiel: ModuleType, bot: str, throws: list[list[int]]) -> Iterator[int]:
    """What the bot throws in each round, before it is told that round's (opponent's, player's) throws."""
    game = spiel.load_game(f"repeated_game(stage_game=matrix_rps(),num_repetitions={_LENGTH})")
    for start in range(0, len(throws), _LENGTH):
        state, playing = game.new_initial_state(), spiel.make_roshambo_bot(0, bot, _LENGTH)
        for throw in throws[start : start + _LENGTH]:
            yield playing.step(state)
            state.apply_actions(throw)


def _told(expected: Ints, thrown: Ints) -> Floats:
    """The expected move with the share in which expectations came true so far on this player; the others alike."""
    right = (expected == thrown).astype(np.float64)
    share = np.maximum((np.cumsum(right) - right + 1) / (np.arange(len(right)) + 3), _LEAST)
    told = np.tile((1 - share[:, None]) / 2, 3)
    told[np.arange(len(right)), expected] = share
    return told


def _seed_c_library(seed: int) -> None:
    """The bots draw from the C library's `random()`, which nothing in Python seeds."""
    ctypes.CDLL(None).srandom(ctypes.c_uint(seed))
