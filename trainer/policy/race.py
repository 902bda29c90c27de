"""What a way of playing wins over the whole race, by backward induction over all scores and rounds.

Three tables of values must not be confused. The bot weighs what it fears by the equilibrium's, as if both played
optimally from there on, and what it hopes for by one that looks ahead. What it wins in truth is the table found here,
in which a state is worth what follows when the bot goes on as it does and the player too. So a bot may trust a true
prediction fully and still win less than the best response does.
"""

from collections.abc import Callable, Sequence

import numpy as np

from game.points import TARGET
from trainer.data.columns import Floats, Ints
from trainer.policy.responses import responses
from trainer.policy.rounds import LEAST, after, solved

Player = Callable[[Floats], Floats]
"""From the bot's win probability by the player's move, shape (3, 15, n), to that by the player's play, (15, n)."""
Bot = Callable[[Floats, Player, Ints], Floats]
"""From what the pairs of throws lead to, (3, 3, 15, n), the player, and the n states' numbers in the grid of scores, to
the bot's win probability, (15, n)."""

_GRID = np.indices((TARGET, TARGET)).reshape(2, -1)


def throwing(mix: Floats) -> Player:
    """A player who throws this mix, shape (3, 15), whatever the scores."""
    return lambda by_move: np.asarray((by_move * mix[..., None]).sum(axis=0))


def all_knowing(by_move: Floats) -> Floats:
    """The player who knows the bot's mix in each round and what follows, and throws what is worst for the bot."""
    return np.asarray(by_move.min(axis=0))


def believing(predictions: Sequence[Floats], lean: float, values: Floats) -> Bot:
    """The bot that responds to a prediction, shape (3, 15), and weighs what it hopes for by this table of values.

    Of several predictions it believes, in each round, the one that hurts it most.
    """
    games, hopes = after(solved(), *_GRID), after(values, *_GRID)
    mixes = [_mixes(games, prediction, lean, hopes) for prediction in predictions]

    def play(payoffs: Floats, player: Player, states: Ints) -> Floats:
        return np.asarray(np.min([player(mixed(mix[..., states], payoffs)) for mix in mixes], axis=0))

    return play


def _mixes(games: Floats, prediction: Floats, lean: float, hopes: Floats) -> Floats:
    """The bot's mix by round and state, shape (3, 15, n); one round after another, since that much fits the cache."""
    of_rounds = zip(np.moveaxis(games, 2, 0), prediction.T, np.moveaxis(hopes, 2, 0), strict=True)
    return np.stack([responses(game, chances[:, None], lean, hoped) for game, chances, hoped in of_rounds], axis=1)


def best(payoffs: Floats, player: Player, states: Ints) -> Floats:
    """The bot that knows how the player will always throw: the best response, and the most that can be won."""
    return np.asarray(np.max([player(row) for row in payoffs], axis=0))


def mixed(mix: Floats, payoffs: Floats) -> Floats:
    """What the bot's mix, shape (3, ...), makes of each of the player's moves."""
    return np.asarray((mix[:, None] * payoffs).sum(axis=0))


def race(bot: Bot, player: Player) -> Floats:
    """The bot's win probability before the values are drawn, a tie as half, by (bot, player) score; finished too."""
    table = solved().copy()
    table[:TARGET, :TARGET] = np.nan  # until it is found: a state read too early would show
    age = _GRID.sum(axis=0) // LEAST
    for now in range(age.max(), -1, -1):  # no throw leads from a state to another of its age
        states = np.flatnonzero(age == now)
        ours, theirs = _GRID[:, states]
        table[ours, theirs] = bot(after(table, ours, theirs), player, states).mean(axis=0)
    return table
