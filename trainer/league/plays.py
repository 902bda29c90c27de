"""What a predictor is given: recorded games as columns, played again by our rules.

A recorded throw stands under values that its player never saw: they are drawn for each game from the seed and the
game's name, so that a player's rounds are the same whoever else is in the file. A new game of the file begins a new
match.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256

import numpy as np

from trainer.data import humans
from trainer.data.columns import Floats, Ints, Known, Rounds, join
from trainer.data.rows import Rows
from trainer.league.games import Game


@dataclass(frozen=True, eq=False)
class Plays:
    """n rounds, player after player, each in the order of play; there is at least one.

    In `rounds` a history is a player's whole career; `game` is the index into `games` of each round's game.
    """

    games: Sequence[Game]
    game: Ints
    rounds: Rounds

    def __len__(self) -> int:
        return len(self.rounds)

    @cached_property
    def number(self) -> Ints:
        """Of each round in its player's career, from 1."""
        return np.asarray(np.arange(len(self)) - self.rounds.starts[self.rounds.history] + 1)

    @cached_property
    def rows(self) -> Rows:
        """A row for each round, with all that was known of the player from earlier matches and games."""
        return Rows.of(self.rounds)

    @cached_property
    def rows_reset(self) -> Rows:
        """A row for each round, as if every match were against a stranger."""
        starts = np.flatnonzero(self.rounds.step == 1)
        owner = self.rounds.owners[starts]
        return Rows.of(replace(self.rounds, starts=starts, owner=owner, known=Known.nothing(len(starts))))


Predictor = Callable[[Plays], Floats]
"""P(next move) of every round, float64 [n, 3] in the order of `MOVES`, from what went before it in its player's
career alone.

Each row is a distribution, and the same plays are answered the same.
"""


def play(games: Sequence[Game], seed: int) -> Plays:
    """These games, each player's one after another, under our rules. The same seed, the same values."""
    parts = [
        humans.play([humans.Career(game.player, game.dataset, game.throws)], [0], _random(game, seed)) for game in games
    ]
    rounds = join(parts)
    players = [game.player for game in games]
    first = [at for at, player in enumerate(players) if at == 0 or player != players[at - 1]]
    known = Known.nothing(len(first))
    careers = replace(rounds, starts=rounds.starts[first], owner=np.arange(len(first)), known=known)
    return Plays(games, rounds.history, careers)


def _random(game: Game, seed: int) -> np.random.Generator:
    name = sha256("\n".join((game.player, game.dataset, game.name)).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(name[:8])])
