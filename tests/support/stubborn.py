"""A scripted player who finishes what they began, however often the connection is lost, and remembers what was told."""

import asyncio
from collections.abc import Callable
from typing import Any

from msgspec import json
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

Message = dict[str, Any]
Choose = Callable[[Message, list[Message]], str]


class Broken(AssertionError):
    """The server told something that contradicts what it told before."""


class Stubborn:
    """Plays matches to their end. `told` holds every match message by (match, seq): the same number, the same words."""

    def __init__(self, url: str, choose: Choose) -> None:
        self._address = url.replace("http", "ws", 1) + "/ws"
        self._choose = choose
        self._token: str | None = None
        self._ref = ""
        self.told: dict[str, dict[int, Message]] = {}
        self._thrown: dict[tuple[str, int], str] = {}
        self.resumes = 0
        self.finished: list[str] = []

    async def play(self, opponent: str, client_ref: str) -> Message:
        """One match to its end; returns `over`."""
        self._ref = client_ref
        match: str | None = None
        while True:
            try:
                async with connect(self._address, subprotocols=[Subprotocol("rps.v1")], open_timeout=5) as socket:
                    match, over = await self._sit(socket, opponent, match)
                    return over
            except (OSError, WebSocketException, InvalidHandshake, TimeoutError):
                self.resumes += 1
                await asyncio.sleep(0.05)

    async def _sit(self, socket: ClientConnection, opponent: str, match: str | None) -> tuple[str, Message]:
        hello = {"type": "hello"} if self._token is None else {"type": "hello", "token": self._token}
        await self._say(socket, **hello)
        while True:
            async with asyncio.timeout(120):
                message: Message = json.decode(await socket.recv())
            kind = message["type"]
            if kind == "welcome":
                self._token = message["token"]
                # the same reference again: the match that it began, or a new one if it began none
                await self._say(socket, type="start", opponent=opponent, client_ref=self._ref)
            elif kind == "refused":
                if message["code"] not in {"slow-down", "draining", "log-unavailable"}:
                    raise Broken(message)
                raise TimeoutError(message["code"])
            elif "seq" in message:
                self._remember(message)
                if kind == "over":
                    self.finished.append(message["match"])
                    return message["match"], message
                if kind == "round" and message["seq"] == max(self.told[message["match"]]):
                    await self._throw(socket, message)

    async def _throw(self, socket: ClientConnection, round: Message) -> None:
        at = round["match"], round["round"]
        if at not in self._thrown:
            told = self.told[round["match"]]
            results = [told[seq] for seq in sorted(told) if told[seq]["type"] == "result"]
            self._thrown[at] = self._choose(round, results)
        move = self._thrown[at]
        await self._say(socket, type="move", match=round["match"], round=round["round"], move=move)

    def _remember(self, message: Message) -> None:
        told = self.told.setdefault(message["match"], {})
        before = told.setdefault(message["seq"], message)
        if before != message:
            raise Broken(f"{before} became {message}")

    async def _say(self, socket: ClientConnection, **message: Any) -> None:
        await socket.send(json.encode(message).decode())
