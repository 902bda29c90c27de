"""What can happen to a match, and what must then be done."""

from msgspec import Struct

from game.assignment import Alias
from game.moves import Move
from game.records import Input, Prediction, Reason, Record
from game.wire import MatchMessage


class Write(Struct, frozen=True):
    """Make this record durable before performing what follows."""

    record: Record


class Tell(Struct, frozen=True):
    """Send this to the player, wherever they are connected."""

    message: MatchMessage


class Ask(Struct, frozen=True):
    """Ask the models about this round, and come back with an `Answer`.

    `features` are packed float32, and `past` is the player's until now.
    """

    round: int
    features: bytes
    past: bytes = b""


Effect = Write | Tell | Ask


class Answer(Struct, frozen=True):
    """What the models expect, nothing if they did not answer; with chance, drawn outside."""

    ask: Ask
    predictions: dict[Alias, Prediction]
    draw: float
    nonce: str
    at: int


class Throw(Struct, frozen=True):
    """The player's move."""

    round: int
    move: Move
    input: Input
    at: int


class Leave(Struct, frozen=True):
    """The player gave up, or has been away for too long."""

    reason: Reason
    at: int


Event = Answer | Throw | Leave
