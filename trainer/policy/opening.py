"""What a race is worth from its start if the bot's first rounds follow a gambit.

The gambits and their weights are public, so a player who knows everything knows by the rounds seen which of them are
left, and meets in each round the mix of what these would throw; the one that was drawn he does not know.
"""

import numpy as np

from game.gambits import LENGTH, SCRIPTS, WEIGHTS
from game.points import Rank
from trainer.data.columns import Floats
from trainer.policy.race import Player, mixed
from trainer.policy.rounds import LARGEST, after, by_ranks

Script = tuple[Rank, ...]


def opened(table: Floats, player: Player) -> float:
    """The bot's win probability at 0-0 with a gambit first and then what the table says of the scores."""
    return float(_following((), table, player)[0, 0])


def _following(seen: Script, table: Floats, player: Player) -> Floats:
    """The bot's win probability after these rounds of a gambit, by the scores that they can lead to."""
    if len(seen) == LENGTH:
        return table
    side = len(seen) * LARGEST + 1
    ours, theirs = np.indices((side, side)).reshape(2, -1)
    columns = np.zeros((3, 1, 1))
    for rank, share in _next(seen).items():
        certain = by_ranks(*(float(rank is one) for one in Rank))
        payoffs = after(_following((*seen, rank), table, player), ours, theirs)
        columns = columns + share * mixed(certain[..., None], payoffs)
    return np.asarray(player(columns).mean(axis=0).reshape(side, side))


def _next(seen: Script) -> dict[Rank, float]:
    """The chance of each rank that may follow."""
    left = [(SCRIPTS[gambit], weight) for gambit, weight in WEIGHTS.items() if SCRIPTS[gambit][: len(seen)] == seen]
    shares: dict[Rank, float] = {}
    for script, weight in left:
        shares[script[len(seen)]] = shares.get(script[len(seen)], 0.0) + weight
    return {rank: share / sum(weight for _, weight in left) for rank, share in shares.items()}
