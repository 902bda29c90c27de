"""One socket of `rps.v1`: decode, let the table play, answer. It carries and decides nothing."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import partial
from time import monotonic
from typing import Any, assert_never

from msgspec import UNSET, MsgspecError

from game import wire
from game.codes import Code
from game.events import Throw
from game.moves import Move
from game.records import PlayerKind
from server.audience import EASY, Connection
from server.errors import Refusal
from server.gestures import Gestures
from server.greeting import admitted, cards
from server.limits import Bucket
from server.outcomes import RETRY_MS, TAGS, Outcomes
from server.parts import Parts
from server.ports import Players
from server.seats import Seat
from server.table import now_ms
from telemetry.traces import Span

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

HELLO_S = 10
"""A socket that has not said `hello` by then is closed."""
NO_HELLO = 4008
FLOOD = 1008
STRIKES = 1000
"""Messages refused for haste, in a row, after which the socket is closed."""
IMAGE, UNREADABLE = "image", "unreadable"
"""What messages are counted as that have no tag: binary frames, and what was not read as a message."""


class Session:
    """From the opening of a socket to its end."""

    def __init__(
        self, connection: Connection, parts: Parts, bucket: Bucket, kind: PlayerKind, receive: Receive
    ) -> None:
        self._connection = connection
        self._table = parts.table
        self._players: Players = parts.log
        self._audience = parts.audience
        self._meters = parts.meters
        self._outcomes = Outcomes(connection, parts.meters, self.span)
        self._chance = parts.chance
        self._bucket = bucket
        self._kind = kind
        self._seat: Seat | None = None
        self._gestures: Gestures | None = None
        self._returned: str | None = None
        self._eyes = parts.eyes
        self._frames = parts.frames
        self._donations = parts.donations
        self._strikes = 0
        self._receive = receive
        self._ahead: asyncio.Future[MutableMapping[str, Any]] | None = None
        """What comes behind a hello, waited for while that is answered."""

    async def run(self) -> None:
        """Answer messages until the socket is gone."""
        late = asyncio.get_running_loop().call_later(HELLO_S, self._no_hello)
        try:
            while True:
                event = await (self._ahead or self._receive())
                self._ahead = None
                if event["type"] == "websocket.disconnect":
                    return
                await self._answer(event.get("text"), event.get("bytes"))
                await self._connection.flushed(EASY)
        finally:
            late.cancel()
            if self._ahead is not None:
                self._ahead.cancel()
            if self._seat is not None:
                await self._end(self._seat)

    async def _end(self, seat: Seat) -> None:
        if self._gestures is not None:
            self._gestures.gone()
        self._audience.leave(seat.player, self._connection)
        if not self._audience.present(seat.player):
            self._donations.let_go(seat.player)
        await self._table.seats.rise(seat)

    def _no_hello(self) -> None:
        if self._seat is None:
            self._connection.close(NO_HELLO, "no hello")

    async def _answer(self, text: str | None, image: bytes | None) -> None:
        """Answer one frame; whatever is wrong with it is refused with its code."""
        arrived, kind = monotonic(), IMAGE if text is None else UNREADABLE
        if text is None and self._gestures is not None and self._gestures.follows:
            self._meters.arrived(kind)
            await self._outcomes.attempt(
                partial(self._image, self._gestures, image or b"", arrived), self._gestures.expected
            )
            return
        try:
            self._pace()
            if text is None:
                raise Refusal(Code.UNEXPECTED_BINARY)
            message = _decoded(text)
            kind = TAGS[type(message)]
        except Refusal as error:
            self.refuse(error, None)
        else:
            await self._outcomes.attempt(partial(self._handle, message, arrived), message)
        finally:
            self._meters.arrived(kind)
            self._meters.handled(kind, monotonic() - arrived)

    async def attempt(self, doing: Callable[[], Awaitable[None]], about: wire.Gesture, arrived: float) -> None:
        """Do what is to be done about an image that arrived then; whatever is wrong is refused with its code."""
        await self._outcomes.attempt(doing, about)
        self._meters.handled(IMAGE, monotonic() - arrived)

    def _pace(self) -> None:
        wait = self._bucket.take(monotonic())
        if not wait:
            self._strikes = 0
            return
        self._strikes += 1
        if self._strikes > STRIKES:
            self._connection.close(FLOOD, "too many messages")
        raise Refusal(Code.SLOW_DOWN, retry_after_ms=int(wait * 1000) + 1)

    async def _image(self, gestures: Gestures, image: bytes, arrived: float) -> None:
        gestures.arrived(image, arrived)

    async def _handle(self, message: wire.ClientMessage, arrived: float) -> None:
        if isinstance(message, wire.Hello):
            await self._hello(message)
            return
        if isinstance(message, wire.Ping):
            self._connection.tell(wire.Pong(message.t))
            return
        if self._seat is None or self._gestures is None:
            raise Refusal(Code.HELLO_FIRST)
        if isinstance(message, wire.Gesture):
            self._gestures.announced()
            await self._table.expect(self._seat, message.match, message.round)
            self._gestures.expect(message, now_ms())
        else:
            await self._play(self._seat, message, arrived)

    async def _play(
        self, seat: Seat, message: wire.Throw | wire.Start | wire.Sync | wire.Leave | wire.Forget, arrived: float
    ) -> None:
        if isinstance(message, wire.Throw):
            await self._throw(seat, message, arrived)
        elif isinstance(message, wire.Start):
            self._tell(await self._table.start(seat, message))
        elif isinstance(message, wire.Sync):
            self._tell(await self._table.missed(seat, message.match, message.seen))
            if message.match != self._returned:  # a client that was told of its match at hello asks for it next
                self._meters.resumed("sync", "resumed")
        elif isinstance(message, wire.Leave):
            await self._table.leave(seat, message.match)
        elif isinstance(message, wire.Forget):
            self._connection.tell(wire.Forgotten(await self._donations.forget(seat.player)))
        else:
            assert_never(message)

    async def _throw(
        self, seat: Seat, message: wire.Throw, arrived: float, durable: Callable[[], None] | None = None
    ) -> None:
        throw = Throw(message.round, message.move, message.input, now_ms())
        if await self._table.throw(seat, message.match, throw, arrived, durable):
            self._bucket.give_back()
            await self._donations.thrown(seat.player, message.match, message.round, message.move)

    def span(self, about: wire.ClientMessage | None) -> Span | None:
        """Of the open round that a message is about."""
        if self._seat is None or not isinstance(about, wire.Throw | wire.Gesture):
            return None
        return self._seat.trail.of(about.match, about.round)

    def show(self, seen: wire.Seen, intent: wire.Intent) -> None:
        self._meters.seen(intent.value, seen.label, seen.confidence, None if seen.reason is UNSET else seen.reason)
        self._connection.tell(seen)

    async def throw(self, gesture: wire.Gesture, move: Move, seen: wire.Seen, arrived: float) -> None:
        """Throw what a gesture showed; `seen` is told when it counts, before the result."""
        if self._seat is not None:
            self._meters.seen(wire.Intent.PLAY.value, seen.label, seen.confidence, None)
            message = wire.Throw(gesture.match, gesture.round, move, gesture.input)
            await self._throw(self._seat, message, arrived, lambda: self._connection.tell(seen))

    async def _hello(self, hello: wire.Hello) -> None:
        if self._seat is not None:
            raise Refusal(Code.ALREADY_GREETED)
        if self._table.draining:
            raise Refusal(Code.DRAINING, retry_after_ms=RETRY_MS)
        self._ahead = asyncio.ensure_future(self._receive())
        player = await admitted(hello, self._players, self._chance)
        token = self._chance.token()
        await self._players.issue(player.id, token)
        records = await self._players.head_to_head(player.id)
        if self._gone():
            return
        seat = self._table.seats.sit(player.id, self._kind)
        try:
            live = await self._table.greet(seat)
            self._seat = seat
        finally:
            if self._seat is None:
                await self._table.seats.rise(seat)
        self._gestures = Gestures(self._eyes, self._frames, self._donations, player.id, self._chance.id(), self)
        self._audience.join(player.id, self._connection)
        shown = cards(self._table.opponents, records)
        self._connection.tell(wire.Welcome(player.id, player.name, token, wire.PROTOCOL, shown, live or UNSET))
        if live is not None:
            self._returned = live
            self._meters.resumed("hello", "resumed")

    def _gone(self) -> bool:
        """Whether the socket has ended behind its hello. A server that was held up must not claim a player for it who
        has said hello elsewhere since.
        """
        ahead = self._ahead
        return ahead is not None and ahead.done() and ahead.result()["type"] == "websocket.disconnect"

    def _tell(self, messages: Sequence[wire.MatchMessage]) -> None:
        for message in messages:
            self._connection.tell(message)

    def refuse(self, refusal: Refusal, about: wire.ClientMessage | None) -> None:
        self._outcomes.refuse(refusal, about)


def _decoded(text: str) -> wire.ClientMessage:
    if len(text) > wire.MAX_TEXT:
        raise Refusal(Code.TOO_LARGE)
    try:
        return wire.decode(text)
    except (MsgspecError, UnicodeError) as error:
        raise Refusal(Code.BAD_MESSAGE, f"The message cannot be read: {error}.") from error
