"""What is seen in an image of a hand: the words that sidecar, server and browser share."""

from enum import StrEnum

from msgspec import Struct

from game.moves import Move


class Label(StrEnum):
    """What an image shows: one of the moves, another sign of a hand, or no hand."""

    ROCK = "rock"
    PAPER = "paper"
    SCISSORS = "scissors"
    OTHER = "other"
    NONE = "none"


class Cause(StrEnum):
    """Why an image is not clear enough to be a throw."""

    NO_HAND = "no-hand"
    CUT_OFF = "cut-off"
    TOO_DARK = "too-dark"
    TOO_BRIGHT = "too-bright"
    BLURRED = "blurred"
    SEVERAL_HANDS = "several-hands"
    NO_MOVE = "no-move"
    UNSURE = "unsure"


ADVICE: dict[Cause, str] = {
    Cause.NO_HAND: "No hand was found; hold it inside the frame.",
    Cause.CUT_OFF: "The hand is cut off; bring all of it into the frame.",
    Cause.TOO_DARK: "It is too dark; turn to the light.",
    Cause.TOO_BRIGHT: "It is too bright; turn away from the light.",
    Cause.BLURRED: "The picture is blurred; hold still.",
    Cause.SEVERAL_HANDS: "There are several hands; show one.",
    Cause.NO_MOVE: "The hand shows neither rock, paper nor scissors.",
    Cause.UNSURE: "It could be more than one sign; show it again.",
}

Point = tuple[float, float]


class Look(Struct, frozen=True, array_like=True):
    """What one image shows. It is `clear` where it may count as a throw, and says otherwise why not.

    `label` is the likeliest and `confidence` its probability, both calibrated. `landmarks` are the 21 points of the
    hand as MediaPipe orders them, in shares of the upright image's width and height (outside [0, 1] where the hand is
    cut off), or none where no hand was found. `version` is the model that decided.
    """

    label: Label
    confidence: float
    probabilities: dict[Label, float]
    clear: bool
    reason: Cause | None
    landmarks: list[Point]
    version: str

    @property
    def move(self) -> Move | None:
        """The move that it throws, if it is clear."""
        return Move(self.label) if self.clear else None
