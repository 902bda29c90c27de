"""What the server needs from outside: a database, models to ask, and chance."""

from collections.abc import AsyncIterator, Mapping, Sequence
from secrets import randbits, token_hex
from time import time
from typing import Protocol

from msgspec import Struct

from game.assignment import Alias
from game.fairness import NONCE_BITS, SEED_BITS
from game.gestures import Look
from game.knowledge import NOTHING, Knowledge
from game.moves import Move
from game.opponents import Opponent
from game.records import Prediction, Record
from game.wire import Record as HeadToHead
from server.standings import Standings


class Player(Struct, frozen=True):
    """Who plays: an opaque id, a name to show, and what is known of their play."""

    id: str
    name: str
    known: Knowledge = NOTHING


class Claim(Struct, frozen=True, weakref=True):
    """The right to write a player's matches, until somebody claims the player with a higher epoch."""

    player: str
    epoch: int


class RoundLog(Protocol):
    """The durable record of all play; reads see every write that has returned."""

    async def claim(self, player: str) -> Claim:
        """Take the player over: all that whoever held them wrote is in the log, and no more of theirs comes."""

    async def append(self, records: Sequence[Record], claim: Claim) -> None:
        """Make the records of one step durable, all or none; raises Overtaken, LogUnavailable."""

    def taken_over(self) -> AsyncIterator[Claim]:
        """The claims that other servers make, as they come; one may be missed, which its player's next write tells."""

    async def records(self, match: str) -> list[Record]:
        """All records of a match in order, none if it is unknown; raises CorruptRecord, LogUnavailable."""

    async def live_match(self, player: str) -> str | None:
        """The match that the player has begun and not ended."""

    async def match_of_ref(self, player: str, client_ref: str) -> str | None:
        """The match that the player opened under this reference."""

    async def idle_players(self, before: int) -> list[str]:
        """Those with a live match in which nothing has happened since `before` (milliseconds), and whom no other server
        has that is there.
        """


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


class Entry(Struct, frozen=True):
    """A row of the log; `at` in milliseconds since 1970, `body` is the record's JSON."""

    position: int
    match: str
    round: int
    kind: str
    at: int
    body: bytes


class History(Protocol):
    """The log from end to end. Positions are 1, 2, 3 … in the order in which rows became durable."""

    async def since(self, position: int, limit: int) -> list[Entry]:
        """The next rows after this position; raises LogUnavailable."""

    async def last_position(self) -> int:
        """The newest row's, 0 if there is none."""


class Leases(Protocol):
    """Who does what only one server may do. A holder counts its lease's beat up; one that stands still may be taken."""

    async def lease(self, name: str) -> tuple[str, int] | None:
        """(holder, beat), None if nobody ever held it; raises LogUnavailable."""

    async def take(self, name: str, holder: str, seen: tuple[str, int] | None) -> bool:
        """Make `holder` the holder, and beat, if the lease is still as it was seen; whether it is."""


class Notices(Protocol):
    """What the trainer has written for everybody to read. All raise LogUnavailable."""

    async def ledger(self, after: int | None, limit: int) -> list[tuple[int, str, bytes]]:
        """(number, hash, body) of the entries after this number, or of the newest where none is given, oldest first."""

    async def last_entry(self) -> int:
        """The number of the newest entry, 0 if there is none."""

    async def notice(self, name: str) -> tuple[bytes, int] | None:
        """(body, milliseconds since 1970) of the notice of this name."""


class Gifts(Protocol):
    """Images that players gave. All raise LogUnavailable."""

    async def give(
        self, player: str, match: str, round: int, move: Move, consented_at: int, image: bytes, most: int
    ) -> None:
        """Keep an image, unless the player has given `most` already."""

    async def given(self, player: str) -> int:
        """How many images are kept of the player; those being kept at this moment are counted too."""

    async def take_back(self, player: str) -> None:
        """Delete all that the player gave."""

    async def scrub(self) -> None:
        """Leave no byte of what was deleted in the database's files, as far as that is in our hands."""


class Database(RoundLog, Players, Standings, History, Leases, Notices, Gifts, Protocol):
    """Everything that is kept. `SqliteLog` and `PostgresLog` are ones."""

    @property
    def fault(self) -> str | None:
        """What keeps it from being used at this moment, in plain words; None if nothing does."""

    async def salt(self, given: str) -> str:
        """The assignment salt: the one given, else this database's own, drawn once."""


Predictions = dict[Alias, Prediction]


class Oracle(Protocol):
    """Whoever tells what the models expect."""

    @property
    def connected(self) -> bool:
        """Whether there is somebody to ask."""

    @property
    def opponents(self) -> Mapping[str, Opponent]:
        """By family, who can be asked about and has said who it is; as last heard while there is nobody to ask."""

    async def predict(self, family: str, features: bytes, past: bytes, trace: str = "") -> Predictions:
        """Predictions by alias; raises Unanswered, soon, if there are none. `trace` is the asker's traceparent."""


class Eyes(Protocol):
    """Whoever sees what hands show."""

    @property
    def connected(self) -> bool:
        """Whether there is somebody to look."""

    async def look(self, image: bytes, patience: float, stream: str = "", trace: str = "") -> Look:
        """What an image shows; images of one stream follow each other, and `trace` is the asker's traceparent.

        Raises Refusal within `patience` seconds.
        """


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
