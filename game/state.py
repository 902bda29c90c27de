"""What a match is at one moment. Derived from its records; never changed in place."""

from msgspec import Struct

from game.knowledge import Knowledge
from game.points import Values
from game.records import Closed, Opened, Played, Scores, Sealed

NO_MODEL = "equilibrium"
"""The version named where no model plays."""


class PlayedRound(Struct, frozen=True):
    """A round that has been played: how it was sealed and how it came out."""

    sealed: Sealed
    played: Played


class Match(Struct, frozen=True):
    """`values` and `round` are those of the round that is open or about to be; `version` is the last model to serve."""

    opened: Opened
    known: Knowledge
    values: Values
    version: str = NO_MODEL
    scores: Scores = Scores(0, 0)
    rounds: tuple[PlayedRound, ...] = ()
    sealed: Sealed | None = None
    closed: Closed | None = None

    @property
    def id(self) -> str:
        return self.opened.match

    @property
    def round(self) -> int:
        return len(self.rounds) + 1
