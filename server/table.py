"""The table: where matches are played. It performs what `game.match` decides and holds no rule of its own.

Each player who is present has one seat, and the seat's lock orders everything that happens to their match. A match
moves on in memory only after the log has it; if the log fails, memory forgets the match and reads it again.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from time import monotonic, time

from game import match as rules
from game.assignment import assign
from game.codes import Code
from game.errors import CorruptRecord
from game.events import Answer, Ask, Effect, Leave, Tell, Throw, Write
from game.fold import rebuild
from game.gambits import choose
from game.opponents import Opponent, together
from game.records import Closed, Opened, Reason, Scores, Winner
from game.state import NO_MODEL, Match
from game.views import missed
from game.wire import MatchMessage, Start
from server.audience import Audience
from server.errors import Refusal
from server.meters import UNKNOWN, Meters
from server.ports import Chance, Oracle, Predictions, Unanswered
from server.seats import Matches, Seat, Seats
from server.spans import ids, traceparent, within
from telemetry.traces import NO_TRACES, Kind, Span, Traces

log = logging.getLogger(__name__)


def now_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return int(time() * 1000)


class Table:
    """Everybody's matches."""

    def __init__(
        self,
        log: Matches,
        oracle: Oracle,
        audience: Audience,
        meters: Meters,
        chance: Chance,
        *,
        salt: str,
        share_b: float,
        share_control: float,
        lean: float,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._log = log
        self._oracle = oracle
        self._audience = audience
        self._meters = meters
        self._chance = chance
        self._salt = salt
        self._share_b = share_b
        self._share_control = share_control
        self._lean = lean
        self.seats = Seats(log, audience, traces)
        self.draining = False

    @property
    def opponents(self) -> Mapping[str, Opponent]:
        """Who can be chosen, by their families, in the order in which they are shown."""
        return together(self._oracle.opponents)

    async def greet(self, seat: Seat) -> str | None:
        """Claim the player, who says hello here; the match that they can go on with."""
        async with seat.lock:
            await self.seats.claim(seat)
            match = await self._live(seat, returns=True)
            return None if match is None else match.id

    async def start(self, seat: Seat, request: Start) -> Sequence[MatchMessage]:
        """Begin a match and tell the player; if this very request began one before, what to tell again."""
        async with seat.lock:
            await self.seats.hold(seat)
            if request.client_ref is not None:  # asked first: who is played against may be gone since
                earlier = await self._log.match_of_ref(seat.player, request.client_ref)
                if earlier is not None:
                    return missed(await self._ready(seat, earlier), 0)
            if request.opponent not in self.opponents:
                raise Refusal(Code.UNKNOWN_OPPONENT)
            live = await self._live(seat)
            if live is not None:
                raise Refusal(Code.ALREADY_PLAYING, match=live.id)
            if self.draining:
                raise Refusal(Code.DRAINING)
            match, effects = rules.start(self._opened(seat, request))
            await self._perform(seat, match, effects)
            seat.trail.begun(match)
            await self._go_on(seat, match, effects)
            return ()

    async def throw(
        self, seat: Seat, match_id: str, throw: Throw, arrived: float, durable: Callable[[], None] | None = None
    ) -> bool:
        """Let the player throw and tell what follows; whether the throw counted now, and not before already.

        It `arrived` at that time (monotonic seconds). `durable` is called when it is certain to count, before anything
        is told.
        """
        async with seat.lock:
            match = await self._ready(seat, match_id)
            after, effects = rules.step(match, throw)
            if after is match:
                await self._perform(seat, after, effects, durable=durable)
                return False
            with seat.trail.throw(arrived) as span:
                await self._perform(seat, after, effects, span, durable)
            self._meters.round_told(monotonic() - arrived, ids(span))
            seat.trail.played(after.rounds[-1].played.outcome.value)
            await self._go_on(seat, after, effects)
            return True

    async def leave(self, seat: Seat, match_id: str) -> None:
        """Let the player give up the match, and tell its end."""
        async with seat.lock:
            await self._end(seat, await self._ready(seat, match_id), Reason.LEFT)

    async def expect(self, seat: Seat, match_id: str, round: int) -> None:
        """Raise as a throw would, unless the player may throw in this round now."""
        async with seat.lock:
            rules.awaited(await self._ready(seat, match_id), round)

    async def missed(self, seat: Seat, match_id: str, seen: int) -> Sequence[MatchMessage]:
        """What to tell a socket that has seen the match's messages up to `seen`."""
        async with seat.lock:
            return missed(await self._ready(seat, match_id), seen)

    async def expire(self, before: int) -> int:
        """Close the matches of those who are not here and have done nothing since `before`; returns how many."""
        closed = 0
        for player in await self._log.idle_players(before):
            if self._audience.present(player) or not await self._idle(player, before):  # any more: that was a while ago
                continue
            seat = self.seats.sit(player)
            try:
                async with seat.lock:
                    await self.seats.hold(seat)
                    id = await self._log.live_match(player)
                    match = await self._live(seat)
                    if match is not None:
                        await self._end(seat, match, Reason.EXPIRED)
                    closed += id is not None
            except Refusal:
                log.info("A match that nobody came back to is left to another server, which has its player now.")
            finally:
                await self.seats.rise(seat)
        return closed

    async def _idle(self, player: str, before: int) -> bool:
        """Whether the player has a live match in which nothing has happened since, on any server."""
        id = await self._log.live_match(player)
        if id is None:
            return False
        try:
            return (await self._log.records(id))[-1].at < before
        except CorruptRecord:  # nobody can play it
            return True

    async def _ready(self, seat: Seat, match_id: str) -> Match:
        """The player's match of this id, with its round open if it is live; raises Refusal if they have none."""
        await self.seats.hold(seat)
        match = seat.match
        if match is None or match.id != match_id:
            match = await self._read(seat, match_id)
        return await self._go_on(seat, match, rules.resume(match))

    async def _live(self, seat: Seat, returns: bool = False) -> Match | None:
        """The player's live match, to which they return or not. While a seat holds an ended one, there is no other."""
        if seat.match is None:
            id = await self._log.live_match(seat.player)
            if id is None:
                return None
            try:
                await self._read(seat, id)
            except CorruptRecord as error:
                log.error("Match %s is closed as void, its record is damaged: %s", id, error)
                await self._void(seat, id)
                if returns:
                    self._meters.resumed("hello", "failed")
        return seat.live

    async def _read(self, seat: Seat, match_id: str) -> Match:
        records = await self._log.records(match_id)
        if not records or not isinstance(records[0], Opened) or records[0].player != seat.player:
            raise Refusal(Code.UNKNOWN_MATCH, match=match_id)
        match = rebuild(records)
        if match.closed is None:
            seat.match, seat.fault = match, UNKNOWN
            seat.trail.resumed(match)
        return match

    async def _void(self, seat: Seat, id: str) -> None:
        nothing = Scores(0, 0)
        closed = Closed(id, 0, Winner.TIE, Reason.VOID, nothing, NO_MODEL, seat.known, now_ms())
        await self.seats.append(seat, [closed])
        self._meters.voided(closed)

    async def _end(self, seat: Seat, match: Match, reason: Reason) -> None:
        after, effects = rules.step(match, Leave(reason, now_ms()))
        await self._perform(seat, after, effects)
        await self._go_on(seat, after, effects)

    async def _perform(
        self,
        seat: Seat,
        match: Match,
        effects: Sequence[Effect],
        span: Span | None = None,
        durable: Callable[[], None] | None = None,
    ) -> None:
        """Do what was decided: make it durable, move on, tell."""
        await self._write(seat, match, effects, span)
        if durable is not None:
            durable()
        for effect in effects:
            if isinstance(effect, Tell):
                self._audience.tell(seat.player, effect.message)

    async def _go_on(self, seat: Seat, match: Match, effects: Sequence[Effect]) -> Match:
        """What follows: the next round if the models are to be asked about it, or the end."""
        if match.closed is not None:
            seat.trail.closed(match)
        for effect in effects:
            if isinstance(effect, Ask):
                match = await self._open(seat, match, effect)
        return match

    async def _open(self, seat: Seat, match: Match, question: Ask) -> Match:
        """Ask the models, seal the bot's move with their answer, and tell the round."""
        asked = monotonic()
        with within(seat.trail.asks(match), "seal") as span:
            predictions, seat.fault = await self._ask(match, question, span)
            answer = Answer(question, predictions, self._chance.draw(), self._chance.nonce(), now_ms())
            match, effects = rules.step(match, answer)
            await self._perform(seat, match, effects, span)
        self._meters.round_opened(match, monotonic() - asked, ids(span))
        return match

    async def _write(self, seat: Seat, match: Match, effects: Sequence[Effect], span: Span | None) -> None:
        records = [effect.record for effect in effects if isinstance(effect, Write)]
        if not records:
            return
        with within(span, "commit"):
            await self.seats.append(seat, records)
        seat.match = match
        if match.closed is not None:
            seat.known = match.closed.known
        self._meters.kept(match, records, seat.fault)

    async def _ask(self, match: Match, question: Ask, span: Span | None) -> tuple[Predictions, str | None]:
        """What the models expect, or nothing and why."""
        family = match.opened.family
        asked, fault, traced = monotonic(), None, None
        try:
            with within(span, "inference", Kind.CLIENT) as asking:
                traced = ids(asking)
                return await self._oracle.predict(family, question.features, question.past, traceparent(asking)), None
        except Unanswered as error:
            fault = error.reason
            return {}, fault
        finally:
            self._meters.answered(family, monotonic() - asked, fault, traced)

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
