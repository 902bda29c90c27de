"""The population: the bots of the first two RoShamBo programming competitions, where `open_spiel` is installed.

Some of the 43 are champions (Iocaine Powder, Greenberg), some throw by one simple rule, and some throw at random.
"""

import ctypes
from importlib import import_module
from types import ModuleType
from typing import Protocol

from trainer.errors import TrainerError

THROWS = 1000
"""Of a match, as in the competitions. The bots are built for it: Greenberg breaks the process in a shorter one."""


class Playing(Protocol):
    """One side of one match."""

    def throw(self) -> int: ...

    def learn(self, mine: int, theirs: int) -> None: ...


class Population:
    """The bots by name; raises TrainerError where they cannot be had."""

    def __init__(self, package: str = "pyspiel") -> None:
        self._spiel = _loaded(package)
        self.bots: list[str] = list(self._spiel.roshambo_bot_names())

    def play(self, player: Playing, bot: str, seed: int) -> int:
        """The player's points in one match, one for each throw won less one for each lost.

        Both throw without seeing the other's throw. The bots draw from the C library's `random()`, which nothing in
        Python seeds.
        """
        ctypes.CDLL(None).srandom(ctypes.c_uint(seed))
        game = self._spiel.load_game(f"repeated_game(stage_game=matrix_rps(),num_repetitions={THROWS})")
        state, opponent = game.new_initial_state(), self._spiel.make_roshambo_bot(1, bot, THROWS)
        for _ in range(THROWS):
            mine, theirs = player.throw(), opponent.step(state)
            state.apply_actions([mine, theirs])
            player.learn(mine, theirs)
        points: float = state.returns()[0]
        return round(points)


def _loaded(package: str) -> ModuleType:
    try:
        spiel = import_module(package)
    except ImportError as missing:
        raise TrainerError("The bots are in the open_spiel package, which is not installed.") from missing
    if not hasattr(spiel, "roshambo_bot_names"):
        raise TrainerError("This build of open_spiel does not hold the RoShamBo bots.")
    return spiel
