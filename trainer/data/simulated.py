"""Simulated play: many made-up players at once against the bot's openings and equilibrium, by the real rules.

Laboratory players saw no points and met no gambits. Simulated ones do: each is a mixture of habits known from
people (Wang, Xu & Zhou, 2014; Brockbank & Vul, 2024), a leaning to values and to the score, and noise, and changes
its mixture now and then. A `Player` is any function from positions to probabilities, so a model can play too.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from game.gambits import LENGTH, SCRIPTS, WEIGHTS
from game.knowledge import RANKS
from game.points import TARGET
from trainer.data.columns import UNPLAYED, Floats, Ints, Known, Rounds
from trainer.data.features import learn
from trainer.data.race import bot_mixes
from trainer.data.scoring import draw_seed, gained, values_of

Player = Callable[[Rounds], Floats]
"""P(next move) for the position of each player: rounds that are not played yet, one history each."""

_SCRIPTS = np.array([[RANKS.index(rank) for rank in SCRIPTS[gambit]] for gambit in SCRIPTS])
_SHARES = np.array([WEIGHTS[gambit] for gambit in SCRIPTS]) / sum(WEIGHTS.values())


def simulate(player: Player, players: int, rounds: int, random: np.random.Generator, least: int = 15) -> Rounds:
    """The careers of `players` players of `least` to `rounds` rounds, matches one after another."""
    known = Known.nothing(players)
    seeds = [draw_seed(random) for _ in range(players)]
    gambits = random.choice(len(_SCRIPTS), players, p=_SHARES)
    scores, step = np.zeros((2, players), np.int16), np.ones(players, np.int32)
    seen = []
    for _ in range(rounds):
        position = _position(known, seeds, scores, step)
        bot = _bot(position, gambits, random)
        thrown = draw_moves(player(position), random)
        seen.append(replace(position, player=thrown, bot=bot))
        known = learn(known, thrown, bot, position.values)
        scores = scores + np.array(gained(thrown, bot, position.values), np.int16)
        over = scores.max(axis=0) >= TARGET
        scores, step = np.where(over, 0, scores).astype(np.int16), np.where(over, 1, step + 1).astype(np.int32)
        for index in np.flatnonzero(over):
            seeds[index], gambits[index] = draw_seed(random), random.choice(len(_SCRIPTS), p=_SHARES)
    return _careers(seen, random.integers(least, rounds, players, endpoint=True))


def draw_moves(probabilities: Floats, random: np.random.Generator) -> Ints:
    """One move drawn from each row."""
    draws = random.random(len(probabilities))[:, None]
    return np.asarray((draws > probabilities.cumsum(axis=1)[:, :2]).sum(axis=1), np.int8)


def _position(known: Known, seeds: list[str], scores: Ints, step: Ints) -> Rounds:
    count = len(seeds)
    return Rounds(
        player=np.full(count, UNPLAYED, np.int8),
        bot=np.full(count, UNPLAYED, np.int8),
        values=np.array([values_of(seed, round) for seed, round in zip(seeds, step.tolist(), strict=True)], np.int16),
        player_score=scores[0],
        bot_score=scores[1],
        step=step,
        starts=np.arange(count),
        owner=np.arange(count, dtype=np.int32),
        known=known,
    )


def _bot(position: Rounds, gambits: Ints, random: np.random.Generator) -> Ints:
    """The script in the opening, then the equilibrium."""
    mixed = draw_moves(bot_mixes(position.bot_score, position.player_score, position.values), random)
    rank = _SCRIPTS[gambits, np.minimum(position.step, LENGTH) - 1]
    scripted = (position.values.argmin(axis=1) + rank - 1) % 3
    return np.where(position.step <= LENGTH, scripted, mixed).astype(np.int8)


def _careers(seen: list[Rounds], lengths: Ints) -> Rounds:
    """Rounds in the order of play, regrouped by player and cut to each player's length."""
    keep = (np.arange(len(seen)) < lengths[:, None]).ravel()

    def column(name: str) -> Ints:
        stacked = np.stack([getattr(one, name) for one in seen], axis=1)
        return np.asarray(stacked.reshape(len(keep), *stacked.shape[2:])[keep])

    return Rounds(
        **{name: column(name) for name in ("player", "bot", "values", "player_score", "bot_score", "step")},
        starts=np.cumsum(lengths) - lengths,
        owner=np.arange(len(lengths), dtype=np.int32),
        known=Known.nothing(len(lengths)),
    )
