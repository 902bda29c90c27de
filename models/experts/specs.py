"""Which experts there are: data, in a fixed order that bundles rely on.

An expert counts what followed in the same context. What it counts is a throw of the player, or of the opponent, told
as the number of moves further round the circle than a reference (`Frame`), so that what was learned about rock serves
for paper too. `memory` is the factor by which older counts fade each time that their context comes again.
"""

from enum import StrEnum
from hashlib import sha256

from msgspec import Struct, json


class Side(StrEnum):
    """Whose throws an expert counts."""

    PLAYER = "player"
    OPPONENT = "opponent"


class Frame(StrEnum):
    """From where on the circle throws are told: rock, a side's last throw, or this round's low move."""

    ROCK = "rock"
    OWN = "own1"
    OPPONENT = "opp1"
    LOW = "low"


class Expert(Struct, frozen=True):
    """`given` names the context: lags, or by `expected:n` the likeliest throw in the eyes of expert number n."""

    side: Side
    frame: Frame
    given: tuple[str, ...]
    memory: float

    @property
    def name(self) -> str:
        return f"{self.side.value} from {self.frame.value} given {' '.join(self.given) or 'nothing'} x{self.memory:g}"


LONGEST = ("longest-both", "longest-own", "longest-opp")
"""What followed the longest earlier stretch equal to the latest rounds: of both sides, or of one; and its length."""
EXPECTED = "expected:"

_FAST, _SLOW = (1.0, 0.9, 0.7), (1.0, 0.8)


def _each(side: Side, frame: Frame, contexts: str, memories: tuple[float, ...]) -> list[Expert]:
    """An expert for each context, told apart by commas, and each memory."""
    given = [tuple(context.split()) for context in contexts.split(",")]
    return [Expert(side, frame, context, memory) for context in given for memory in memories]


_PLAYER, _OPPONENT = Side.PLAYER, Side.OPPONENT
FIRST: tuple[Expert, ...] = (
    # what the player does next to what he did: again, a step up, a step down
    *_each(_PLAYER, Frame.OWN, "", (1.0, 0.97, 0.9, 0.75)),
    *_each(_PLAYER, Frame.OWN, "opp1, own2, own2 opp1, own2 own3, opp1 opp2, own2 opp1 opp2", _FAST),
    *_each(_PLAYER, Frame.OWN, "own2 own3 opp1, opp1 opp2 opp3, own2 own3 own4", _SLOW),
    *_each(_PLAYER, Frame.OWN, "own2 opp1 own3 opp2, own2 opp1 own3 opp2 opp3", _SLOW),
    *_each(_PLAYER, Frame.OWN, "opp1 opp2 opp3 opp4, own2 own3 own4 own5", (0.9,)),
    *_each(_PLAYER, Frame.OWN, "out1 out2, out1 out2 out3, streak, streak out1", (1.0, 0.85)),
    # next to what the opponent did, and on its own
    *_each(_PLAYER, Frame.OPPONENT, "", (1.0, 0.9)),
    *_each(_PLAYER, Frame.ROCK, "", (1.0, 0.95, 0.8)),
    *_each(_PLAYER, Frame.ROCK, "own1, own1 opp1, own1 own2, own1 own2 opp1", _SLOW),
    *_each(_PLAYER, Frame.ROCK, "opp1, opp1 opp2, own1 own2 opp1 opp2, own1 own2 own3", (0.9,)),
    # next to the round's values
    *_each(_PLAYER, Frame.LOW, "", (1.0, 0.95, 0.85)),
    *_each(_PLAYER, Frame.LOW, "rank1, out1, rank1 out1, rank1 rank2, own1, own1 opp1, ahead", (1.0, 0.9)),
    *_each(_PLAYER, Frame.LOW, "base, opprank1, streak", (1.0,)),
    # what the opponent does: a player who sees through it answers that
    *_each(_OPPONENT, Frame.OPPONENT, "", (1.0, 0.9)),
    *_each(_OPPONENT, Frame.OWN, "", (1.0, 0.9)),
    *_each(_OPPONENT, Frame.OPPONENT, "own1, opp2, own1 opp2, own1 own2", _SLOW),
    *_each(_OPPONENT, Frame.OPPONENT, "own1 own2 opp2, own1 own2 opp2 opp3 own3", (1.0,)),
    *_each(_OPPONENT, Frame.ROCK, "", (1.0, 0.9)),
    *_each(_OPPONENT, Frame.ROCK, "opp1, own1, own1 opp1", (1.0,)),
    *_each(_OPPONENT, Frame.LOW, ", opprank1, own1", (1.0,)),
)
"""Their contexts are known from the past alone."""

_NUMBER = {expert.name: number for number, expert in enumerate(FIRST)}


def _expects(side: Side, frame: Frame, context: str, memory: float) -> str:
    return f"{EXPECTED}{_NUMBER[Expert(side, frame, tuple(context.split()), memory).name]}"


_THEIRS = [
    _expects(_OPPONENT, frame, context, memory)
    for frame, context, memory in (
        (Frame.OPPONENT, "own1 opp2", 0.8),
        (Frame.OPPONENT, "own1", 1.0),
        (Frame.OPPONENT, "", 0.9),
        (Frame.OWN, "", 0.9),
        (Frame.OPPONENT, "opp2", 1.0),
        (Frame.OPPONENT, "own1 own2", 0.8),
        (Frame.ROCK, "own1 opp1", 1.0),
    )
]
_OURS = [
    _expects(_PLAYER, Frame.OWN, context, memory)
    for context, memory in (
        ("opp1", 1.0),
        ("own2", 1.0),
        ("own2 opp1", 0.9),
        ("own2 opp1 opp2", 1.0),
        ("", 0.9),
        ("opp1 opp2", 1.0),
        ("own2 own3", 1.0),
        ("opp1", 0.9),
    )
]
_RANKED = _expects(_PLAYER, Frame.LOW, "", 0.95)


def _second(*given: str, memory: float = 0.9, frame: Frame = Frame.OWN) -> Expert:
    return Expert(_PLAYER, frame, given, memory)


SECOND: tuple[Expert, ...] = (
    # the answer to what the opponent is about to do
    *(_second(theirs, memory=0.95) for theirs in _THEIRS),
    *(_second(theirs, "opp1") for theirs in _THEIRS[:2]),
    # the answer to what the player is about to do, as he may think we see it
    *(_second(ours) for ours in _OURS[:7]),
    *(_second(ours, "opp1") for ours in _OURS[:2]),
    _second(_OURS[2], _THEIRS[0]),
    _second(_OURS[3], _OURS[7]),
    _second(_RANKED, frame=Frame.LOW),
    _second(_RANKED, _OURS[2], frame=Frame.LOW),
    *(_second(longest, memory=0.97) for longest in LONGEST),
)
"""Their contexts hold what the first ones expect."""

EXPERTS = (*FIRST, *SECOND)
PRIORS = tuple(
    number
    for number, expert in enumerate(EXPERTS)
    if expert.side is _PLAYER
    and (expert.frame, *expert.given, expert.memory)
    in {
        (Frame.OWN, "opp1", 1.0),
        (Frame.OWN, "own2", "opp1", 1.0),
        (Frame.OWN, "own2", "opp1", "opp2", 1.0),
        (Frame.OWN, "own2", "own3", "opp1", 1.0),
        (Frame.OWN, "own2", "opp1", "own3", "opp2", 1.0),
        (Frame.ROCK, "own1", "own2", "opp1", 1.0),
        (Frame.LOW, "own1", "opp1", 1.0),
        (Frame.OWN, "longest-both", 0.97),
    }
)
"""Experts that also speak once more without their counts, for the people the prior was made from."""
VOICES = len(EXPERTS) + len(PRIORS)
FORM = 1
"""Rises when what a gate is told beside the voices changes (`standing`)."""
CONTRACT = sha256(json.encode((EXPERTS, PRIORS, FORM))).hexdigest()
"""Changes whenever an expert does: a gate serves only the bank that it was trained on."""
