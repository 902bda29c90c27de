"""The table: where matches are played. It performs what `game.match` decides and holds no rule of its own.

Each player who is present has one seat, and the seat's lock orders everything that happens to their match. A match
moves on in memory only after the log has it; if the log fails, memory forgets the match and reads it again.
"""

import asyncio
import logging
from collections.abc import Sequence
from time import time

from game import match as rules
from game.assignment import assign
from game.codes import Code
from game.errors import CorruptRecord
from game.events import Answer, Ask, Effect, Event, Leave, Tell, Write
from game.fold import rebuild
from game.gambits import choose
from game.knowledge import Knowledge
from game.opponents import OPPONENTS
from game.records import Closed, Opened, PlayerKind, Reason, Scores, Sealed, Source, Winner
from game.state import NO_MODEL, Match
from game.views import missed
from game.wire import MatchMessage, Start
from server.audience import Audience
from server.counters import Counters
from server.errors import LogUnavailable, Refusal
from server.ports import Chance, Oracle, Predictions, RoundLog, Unanswered

log = logging.getLogger(__name__)


def now_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return int(time() * 1000)


class Seat:
    """A player who is present, and their live or latest match as far as it is in memory."""

    def __init__(self, player: str, known: Knowledge, kind: PlayerKind = PlayerKind.HUMAN) -> None:
        self.player = player
        self.known = known
        self.kind = kind
        self.lock = asyncio.Lock()
        self.match: Match | None = None
        self.sockets = 0


class Table:
    """Everybody's matches."""

    def __init__(
        self,
        log: RoundLog,
        oracle: Oracle,
        audience: Audience,
        counters: Counters,
        chance: Chance,
        *,
        salt: str,
        share_b: float,
        share_control: float,
        lean: float,
    ) -> None:
        self._log = log
        self._oracle = oracle
        self._audience = audience
        self._counters = counters
        self._chance = chance
        self._salt = salt
        self._share_b = share_b
        self._share_control = share_control
        self._lean = lean
        self._seats: dict[str, Seat] = {}
        self.draining = False

    def sit(self, player: str, known: Knowledge, kind: PlayerKind = PlayerKind.HUMAN) -> Seat:
        """The player's seat, taken by one more of their sockets."""
        seat = self._seats.setdefault(player, Seat(player, known, kind))
        seat.sockets += 1
        return seat

    async def rise(self, seat: Seat) -> None:
        """One of the player's sockets is gone; with the last one goes the seat, once nothing happens at it."""
        async with seat.lock:
            seat.sockets -= 1
            if not seat.sockets:
                del self._seats[seat.player]

    async def quiet(self) -> None:
        """Wait until what is under way at each seat is done."""
        for seat in list(self._seats.values()):
            async with seat.lock:
                pass

    async def live_match(self, seat: Seat) -> str | None:
        """The match that the player can go on with."""
        async with seat.lock:
            match = await self._live(seat)
            return None if match is None else match.id

    async def start(self, seat: Seat, request: Start) -> Sequence[MatchMessage]:
        """Begin a match and tell the player; if this very request began one before, what to tell again."""
        if request.opponent not in OPPONENTS:
            raise Refusal(Code.UNKNOWN_OPPONENT)
        async with seat.lock:
            if request.client_ref is not None:
                earlier = await self._log.match_of_ref(seat.player, request.client_ref)
                if earlier is not None:
                    return missed(await self._ready(seat, earlier), 0)
            live = await self._live(seat)
            if live is not None:
                raise Refusal(Code.ALREADY_PLAYING, match=live.id)
            if self.draining:
                raise Refusal(Code.DRAINING)
            await self._perform(seat, *rules.start(self._opened(seat, request)))
            return ()

    async def happen(self, seat: Seat, match_id: str, event: Event) -> bool:
        """Let an event happen to the player's match and tell what follows; whether the match moved on."""
        async with seat.lock:
            match = await self._ready(seat, match_id)
            after, effects = rules.step(match, event)
            await self._perform(seat, after, effects)
            return after is not match

    async def missed(self, seat: Seat, match_id: str, seen: int) -> Sequence[MatchMessage]:
        """What to tell a socket that has seen the match's messages up to `seen`."""
        async with seat.lock:
            return missed(await self._ready(seat, match_id), seen)

    async def expire(self, before: int) -> int:
        """Close the matches that nobody came back to since `before`; returns how many."""
        away = [one for one in await self._log.idle_players(before) if not self._audience.present(one.id)]
        for player in away:
            seat = self.sit(player.id, player.known)
            try:
                async with seat.lock:
                    match = await self._live(seat)
                    if match is not None:
                        await self._perform(seat, *rules.step(match, Leave(Reason.EXPIRED, now_ms())))
            finally:
                await self.rise(seat)
        return len(away)

    async def _ready(self, seat: Seat, match_id: str) -> Match:
        """The player's match of this id, with its round open if it is live; raises Refusal if they have none."""
        match = seat.match
        if match is None or match.id != match_id:
            match = await self._read(seat, match_id)
        effects = rules.resume(match)
        if effects:
            match = await self._perform(seat, match, effects)
        return match

    async def _live(self, seat: Seat) -> Match | None:
        """The player's live match. While a seat holds a match that has ended, there can be no other."""
        if seat.match is None:
            id = await self._log.live_match(seat.player)
            if id is None:
                return None
            try:
                await self._read(seat, id)
            except CorruptRecord as error:
                log.error("Match %s is closed as void, its record is damaged: %s", id, error)
                await self._void(seat, id)
        return seat.match if seat.match is not None and seat.match.closed is None else None

    async def _read(self, seat: Seat, match_id: str) -> Match:
        records = await self._log.records(match_id)
        if not records or not isinstance(records[0], Opened) or records[0].player != seat.player:
            raise Refusal(Code.UNKNOWN_MATCH, match=match_id)
        match = rebuild(records)
        if match.closed is None:
            seat.match = match
            self._counters.resumes += 1
        return match

    async def _void(self, seat: Seat, id: str) -> None:
        nothing = Scores(0, 0)
        closed = Closed(id, 0, Winner.TIE, Reason.VOID, nothing, NO_MODEL, seat.known, now_ms())
        await self._log.append([closed])

    async def _perform(self, seat: Seat, match: Match, effects: Sequence[Effect]) -> Match:
        """Do what was decided: make it durable, move on, tell; then ask the models and go on with their answer."""
        while True:
            await self._write(seat, match, effects)
            for effect in effects:
                if isinstance(effect, Tell):
                    self._audience.tell(seat.player, effect.message)
            question = next((effect for effect in effects if isinstance(effect, Ask)), None)
            if question is None:
                return match
            predictions = await self._ask(match, question)
            answer = Answer(question, predictions, self._chance.draw(), self._chance.nonce(), now_ms())
            match, effects = rules.step(match, answer)

    async def _write(self, seat: Seat, match: Match, effects: Sequence[Effect]) -> None:
        records = [effect.record for effect in effects if isinstance(effect, Write)]
        if not records:
            return
        try:
            await self._log.append(records)
        except LogUnavailable:
            seat.match = None
            raise
        seat.match = match
        for record in records:
            if isinstance(record, Closed):
                seat.known = record.known
            elif isinstance(record, Sealed):
                self._counters.rounds += 1
                self._counters.fallbacks += record.source is Source.FALLBACK

    async def _ask(self, match: Match, question: Ask) -> Predictions:
        family = OPPONENTS[match.opened.opponent].family
        try:
            return await self._oracle.predict(family, question.features, question.past)
        except Unanswered as error:
            self._counters.unanswered[error.reason] += 1
            return {}

    def _opened(self, seat: Seat, request: Start) -> Opened:
        id = self._chance.id()
        return Opened(
            match=id,
            player=seat.player,
            opponent=request.opponent,
            alias=assign(self._salt, id, self._share_b, self._share_control),
            gambit=choose(self._chance.draw()),
            seed=self._chance.seed(),
            known=seat.known,
            at=now_ms(),
            player_kind=seat.kind,
            client_ref=request.client_ref,
            lean=self._lean,
        )
