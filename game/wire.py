"""The browser protocol `rps.v1`: one tagged union for each direction.

Text frames hold one JSON object with `type`; a binary frame holds image bytes and is allowed only straight after
`gesture`. What browsers send is closed: an unknown type or field is refused. `seq` rises by one with every event of
a match, so that a browser can ask for what it missed.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, json

from game.assignment import Arm
from game.codes import Code
from game.moves import Move, Outcome
from game.records import Input, Reason, Scores, Source, Winner

PROTOCOL = "rps.v1"
MAX_TEXT = 4096
"""Bytes of a text frame."""
MAX_IMAGE = 256 * 1024
"""Bytes of an image frame."""

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Name = Annotated[str, Meta(min_length=1, max_length=24, pattern=r"^[^\x00-\x1f\x7f]*$")]
RoundNo = Annotated[int, Meta(ge=1, le=10_000)]
Seq = Annotated[int, Meta(ge=0, le=1_000_000)]


class Intent(StrEnum):
    PREVIEW = "preview"
    PLAY = "play"


class Label(StrEnum):
    """What the classifier saw in an image."""

    ROCK = "rock"
    PAPER = "paper"
    SCISSORS = "scissors"
    OTHER = "other"
    NONE = "none"


class Hello(Struct, frozen=True, tag_field="type", tag="hello", forbid_unknown_fields=True):
    token: Id | None = None
    name: Name | None = None


class Start(Struct, frozen=True, tag_field="type", tag="start", forbid_unknown_fields=True):
    opponent: Id
    client_ref: Id | None = None


class Throw(Struct, frozen=True, tag_field="type", tag="move", forbid_unknown_fields=True):
    match: Id
    round: RoundNo
    move: Move
    input: Input = Input.BUTTON


class Gesture(Struct, frozen=True, tag_field="type", tag="gesture", forbid_unknown_fields=True):
    match: Id
    round: RoundNo
    intent: Intent
    donate: bool = False


class Sync(Struct, frozen=True, tag_field="type", tag="sync", forbid_unknown_fields=True):
    match: Id
    seen: Seq


class Leave(Struct, frozen=True, tag_field="type", tag="leave", forbid_unknown_fields=True):
    match: Id


class Ping(Struct, frozen=True, tag_field="type", tag="ping", forbid_unknown_fields=True):
    t: float | int


ClientMessage = Hello | Start | Throw | Gesture | Sync | Leave | Ping


class Record(Struct, frozen=True):
    """The player's own finished matches against one opponent."""

    wins: int
    losses: int
    ties: int


class OpponentCard(Struct, frozen=True):
    id: str
    name: str
    family: str
    about: str
    record: Record


class Welcome(Struct, frozen=True, tag_field="type", tag="welcome"):
    player: str
    name: str
    token: str
    protocol: str
    opponents: list[OpponentCard]
    match: str | UnsetType = UNSET


class Matched(Struct, frozen=True, tag_field="type", tag="matched"):
    match: str
    seq: int
    opponent: str
    target: int
    seed_hash: str
    client_ref: str | UnsetType = UNSET


class Round(Struct, frozen=True, tag_field="type", tag="round"):
    match: str
    seq: int
    round: int
    values: dict[Move, int]
    scores: Scores
    commitment: str


class Thought(Struct, frozen=True):
    """What the bot expected the player to throw, and the chance to win the race it gave each of its own moves."""

    probabilities: dict[Move, float]
    values: dict[Move, float]
    source: Source


class Result(Struct, frozen=True, tag_field="type", tag="result"):
    match: str
    seq: int
    round: int
    player_move: Move
    bot_move: Move
    outcome: Outcome
    gained: Scores
    scores: Scores
    reveal: str
    thought: Thought


class Seen(Struct, frozen=True, tag_field="type", tag="seen"):
    match: str
    round: int
    label: Label
    confidence: float
    probabilities: dict[Label, float]
    accepted: bool
    reason: str | UnsetType = UNSET


class ServedBy(Struct, frozen=True):
    family: str
    alias: Arm
    version: str


class Over(Struct, frozen=True, tag_field="type", tag="over"):
    match: str
    seq: int
    winner: Winner
    reason: Reason
    scores: Scores
    rounds: int
    seed: str
    served_by: ServedBy


class Refused(Struct, frozen=True, tag_field="type", tag="refused"):
    code: Code
    message: str
    match: str | UnsetType = UNSET
    round: int | UnsetType = UNSET
    retry_after_ms: int | UnsetType = UNSET


class Draining(Struct, frozen=True, tag_field="type", tag="draining"):
    retry_after_ms: int


class Pong(Struct, frozen=True, tag_field="type", tag="pong"):
    t: float | int


MatchMessage = Matched | Round | Result | Over
ServerMessage = Welcome | MatchMessage | Seen | Refused | Draining | Pong

_decoder: json.Decoder[ClientMessage] = json.Decoder(ClientMessage)
_encoder = json.Encoder()


def decode(frame: str | bytes) -> ClientMessage:
    """A browser's text frame; raises `msgspec.DecodeError` or `msgspec.ValidationError` where it is none."""
    return _decoder.decode(frame)


def encode(message: ServerMessage) -> str:
    """A text frame for the browser."""
    return _encoder.encode(message).decode()
