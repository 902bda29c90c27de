"""Messages as they look: a match played by the game's own rules, and the messages around it."""

from collections.abc import Iterator

from game import match as rules
from game.assignment import Alias, Arm
from game.codes import MEANING, Code
from game.events import Answer, Ask, Effect, Tell, Throw
from game.gambits import Gambit
from game.gestures import Cause, Label
from game.knowledge import NOTHING
from game.moves import Move
from game.records import Input, Opened, Prediction
from game.wire import (
    PROTOCOL,
    ClientMessage,
    Draining,
    Forget,
    Forgotten,
    Gesture,
    Hello,
    Intent,
    Leave,
    OpponentCard,
    Ping,
    Pong,
    Record,
    Refused,
    Seen,
    ServerMessage,
    Start,
    Sync,
    Welcome,
)
from game.wire import Throw as Move_

MATCH = "0199f0c4a1b27d3e5f60718293a4"
PLAYER = "0199f0c49f0e11223344556677aa"
TOKEN = "7f3c9a1be2d84c60a95b1f7e3d2c4a680b9d1e5f7a3c2b41"
SEED = "3e1f5a7c9b2d4860f1e3d5c7b9a08264"
NONCE = "c0ffee" + "5a" * 29
EXPECTED = Prediction("logan-2", (0.25, 0.5, 0.25))


def said() -> list[ClientMessage]:
    """What a browser sends, one of each kind and two where it comes in two ways."""
    return [
        Hello(name="Ada"),
        Hello(token=TOKEN),
        Start("logan", client_ref="tab-1"),
        Move_(MATCH, 1, Move.PAPER, Input.KEY),
        Gesture(MATCH, 2, Intent.PLAY),
        Sync(MATCH, 3),
        Leave(MATCH),
        Forget(),
        Ping(1764000000000),
    ]


def heard() -> list[ServerMessage]:
    """What it is told, likewise."""
    card = OpponentCard(
        "logan",
        "Logan",
        "logan",
        "A plain logistic regression. Simple, calm, and better than he looks.",
        Record(2, 1, 0),
    )
    probabilities = {Label.ROCK: 0.02, Label.PAPER: 0.95, Label.SCISSORS: 0.01, Label.OTHER: 0.01, Label.NONE: 0.01}
    dark = dict.fromkeys(Label, 0.2)
    return [
        Welcome(PLAYER, "Ada", TOKEN, PROTOCOL, [card]),
        *_first(_played()),
        Seen(MATCH, 2, Label.PAPER, 0.95, probabilities, accepted=True, landmarks=[(0.42, 0.81), (0.47, 0.75)]),
        Seen(MATCH, 2, Label.ROCK, 0.2, dark, accepted=False, reason=Cause.TOO_DARK),
        Forgotten(3),
        Refused(Code.STALE_ROUND, "Round 2 is being played, not round 1.", MATCH, 1),
        Refused(Code.SLOW_DOWN, MEANING[Code.SLOW_DOWN], retry_after_ms=11),
        Draining(1000),
        Pong(1764000000000),
    ]


def _played() -> Iterator[ServerMessage]:
    """A match from its beginning to its end, in which the player throws one move after the other."""
    opened = Opened(MATCH, PLAYER, "logan", Arm.PRODUCTION, Gambit.RAZOR, SEED, NOTHING, at=0, client_ref="tab-1")
    match, effects = rules.start(opened)
    yield from _told(effects)
    while match.closed is None:
        (asked,) = (effect for effect in effects if isinstance(effect, Ask))
        match, sealed = rules.step(match, Answer(asked, dict.fromkeys(Alias, EXPECTED), 0.5, NONCE, at=0))
        yield from _told(sealed)
        throw = Throw(match.round, tuple(Move)[match.round % 3], Input.KEY, at=0)
        match, effects = rules.step(match, throw)
        yield from _told(effects)


def _told(effects: list[Effect]) -> Iterator[ServerMessage]:
    return (effect.message for effect in effects if isinstance(effect, Tell))


def _first(messages: Iterator[ServerMessage]) -> list[ServerMessage]:
    """The first message of each type."""
    found: dict[type, ServerMessage] = {}
    for message in messages:
        found.setdefault(type(message), message)
    return list(found.values())
