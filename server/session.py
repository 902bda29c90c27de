"""One socket of `rps.v1`: decode, let the table play, answer. It carries and decides nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from time import monotonic
from typing import Any, assert_never

from msgspec import UNSET, MsgspecError
from msgspec.structs import replace

from game import wire
from game.codes import MEANING, Code
from game.errors import GameError
from game.events import Leave, Throw
from game.opponents import OPPONENTS
from game.records import PlayerKind, Reason
from server.audience import EASY, Connection
from server.errors import LogUnavailable, Refusal
from server.limits import Bucket
from server.parts import Parts
from server.ports import Player, Players
from server.table import Seat, now_ms

log = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

HELLO_S = 10
"""A socket that has not said `hello` by then is closed."""
NO_HELLO = 4008
FLOOD = 1008
STRIKES = 1000
"""Messages refused for haste, in a row, after which the socket is closed."""
RETRY_MS = 1000
NOBODY = wire.Record(0, 0, 0)


class Session:
    """From the opening of a socket to its end."""

    def __init__(self, connection: Connection, parts: Parts, bucket: Bucket, kind: PlayerKind) -> None:
        self._connection = connection
        self._table = parts.table
        self._players: Players = parts.log
        self._audience = parts.audience
        self._counters = parts.counters
        self._chance = parts.chance
        self._bucket = bucket
        self._kind = kind
        self._seat: Seat | None = None
        self._image_follows = False
        self._strikes = 0

    async def run(self, receive: Receive) -> None:
        """Answer messages until the socket is gone."""
        late = asyncio.get_running_loop().call_later(HELLO_S, self._no_hello)
        try:
            while True:
                event = await receive()
                if event["type"] == "websocket.disconnect":
                    return
                await self._answer(event.get("text"), event.get("bytes"))
                await self._connection.flushed(EASY)
        finally:
            late.cancel()
            if self._seat is not None:
                self._audience.leave(self._seat.player, self._connection)
                await self._table.rise(self._seat)

    def _no_hello(self) -> None:
        if self._seat is None:
            self._connection.close(NO_HELLO, "no hello")

    async def _answer(self, text: str | None, image: bytes | None) -> None:
        """Answer one frame; whatever is wrong with it is refused with its code."""
        message: wire.ClientMessage | None = None
        try:
            self._pace()
            if text is None:
                self._image(image or b"")
                return
            message = _decoded(text)
            await self._handle(message)
        except (Refusal, GameError) as error:
            retry = error.retry_after_ms if isinstance(error, Refusal) else None
            match = error.match if isinstance(error, Refusal) else None
            self._refuse(error.code, str(error), message, match, retry)
        except LogUnavailable as error:
            log.error("A message was refused because the log is unavailable: %s", error)
            self._refuse(Code.LOG_UNAVAILABLE, MEANING[Code.LOG_UNAVAILABLE], message, None, RETRY_MS)

    def _pace(self) -> None:
        wait = self._bucket.take(monotonic())
        if not wait:
            self._strikes = 0
            return
        self._strikes += 1
        if self._strikes > STRIKES:
            self._connection.close(FLOOD, "too many messages")
        raise Refusal(Code.SLOW_DOWN, retry_after_ms=int(wait * 1000) + 1)

    def _image(self, image: bytes) -> None:
        """The frame after a refused `gesture` is let go; any other image is out of place."""
        if not self._image_follows:
            raise Refusal(Code.UNEXPECTED_BINARY)
        self._image_follows = False
        if len(image) > wire.MAX_IMAGE:
            raise Refusal(Code.TOO_LARGE)

    async def _handle(self, message: wire.ClientMessage) -> None:
        if isinstance(message, wire.Hello):
            await self._hello(message)
            return
        if isinstance(message, wire.Ping):
            self._connection.tell(wire.Pong(message.t))
            return
        if self._seat is None:
            raise Refusal(Code.HELLO_FIRST)
        await self._play(self._seat, message)

    async def _play(self, seat: Seat, message: wire.Throw | wire.Start | wire.Sync | wire.Leave | wire.Gesture) -> None:
        if isinstance(message, wire.Throw):
            throw = Throw(message.round, message.move, message.input, now_ms())
            if await self._table.happen(seat, message.match, throw):
                self._bucket.give_back()
        elif isinstance(message, wire.Start):
            self._tell(await self._table.start(seat, message))
        elif isinstance(message, wire.Sync):
            self._tell(await self._table.missed(seat, message.match, message.seen))
        elif isinstance(message, wire.Leave):
            await self._table.happen(seat, message.match, Leave(Reason.LEFT, now_ms()))
        elif isinstance(message, wire.Gesture):
            self._image_follows = True
            raise Refusal(Code.GESTURES_OFF)
        else:
            assert_never(message)

    async def _hello(self, hello: wire.Hello) -> None:
        if self._seat is not None:
            raise Refusal(Code.ALREADY_GREETED)
        if self._table.draining:
            raise Refusal(Code.DRAINING, retry_after_ms=RETRY_MS)
        player = await self._player(hello)
        token = self._chance.token()
        await self._players.issue(player.id, token)
        records = await self._players.head_to_head(player.id)
        seat = self._table.sit(player.id, player.known, self._kind)
        try:
            live = await self._table.live_match(seat)
        except LogUnavailable:
            await self._table.rise(seat)
            raise
        self._seat = seat
        self._audience.join(player.id, self._connection)
        cards = [
            wire.OpponentCard(card.id, card.name, card.family, card.about, records.get(card.id, NOBODY))
            for card in OPPONENTS.values()
        ]
        self._connection.tell(wire.Welcome(player.id, player.name, token, wire.PROTOCOL, cards, live or UNSET))

    async def _player(self, hello: wire.Hello) -> Player:
        if hello.token is None:
            id = self._chance.id()
            player = Player(id, hello.name or f"Player {id[-4:]}")
            await self._players.register(player)
            return player
        found = await self._players.admit(hello.token)
        if found is None:
            raise Refusal(Code.BAD_TOKEN)
        if hello.name is None or hello.name == found.name:
            return found
        await self._players.rename(found.id, hello.name)
        return replace(found, name=hello.name)

    def _tell(self, messages: Sequence[wire.MatchMessage]) -> None:
        for message in messages:
            self._connection.tell(message)

    def _refuse(
        self, code: Code, text: str, about: wire.ClientMessage | None, match: str | None, retry_ms: int | None
    ) -> None:
        self._counters.refused[code] += 1
        named = match or getattr(about, "match", None)
        round = getattr(about, "round", None)
        self._connection.tell(
            wire.Refused(
                code=code,
                message=text,
                match=UNSET if named is None else named,
                round=UNSET if round is None else round,
                retry_after_ms=UNSET if retry_ms is None else retry_ms,
            )
        )


def _decoded(text: str) -> wire.ClientMessage:
    if len(text) > wire.MAX_TEXT:
        raise Refusal(Code.TOO_LARGE)
    try:
        return wire.decode(text)
    except (MsgspecError, UnicodeError) as error:
        raise Refusal(Code.BAD_MESSAGE, f"The message cannot be read: {error}.") from error
