"""A client of `rps.v1` for tests, over the websockets library."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

from msgspec import json
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE_S = 180
Message = dict[str, Any]


class Client:
    """One socket. `say` sends, `hear` waits for the next message, `until` for one of a type."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Message] = []

    async def say(self, type: str, **fields: Any) -> None:
        await self.socket.send(json.encode({"type": type, **fields}).decode())

    async def send(self, frame: str | bytes) -> None:
        await self.socket.send(frame)

    async def hear(self) -> Message:
        async with asyncio.timeout(PATIENCE_S):
            message: Message = json.decode(await self.socket.recv())
        self.heard.append(message)
        return message

    async def until(self, *types: str) -> Message:
        while True:
            message = await self.hear()
            if message["type"] in types:
                return message

    async def ask(self, type: str, **fields: Any) -> Message:
        """Say something and hear the very next message."""
        await self.say(type, **fields)
        return await self.hear()

    async def hello(self, **fields: Any) -> Message:
        await self.say("hello", **fields)
        return await self.until("welcome")

    async def start(self, opponent: str = "brian", **fields: Any) -> Message:
        """Begin a match; returns its first `round`."""
        await self.say("start", opponent=opponent, **fields)
        await self.until("matched")
        return await self.until("round")

    async def throw(self, round: Message, move: str = "rock") -> Message:
        """Throw in an open round; returns the result."""
        await self.say("move", match=round["match"], round=round["round"], move=move)
        return await self.until("result")

    async def show(self, round: Message, image: bytes, intent: str = "preview", **more: Any) -> None:
        """Send an image for an open round, and wait for nothing."""
        await self.say("gesture", match=round["match"], round=round["round"], intent=intent, **more)
        await self.send(image)

    async def play_out(self, round: Message, choose: Callable[[Message], str] = lambda round: "rock") -> Message:
        """Throw until the match is over."""
        while round["type"] == "round":
            await self.throw(round, choose(round))
            round = await self.until("round", "over")
        return round

    async def settled(self) -> Self:
        """Wait until everything sent before has been answered."""
        await self.say("ping", t=1)
        await self.until("pong")
        return self


@asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncIterator[Client]:
    """A client at the server of this HTTP address."""
    address = url.replace("http", "ws", 1) + "/ws"
    async with connect(address, subprotocols=[Subprotocol("rps.v1")], **options) as socket:
        yield Client(socket)
