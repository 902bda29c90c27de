"""The round log: everything that ever happened in a match, in the order in which it was made durable.

A match is the fold of its records (`game.match.apply`). The trainer reads the same records as a stream. One row of
the log is one record; `(match, round, kind)` is unique. Times are milliseconds since 1970, UTC.
"""

from enum import StrEnum

from msgspec import Struct, json

from game.assignment import Alias, Arm
from game.gambits import Gambit
from game.knowledge import Knowledge
from game.moves import Move, Outcome

VERSION = 1


class PlayerKind(StrEnum):
    """Who says to be playing: a person, a program, or somebody's test of the system."""

    HUMAN = "human"
    BOT = "bot"
    TEST = "test"


class Input(StrEnum):
    """How the player made a move."""

    BUTTON = "button"
    KEY = "key"
    CAMERA = "camera"
    UPLOAD = "upload"


class Source(StrEnum):
    """Where the bot's move came from.

    MODEL is whoever was assigned the match: a model's prediction, or in a control the equilibrium. GAMBIT is the
    opening script. FALLBACK is the equilibrium where a model should have answered and did not.
    """

    MODEL = "model"
    GAMBIT = "gambit"
    FALLBACK = "fallback"


class Winner(StrEnum):
    PLAYER = "player"
    BOT = "bot"
    TIE = "tie"


class Reason(StrEnum):
    """Why a match ended: by the target, the player left, nobody came back, or its record was damaged."""

    TARGET = "target"
    LEFT = "left"
    EXPIRED = "expired"
    VOID = "void"


class Scores(Struct, frozen=True):
    """Two numbers in tenths: a score, or what was gained."""

    player: int
    bot: int


class Prediction(Struct, frozen=True, array_like=True):
    """What one model version expected of the player's next move, in the order of `MOVES`."""

    version: str
    probabilities: tuple[float, float, float]


class Opened(Struct, frozen=True, tag_field="kind", tag="opened", omit_defaults=True):
    """A match began. `known` is what was known of the player then, so that the log alone rebuilds every feature; `lean`
    is how far the bot may lean on predictions at most.
    """

    match: str
    player: str
    opponent: str
    alias: Arm
    gambit: Gambit
    seed: str
    known: Knowledge
    at: int
    player_kind: PlayerKind = PlayerKind.HUMAN
    client_ref: str | None = None
    lean: float = 1.0
    v: int = VERSION

    @property
    def round(self) -> int:
        return 0

    @property
    def family(self) -> str:
        """Whose models are asked: an opponent's id is its family's name."""
        return self.opponent


class Sealed(Struct, frozen=True, tag_field="kind", tag="sealed"):
    """A round opened: its values, the bot's move fixed in `reveal`, and what all four aliases expected.

    `lean` is how far the bot leaned on the prediction, and `edge` what its mix wins beyond the round's value by the
    player's move: nothing where no model decided.
    """

    match: str
    round: int
    values: dict[Move, int]
    move: Move
    source: Source
    version: str
    probabilities: tuple[float, float, float]
    worth: tuple[float, float, float]
    predictions: dict[Alias, Prediction]
    features: str
    reveal: str
    at: int
    lean: float = 0.0
    edge: tuple[float, float, float] = (0.0, 0.0, 0.0)


class Played(Struct, frozen=True, tag_field="kind", tag="played"):
    """The player threw; `scores` are those after the round."""

    match: str
    round: int
    player_move: Move
    bot_move: Move
    outcome: Outcome
    gained: Scores
    scores: Scores
    input: Input
    at: int


class Closed(Struct, frozen=True, tag_field="kind", tag="closed"):
    """The match ended. `version` is the model that served last, if any; `known` is what is known of the player now."""

    match: str
    round: int
    winner: Winner
    reason: Reason
    scores: Scores
    version: str
    known: Knowledge
    at: int


Record = Opened | Sealed | Played | Closed

_decoder: json.Decoder[Record] = json.Decoder(Record)
_encoder = json.Encoder()


def encode(record: Record) -> str:
    """The record as the JSON text of one log row."""
    return _encoder.encode(record).decode()


def decode(text: str | bytes) -> Record:
    """The record in a log row; raises `msgspec.ValidationError` where it is not one."""
    return _decoder.decode(text)
