"""Driving the pure match in tests: chance and predictions are given, effects are collected."""

from collections.abc import Callable

from game import match as rules
from game.assignment import Alias, Arm
from game.events import Answer, Ask, Effect, Tell, Throw, Write
from game.gambits import Gambit
from game.knowledge import NOTHING, Knowledge
from game.moves import MOVES, Move
from game.records import Input, Opened, Prediction, Record
from game.state import Match
from game.wire import MatchMessage

SEED = "5eed0f5eed0f5eed0f5eed0f5eed0f5e"
NONCE = "ab" * 32


def opening(seed: str = SEED, gambit: Gambit = Gambit.RAZOR, known: Knowledge = NOTHING, arm: Arm = Arm.B) -> Opened:
    return Opened("m1", "p1", "brian", arm, gambit, seed, known, at=1)


def predictions(rock: float = 0.5, paper: float = 0.3, scissors: float = 0.2) -> dict[Alias, Prediction]:
    return {alias: Prediction(f"brian-{alias.lower()}", (rock, paper, scissors)) for alias in Alias}


def question(effects: list[Effect]) -> Ask:
    return next(effect for effect in effects if isinstance(effect, Ask))


def records(effects: list[Effect]) -> list[Record]:
    return [effect.record for effect in effects if isinstance(effect, Write)]


def told(effects: list[Effect]) -> list[MatchMessage]:
    return [effect.message for effect in effects if isinstance(effect, Tell)]


def answer(ask: Ask, given: dict[Alias, Prediction] | None = None, draw: float = 0.5) -> Answer:
    return Answer(ask, predictions() if given is None else given, draw, NONCE, at=2)


def throw(round: int, move: Move) -> Throw:
    return Throw(round, move, Input.KEY, at=3)


def play_out(
    opened: Opened | None = None,
    choose: Callable[[int], Move] = lambda round: MOVES[round % 3],
    given: dict[Alias, Prediction] | None = None,
) -> tuple[Match, list[Effect]]:
    """A whole match and every effect of it, in order."""
    match, effects = rules.start(opened or opening())
    done = list(effects)
    while match.closed is None:
        for event in (answer(question(effects), given), throw(match.round, choose(match.round))):
            match, effects = rules.step(match, event)
            done += effects
    return match, done
