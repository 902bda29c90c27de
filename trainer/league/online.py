"""The league's one rule, held by trial: what is said of a round does not depend on it, nor on anything later."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from trainer.data.columns import Floats
from trainer.errors import LeakError, TrainerError
from trainer.league.games import Game
from trainer.league.plays import Plays, Predictor, play

WATCHED = 20
"""Players on whom each predictor is tried; all of them where there are fewer."""
_TOLERANCE = 1e-6
_FROM_ONE = 1e-3
"""How far from 1 three probabilities may sum."""


def say(name: str, predict: Predictor, plays: Plays) -> Floats:
    """What the predictor says; raises TrainerError where that is not a distribution for every round."""
    said = np.asarray(predict(plays), np.float64)
    if said.shape != (len(plays), 3):
        raise TrainerError(f"{name} answers {said.shape}, not {(len(plays), 3)}.")
    sound = (said >= 0).all(axis=1) & (np.abs(said.sum(axis=1) - 1) <= _FROM_ONE)  # nan fails both
    if not sound.all():
        raise TrainerError(f"{name} gives no probabilities for {(~sound).sum()} of {len(plays)} rounds.")
    return said


def watch(predictors: Mapping[str, Predictor], games: Sequence[Game], seed: int) -> None:
    """Raise LeakError if a predictor says something else once throws from some round of a career on are changed."""
    for name in peeking(predictors, games, seed):
        raise LeakError(f"{name} knows of a round what nobody can before it is played.")


def peeking(predictors: Mapping[str, Predictor], games: Sequence[Game], seed: int) -> Iterator[str]:
    """The names of those that say something else once throws from some round of a career on are changed."""
    random = np.random.default_rng(seed)
    players = list(dict.fromkeys(game.player for game in games))
    some = {players[at] for at in random.permutation(len(players))[:WATCHED]}
    watched = [game for game in games if game.player in some]
    cuts = {player: int(random.integers(length)) for player, length in _lengths(watched).items()}
    true, other = play(watched, seed), play(list(_changed(watched, cuts, random)), seed)
    earlier = true.number - 1 <= np.array(list(cuts.values()))[true.rounds.history]
    for name, predict in predictors.items():
        before, after = (say(name, predict, plays)[earlier] for plays in (true, other))
        if not np.allclose(before, after, rtol=0, atol=_TOLERANCE):
            yield name


def _lengths(games: Sequence[Game]) -> dict[str, int]:
    """The rounds of each career, in order of first appearance."""
    lengths: dict[str, int] = {}
    for game in games:
        lengths[game.player] = lengths.get(game.player, 0) + len(game.throws)
    return lengths


def _changed(games: Sequence[Game], cuts: Mapping[str, int], random: np.random.Generator) -> Iterator[Game]:
    """The games with both sides' throws changed in every round of a career from its cut on, counted from 0."""
    left = dict(cuts)
    for game in games:
        kept, later = game.throws[: left[game.player]], game.throws[left[game.player] :]
        left[game.player] -= len(kept)
        turns = random.integers(1, 3, (len(later), 2)).tolist()
        turned = [((mine + a) % 3, (theirs + b) % 3) for (mine, theirs), (a, b) in zip(later, turns, strict=True)]
        yield Game(game.player, game.dataset, game.name, game.opponent, kept + turned)
