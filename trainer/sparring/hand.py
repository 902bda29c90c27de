"""One match as a sparring partner knows it: messages in, what to say out, and no socket."""

from random import Random

from msgspec import Struct

from game.moves import Move
from game.records import Source
from game.wire import Matched, MatchMessage, Over, Result, Round, Start, Sync, Throw
from trainer.sparring.position import Bot, Past, Position


class Finished(Struct, frozen=True):
    """How a match ended; in `fallbacks` of its rounds a model should have answered and did not."""

    over: Over
    fallbacks: int


class Hand:
    """May be told things twice or after others were lost: the bot is asked once for each round, and keeps to its word.

    `finished` tells how the match ended, once it has.
    """

    def __init__(self, bot: Bot, random: Random, opponent: str, ref: str) -> None:
        self._bot = bot
        self._random = random
        self._start = Start(opponent, ref)
        self._match = ""
        self._seen = 0
        self._history: list[Past] = []
        self._values: dict[int, dict[Move, int]] = {}
        self._thrown: dict[int, Move] = {}
        self._fallbacks = 0
        self.finished: Finished | None = None

    def begin(self) -> Start | Sync:
        """What to say on a new socket: the same start is the same match, and one that is known is gone on with."""
        return Sync(self._match, self._seen) if self._match else self._start

    def hear(self, message: MatchMessage) -> Throw | Sync | None:
        """What to say to this; messages of other matches mean nothing."""
        if isinstance(message, Matched) and message.client_ref == self._start.client_ref:
            self._match = message.match
        if message.match != self._match:
            return None
        if message.seq > self._seen + 1:
            return Sync(self._match, self._seen)
        fresh = message.seq > self._seen
        self._seen = max(self._seen, message.seq)
        if isinstance(message, Round):
            return self._throw(message)
        if isinstance(message, Result) and fresh:
            values = self._values[message.round]
            self._history.append(Past(values, message.player_move, message.bot_move))
            self._fallbacks += message.thought.source is Source.FALLBACK
        if isinstance(message, Over):
            self.finished = Finished(message, self._fallbacks)
        return None

    def _throw(self, round: Round) -> Throw:
        """The throw in a round that was opened; told again, the same."""
        if round.round not in self._thrown:
            self._values[round.round] = round.values
            position = Position(round.values, round.scores)
            self._thrown[round.round] = self._bot(position, self._history, self._random)
        return Throw(round.match, round.round, self._thrown[round.round])
