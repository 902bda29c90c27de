"""A sparring partner's socket: it plays one match after another and comes back when the connection is lost."""

import asyncio
from random import Random
from types import TracebackType
from typing import Self

from msgspec import UNSET, MsgspecError, json
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from game.codes import Code
from game.records import PlayerKind
from game.wire import (
    PROTOCOL,
    ClientMessage,
    Hello,
    Matched,
    Over,
    Refused,
    Result,
    Round,
    ServerMessage,
    Throw,
    Welcome,
)
from trainer.errors import NoServer, NotPlayed
from trainer.sparring.hand import Finished, Hand
from trainer.sparring.position import Bot

KIND = {"RPS-Player-Kind": PlayerKind.BOT.value}
"""The header by which the server and the log tell programs from people."""
SILENCE_S = 20
"""A socket that tells nothing for so long while an answer is due is taken for lost."""
PATIENCE_S = 60
"""So long a player tries again while nobody's match goes on."""
PAUSE_S = 0.1
"""Between two looks."""
PASSING = {Code.SLOW_DOWN, Code.DRAINING, Code.LOG_UNAVAILABLE}
"""What is refused with these codes may be said again later."""

_decoder: json.Decoder[ServerMessage] = json.Decoder(ServerMessage)
_encoder = json.Encoder()


class Later(ConnectionError):
    """The server asks to come back in `wait_s`."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.wait_s = 0.0 if refused.retry_after_ms is UNSET else refused.retry_after_ms / 1000


class Server:
    """Where to play, and when any match there last went on (the event loop's time, 0 before the first welcome)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.alive = 0.0

    def goes_on(self) -> None:
        self.alive = asyncio.get_running_loop().time()


class Player:
    """`async with Player(server, ...) as player: await player.play("brian")`; the socket is kept between matches."""

    def __init__(self, server: Server, name: str, bot: Bot, random: Random, think_s: float = 0) -> None:
        """The same `bot` plays all matches, with chance from `random`, and takes `think_s` for each throw."""
        self._server = server
        self._name = name
        self._bot = bot
        self._random = random
        self._think_s = think_s
        self._token: str | None = None
        self._socket: ClientConnection | None = None
        self._begun = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._hang_up()

    async def play(self, opponent: str) -> Finished:
        """One match to its end, over as many sockets as it takes; raises NoServer or NotPlayed."""
        self._begun += 1
        hand = Hand(self._bot, self._random, opponent, str(self._begun))
        while hand.finished is None:
            try:
                await self._sit(hand)
            except (OSError, WebSocketException) as error:  # a TimeoutError is an OSError
                await self._again(error)
            except MsgspecError as error:
                raise NotPlayed(f"What answers at {self._server.url} does not speak {PROTOCOL}: {error}.") from error
        return hand.finished

    async def _sit(self, hand: Hand) -> None:
        """Play until the match is over or the socket lost."""
        socket = self._socket or await self._connect()
        await _say(socket, hand.begin())
        while hand.finished is None:
            message = await self._hear(socket)
            if isinstance(message, Matched | Round | Result | Over):
                self._server.goes_on()
                reply = hand.hear(message)
                if isinstance(reply, Throw):
                    await asyncio.sleep(self._think_s)
                if reply is not None:
                    await _say(socket, reply)

    async def _connect(self) -> ClientConnection:
        """A socket that has been welcomed."""
        address = self._server.url.rstrip("/").replace("http", "ws", 1) + "/ws"
        protocols = [Subprotocol(PROTOCOL)]
        # set at once: a socket that is not welcomed must be closed too
        socket = self._socket = await connect(
            address, subprotocols=protocols, additional_headers=KIND, open_timeout=SILENCE_S, close_timeout=1
        )
        await _say(socket, Hello(self._token, self._name))
        while not isinstance(message := await self._hear(socket), Welcome):
            pass
        self._token = message.token
        if not self._server.alive:
            self._server.goes_on()
        return socket

    async def _hear(self, socket: ClientConnection) -> ServerMessage:
        async with asyncio.timeout(SILENCE_S):
            message = _decoder.decode(await socket.recv())
        if isinstance(message, Refused):
            if message.code in PASSING:
                raise Later(message)
            raise NotPlayed(f"The server at {self._server.url} refused to go on: {message.message} ({message.code})")
        return message

    async def _again(self, error: Exception) -> None:
        """Wait before the next try; raises NoServer where there is no hope of one."""
        await self._hang_up()
        why = str(error).rstrip(".") or "no answer"
        if not self._server.alive:
            raise NoServer(f"There is no match server at {self._server.url}: {why}.") from error
        if asyncio.get_running_loop().time() - self._server.alive > PATIENCE_S:
            text = f"No match has gone on at {self._server.url} for {PATIENCE_S} s: {why}."
            raise NoServer(text) from error
        await asyncio.sleep(error.wait_s if isinstance(error, Later) else PAUSE_S)

    async def _hang_up(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        self._socket = None


async def _say(socket: ClientConnection, message: ClientMessage) -> None:
    await socket.send(_encoder.encode(message).decode())
