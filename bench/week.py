"""Weeks of play in seconds: visitors and models meet by the game's own code, without a process or a socket.

The rules, the models' shelf and the rows of the log are those that server and sidecar use; only the clock is made up.
So what the trainer reads, compares and decides afterwards is what it would with people. Everything but the models'
last digits follows from the seed. Families that follow a player are not asked here.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

from msgspec import convert, to_builtins

from game import match as rules
from game.ask import Request, Response
from game.assignment import assign
from game.events import Answer, Ask, Effect, Throw, Write
from game.fairness import NONCE_BITS, SEED_BITS, sha256_hex
from game.gambits import choose
from game.knowledge import NOTHING
from game.records import Closed, Input, Opened, Played, Record
from game.state import Match
from inference import repository
from inference.batch import answer
from inference.follow import Seen
from inference.shelf import Shelf, stock
from inference.statistics import by_family, statistics
from models.store import Store
from server import schema
from server.rows import row
from server.sqlite import APPEND
from trainer.lifecycle.sidecar import Loaded, Sidecar, Statistics
from trainer.sparring.position import Bot, Past, Position

HOUR_MS = 3_600_000
CONTROL = 0.02
"""The share of matches that the equilibrium plays, as a server assigns them."""
_SALT = "week"
_PACE_MS, _SPREAD = 1_500, 0.5
"""Median time over a throw, and its logarithm's spread, as `bench load` has it."""


class Visitor:
    """Somebody who comes again and again: how they throw, and what is known of them."""

    def __init__(self, name: str, bot: Bot) -> None:
        self.id, self.name, self.bot = sha256_hex(name)[:32], name, bot
        self.known = NOTHING


class InProcess(Sidecar):
    """The sidecar's shelf in this process: what a store's table names, loaded and counted as the sidecar does."""

    def __init__(self, store: Store) -> None:
        super().__init__("nowhere", 0)
        self._store = store
        self._shelf = Shelf()
        self._seen = Seen(store.table(), [])

    def swap(self) -> None:
        """Serve what the table says now, as far as it may be served."""
        table = self._store.table()
        self._shelf, refused = stock(self._store, table, self._shelf)
        self._seen = Seen(table, refused)

    def ask(self, requests: Sequence[Request]) -> list[Response]:
        """What all aliases expect, for each request."""
        return answer(self._shelf, requests, now=0.0)

    def index(self) -> list[Loaded]:
        return convert(to_builtins(repository.index(self._seen, self._shelf)), list[Loaded])

    def statistics(self) -> list[Statistics]:
        told = statistics(by_family(self._shelf.families)).model_stats
        return convert(to_builtins(told), list[Statistics])


class _Table:
    """One visitor's match under way."""

    def __init__(self, visitor: Visitor, opponent: str, at: int, random: Random) -> None:
        self.visitor, self.clock, self.records = visitor, at, list[Record]()
        self._random, self._history = random, list[Past]()
        id = f"{random.getrandbits(SEED_BITS):032x}"
        opened = Opened(
            match=id,
            player=visitor.id,
            opponent=opponent,
            alias=assign(_SALT, id, share_control=CONTROL),
            gambit=choose(random.random()),
            seed=f"{random.getrandbits(SEED_BITS):032x}",
            known=visitor.known,
            at=at,
        )
        self.ask: Ask | None = None
        self.match = self._after(*rules.start(opened))

    def request(self, number: int) -> Request:
        """What the models are asked before the coming round."""
        assert self.ask is not None
        return Request(number, self.match.opened.opponent, 0.0, self.ask.features, self.ask.past)

    def play(self, said: Response) -> None:
        """One round: the bot's move is sealed, the visitor throws."""
        assert self.ask is not None
        nonce = f"{self._random.getrandbits(NONCE_BITS):064x}"
        self.clock += 2
        self._step(Answer(self.ask, said.predictions, self._random.random(), nonce, self.clock))
        values = self.match.values
        move = self.visitor.bot(Position(values, self.match.scores), self._history, self._random)
        self.clock += round(_PACE_MS * self._random.lognormvariate(0, _SPREAD))
        self.ask = None
        self._step(Throw(self.match.round, move, Input.BUTTON, self.clock))
        self._history.append(Past(values, move, self.match.rounds[-1].played.bot_move))

    def _step(self, event: Answer | Throw) -> None:
        self.match = self._after(*rules.step(self.match, event))

    def _after(self, match: Match, effects: list[Effect]) -> Match:
        for effect in effects:
            if isinstance(effect, Write):
                self.records.append(effect.record)
                if isinstance(effect.record, Closed):
                    self.visitor.known = effect.record.known
            elif isinstance(effect, Ask):
                self.ask = effect
        return match


def play(
    database: Path, sidecar: InProcess, visitors: Sequence[Visitor], opponents: Sequence[str], begin: int, seed: int
) -> int:
    """Every visitor plays one match within the hour from `begin` (ms since 1970), against opponents in turn.

    The rounds are added to the log, which is made where there is none; returns how many they are.
    """
    random = Random(f"{seed}:{begin}")
    tables = [
        _Table(
            one,
            opponents[(place + begin // HOUR_MS) % len(opponents)],
            begin + random.randrange(HOUR_MS // 2),
            Random(f"{seed}:{begin}:{one.name}"),
        )
        for place, one in enumerate(visitors)
    ]
    sidecar.swap()
    going = tables
    while going:
        said = sidecar.ask([table.request(number) for number, table in enumerate(going)])
        for table, response in zip(going, said, strict=True):
            table.play(response)
        going = [table for table in going if table.match.closed is None]
    records = sorted((record for table in tables for record in table.records), key=lambda record: record.at)
    _write(database, visitors, records)
    return sum(isinstance(record, Played) for record in records)


def _write(database: Path, visitors: Sequence[Visitor], records: Sequence[Record]) -> None:
    schema.prepare(database).close()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO players (id, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(one.id, one.name[:24], records[0].at) for one in visitors],
        )
        connection.executemany(APPEND, [row(record) for record in records])


def people(count: int, seed: int) -> Iterator[Visitor]:
    """So many visitors with the ways of recorded people, each their own."""
    from trainer.sparring.people import Person

    for number in range(count):
        yield Visitor(f"visitor {number + 1}", Person(Random(f"{seed}:{number}")))
