"""What the table needs from outside: a round log, models to ask, and chance."""

from collections.abc import Sequence
from secrets import randbits, token_hex
from time import time
from typing import Protocol

from msgspec import Struct

from game.assignment import Alias
from game.fairness import NONCE_BITS, SEED_BITS
from game.knowledge import NOTHING, Knowledge
from game.records import Prediction, Record
from game.wire import Record as HeadToHead


class Player(Struct, frozen=True):
    """Who plays: an opaque id, a name to show, and what is known of their play."""

    id: str
    name: str
    known: Knowledge = NOTHING


class RoundLog(Protocol):
    """The durable record of all play; reads see every write that has returned."""

    async def append(self, records: Sequence[Record]) -> None:
        """Make the records of one step durable, all or none; raises LogUnavailable."""

    async def records(self, match: str) -> list[Record]:
        """All records of a match in order, none if it is unknown; raises CorruptRecord, LogUnavailable."""

    async def live_match(self, player: str) -> str | None:
        """The match that the player has begun and not ended."""

    async def match_of_ref(self, player: str, client_ref: str) -> str | None:
        """The match that the player opened under this reference."""

    async def idle_players(self, before: int) -> list[Player]:
        """Those with a live match in which nothing has happened since `before` (milliseconds)."""


class Players(Protocol):
    """Who has played, known by rotating tokens of which only hashes are kept."""

    async def register(self, player: Player) -> None:
        """Keep a new player; raises LogUnavailable."""

    async def admit(self, token: str) -> Player | None:
        """The player of this token, revoking those issued to them before it."""

    async def issue(self, player: str, token: str) -> None:
        """Keep a further token of the player's."""

    async def player(self, id: str) -> Player | None:
        """The player of this id."""

    async def rename(self, player: str, name: str) -> None:
        """Change the name that is shown."""

    async def head_to_head(self, player: str) -> dict[str, HeadToHead]:
        """The player's finished matches by opponent."""


Predictions = dict[Alias, Prediction]


class Oracle(Protocol):
    """Whoever tells what the models expect."""

    @property
    def connected(self) -> bool:
        """Whether there is somebody to ask."""

    async def predict(self, family: str, features: bytes, past: bytes) -> Predictions:
        """Predictions by alias; raises Unanswered, soon, if there are none."""


class Unanswered(Exception):
    """No model answered, for the reason given: late, down or error."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Chance:
    """Chance from the operating system: nobody can foresee a seed, a nonce or a draw."""

    def seed(self) -> str:
        return token_hex(SEED_BITS // 8)

    def nonce(self) -> str:
        return token_hex(NONCE_BITS // 8)

    def draw(self) -> float:
        """Uniform in [0, 1)."""
        return randbits(53) / 2**53

    def id(self) -> str:
        """A fresh opaque id. It begins with the time, so that neighbours in time are neighbours in an index."""
        return f"{int(time() * 1000):012x}{token_hex(8)}"

    def token(self) -> str:
        """A fresh secret."""
        return token_hex(24)
