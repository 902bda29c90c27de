"""What the scoreboard knows: sums by version, and what it must remember of matches under way.

All of it follows from the log up to `position`, so that it may be lost at any time.
"""

from typing import NamedTuple

from msgspec import Struct, field

from game.assignment import Alias, Arm
from game.moves import Move
from game.points import Values
from game.records import PlayerKind, Prediction, Winner
from trainer.scoreboard.drift import Windows

EDGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Upper edges of the bins of calibration; a probability on an edge belongs to the bin below it."""


class Score(Struct):
    """Predictions of throws that then came. A tie for the likeliest move is a share of a hit, as everywhere here.

    `log_loss` and `brier` are sums: of -ln p(thrown), and of squared distances from what was thrown.
    """

    predictions: int = 0
    hits: float = 0.0
    log_loss: float = 0.0
    brier: float = 0.0


class Bin(Struct, array_like=True):
    """Probabilities of one size: how many, their sum, and how many of these moves were thrown."""

    predictions: int = 0
    confidence: float = 0.0
    hits: int = 0


def _bins() -> list[Bin]:
    return [Bin() for _ in EDGES]


class Standing(Struct):
    """All that one version ever foretold and played; `at` is when it last did, in milliseconds since 1970.

    A version that stands under two aliases at once has spoken once in `score` and `bins`, and under each in `aliases`.
    `matches` are those that reached the target and that it played from the opening to the end.
    """

    at: int = 0
    score: Score = field(default_factory=Score)
    aliases: dict[Alias, Score] = field(default_factory=dict)
    bins: list[Bin] = field(default_factory=_bins)
    matches: dict[Arm, dict[Winner, int]] = field(default_factory=dict)


class Thrown(NamedTuple):
    """The player's move in a round, as its index."""

    round: int
    move: int


class Waiting(Struct):
    """A sealed round whose throw has not come."""

    round: int
    values: Values
    move: Move
    predictions: dict[Alias, Prediction]


class Open(Struct):
    """A match under way: some hundred bytes. `versions` are those that have chosen moves in it."""

    family: str
    arm: Arm
    kind: PlayerKind
    versions: list[str] = field(default_factory=list)
    modelled: bool = False
    last: Thrown | None = None
    waiting: Waiting | None = None


class Totals(Struct):
    """Everything, after the row at `position`, which was written at `at`. `faults` are the rows that were left out.

    `families` holds family -> version -> standing, `open` match -> what to remember of it, and `rounds` the played
    rounds by kind of player.
    """

    position: int = 0
    at: int = 0
    faults: int = 0
    rounds: dict[PlayerKind, int] = field(default_factory=dict)
    families: dict[str, dict[str, Standing]] = field(default_factory=dict)
    open: dict[str, Open] = field(default_factory=dict)
    windows: Windows = field(default_factory=Windows)

    def standing(self, family: str, version: str) -> Standing:
        """That version's, made if it is new."""
        versions = self.families.setdefault(family, {})
        found = versions.get(version)
        if found is None:
            found = versions[version] = Standing()
        return found
