"""The browser protocol `rps.v1`: one tagged union for each direction.

Text frames hold one JSON object with `type`; a binary frame holds image bytes and is allowed only straight after
`gesture`. What browsers send is closed: an unknown type or field is refused. `seq` rises by one with every event of
a match, so that a browser can ask for what it missed. The docstrings here are the descriptions in `docs/asyncapi.json`.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, json

from game.assignment import Arm
from game.codes import Code
from game.gestures import Cause, Label, Point
from game.moves import Move, Outcome
from game.records import Input, Reason, Scores, Source, Winner

PROTOCOL = "rps.v1"
MAX_TEXT = 4096
"""Bytes of a text frame."""
MAX_IMAGE = 256 * 1024
"""Bytes of an image frame."""

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]  # no database keeps a NUL in a text
Name = Annotated[str, Meta(min_length=1, max_length=24, pattern=r"^[^\x00-\x1f\x7f]*$")]
RoundNo = Annotated[int, Meta(ge=1, le=10_000)]
Seq = Annotated[int, Meta(ge=0, le=1_000_000)]
Count = Annotated[int, Meta(ge=0)]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="A SHA-256, in hex.")]
Seed = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", description="128 random bits, in hex.")]
MOVES_ONLY = {"propertyNames": {"enum": [*Move]}}
Worth = Annotated[
    dict[Move, int],
    Meta(min_length=3, description="What each move is worth, in tenths of a point.", extra_json_schema=MOVES_ONLY),
]
ByMove = Annotated[
    dict[Move, float], Meta(min_length=3, description="A probability for each move.", extra_json_schema=MOVES_ONLY)
]
ByLabel = Annotated[
    dict[Label, float],
    Meta(description="A probability for each label.", extra_json_schema={"propertyNames": {"enum": [*Label]}}),
]
Probability = Annotated[float, Meta(description="A probability.")]
Landmarks = Annotated[
    list[Point], Meta(description="The hand's 21 points, as [x, y] in shares of the upright image's width and height.")
]
Pause = Annotated[int, Meta(ge=0, description="Milliseconds to wait before saying it again.")]


SHOWN = (Input.CAMERA, Input.UPLOAD)
Shown = Annotated[Input, Meta(extra_json_schema={"enum": SHOWN})]


class Intent(StrEnum):
    """Whether an image is only to be shown, or to be thrown."""

    PREVIEW = "preview"
    PLAY = "play"


class Hello(Struct, frozen=True, tag_field="type", tag="hello", forbid_unknown_fields=True):
    """Open the session: as somebody new, or with the `token` of an earlier `welcome`. The first message on a socket."""

    token: Id | None = None
    name: Name | None = None


class Start(Struct, frozen=True, tag_field="type", tag="start", forbid_unknown_fields=True):
    """Begin a match against an opponent that `welcome` lists; the same `client_ref` again is the same match."""

    opponent: Id
    client_ref: Id | None = None


class Throw(Struct, frozen=True, tag_field="type", tag="move", forbid_unknown_fields=True):
    """Throw in the round that is open; the same again is answered the same."""

    match: Id
    round: RoundNo
    move: Move
    input: Input = Input.BUTTON


class Gesture(Struct, frozen=True, tag_field="type", tag="gesture", forbid_unknown_fields=True):
    """The next binary frame is an image of the player's hand, to be shown or to be thrown."""

    match: Id
    round: RoundNo
    intent: Intent
    donate: bool = False
    input: Shown = Input.CAMERA

    def __post_init__(self) -> None:
        if self.input not in SHOWN:
            raise ValueError("a gesture is made by camera or upload")


class Sync(Struct, frozen=True, tag_field="type", tag="sync", forbid_unknown_fields=True):
    """Ask for all match messages after number `seen`; who missed nothing gets `matched` and the latest one."""

    match: Id
    seen: Seq


class Leave(Struct, frozen=True, tag_field="type", tag="leave", forbid_unknown_fields=True):
    """End the match, for the bot."""

    match: Id


class Forget(Struct, frozen=True, tag_field="type", tag="forget", forbid_unknown_fields=True):
    """Delete every image that this player has given."""


class Ping(Struct, frozen=True, tag_field="type", tag="ping", forbid_unknown_fields=True):
    """Ask whether the server answers; `t` comes back as it is."""

    t: float | int


ClientMessage = Hello | Start | Throw | Gesture | Sync | Leave | Forget | Ping


class Record(Struct, frozen=True):
    """The player's own finished matches against one opponent."""

    wins: Count
    losses: Count
    ties: Count


class OpponentCard(Struct, frozen=True):
    """An opponent who can be played, and how the player has fared against it."""

    id: str
    name: str
    family: str
    about: str
    record: Record


class Welcome(Struct, frozen=True, tag_field="type", tag="welcome"):
    """The session is open. `token` opens the next one; `match` is one that is still being played."""

    player: str
    name: str
    token: str
    protocol: str
    opponents: list[OpponentCard]
    match: str | UnsetType = UNSET


class Matched(Struct, frozen=True, tag_field="type", tag="matched"):
    """A match began; it ends at `target` tenths of a point. `seed_hash` binds its values before the first is told."""

    match: str
    seq: Seq
    opponent: str
    target: Count
    seed_hash: Digest
    client_ref: str | UnsetType = UNSET


class Round(Struct, frozen=True, tag_field="type", tag="round"):
    """A round is open: the bot has moved, and `commitment` is the hash of the `reveal` that tells its move later."""

    match: str
    seq: Seq
    round: RoundNo
    values: Worth
    scores: Scores
    commitment: Digest


class Thought(Struct, frozen=True):
    """What the bot expected the player to throw, and the chance to win the race it gave each of its own moves."""

    probabilities: ByMove
    values: ByMove
    source: Source


class Result(Struct, frozen=True, tag_field="type", tag="result"):
    """A round was played: the outcome in the player's view, the text behind the seal, and what the bot had expected."""

    match: str
    seq: Seq
    round: RoundNo
    player_move: Move
    bot_move: Move
    outcome: Outcome
    gained: Scores
    scores: Scores
    reveal: str
    thought: Thought


class Seen(Struct, frozen=True, tag_field="type", tag="seen"):
    """What an image shows. `accepted` says that it was thrown; if it was not, `reason` says why."""

    match: str
    round: RoundNo
    label: Label
    confidence: Probability
    probabilities: ByLabel
    accepted: bool
    reason: Cause | UnsetType = UNSET
    landmarks: Landmarks | UnsetType = UNSET


class Forgotten(Struct, frozen=True, tag_field="type", tag="forgotten"):
    """How many images were deleted."""

    donations: Count


class ServedBy(Struct, frozen=True):
    """Who played the match, and the model version that served last."""

    family: str
    alias: Arm
    version: str


class Over(Struct, frozen=True, tag_field="type", tag="over"):
    """The match ended; only here are its seed and who played it told."""

    match: str
    seq: Seq
    winner: Winner
    reason: Reason
    scores: Scores
    rounds: Count
    seed: Seed
    served_by: ServedBy


class Refused(Struct, frozen=True, tag_field="type", tag="refused"):
    """A message was not followed, and nothing has changed."""

    code: Code
    message: str
    match: str | UnsetType = UNSET
    round: int | UnsetType = UNSET
    retry_after_ms: Pause | UnsetType = UNSET


class Draining(Struct, frozen=True, tag_field="type", tag="draining"):
    """The server is about to stop; the match goes on at the next `hello`."""

    retry_after_ms: Pause


class Pong(Struct, frozen=True, tag_field="type", tag="pong"):
    """The server answers."""

    t: float | int


MatchMessage = Matched | Round | Result | Over
ServerMessage = Welcome | MatchMessage | Seen | Forgotten | Refused | Draining | Pong

_decoder: json.Decoder[ClientMessage] = json.Decoder(ClientMessage)
_encoder = json.Encoder()


def decode(frame: str | bytes) -> ClientMessage:
    """A browser's text frame; raises `msgspec.DecodeError` or `msgspec.ValidationError` where it is none."""
    return _decoder.decode(frame)


def encode(message: ServerMessage) -> str:
    """A text frame for the browser."""
    return _encoder.encode(message).decode()
