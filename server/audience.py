"""Who is connected: each player's sockets, and telling them things without ever waiting for a slow one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

from game import wire
from game.codes import MEANING, Code
from game.wire import ServerMessage
from server.eager import begun

BACKLOG = 256
"""Messages that may wait for a socket that does not read; one more and it is closed."""
EASY = 32
"""A session reads no further message while more than this wait for its own socket."""
PER_PLAYER = 4
"""Sockets of one player on this server; the oldest gives way to a fifth."""
TOO_SLOW = 1013
REPLACED = 4001

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Connection:
    """One socket's way out. Frames leave in order; `post` never blocks whoever tells."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._backlog: deque[MutableMapping[str, Any]] = deque()
        self._sending: asyncio.Task[None] | None = None
        self._closing = False

    def tell(self, message: ServerMessage) -> None:
        self.post(wire.encode(message))

    def post(self, text: str) -> None:
        """Send an encoded message after those before it, and none behind the close."""
        if self._closing:
            return
        if len(self._backlog) >= BACKLOG:
            self._backlog.clear()
            self.close(TOO_SLOW, "too slow to read")
        else:
            self._queue({"type": "websocket.send", "text": text})

    def close(self, code: int, reason: str = "") -> None:
        """Close the socket after what was posted before."""
        self._queue({"type": "websocket.close", "code": code, "reason": reason})
        self._closing = True

    def _queue(self, event: MutableMapping[str, Any]) -> None:
        if self._closing:
            return
        self._backlog.append(event)
        if self._sending is None:
            self._sending = begun(self._drain())

    async def _drain(self) -> None:
        try:
            while self._backlog:
                await self._send(self._backlog.popleft())
        except (OSError, RuntimeError):  # the socket is gone; its reading side says so to the session
            self._closing = True
            self._backlog.clear()
        finally:
            self._sending = None

    async def flushed(self, left: int = 0) -> None:
        """Wait until all has left, if `left` messages or more are waiting behind the one that leaves now."""
        if self._sending is not None and len(self._backlog) >= left:
            await asyncio.shield(self._sending)


class Audience:
    """Connections by player."""

    def __init__(self) -> None:
        self._by_player: dict[str, list[Connection]] = {}

    def __iter__(self) -> Iterator[Connection]:
        return (connection for connections in self._by_player.values() for connection in connections)

    def join(self, player: str, connection: Connection) -> None:
        connections = self._by_player.setdefault(player, [])
        connections.append(connection)
        if len(connections) > PER_PLAYER:
            connections.pop(0).close(REPLACED, "opened elsewhere")

    def leave(self, player: str, connection: Connection) -> None:
        connections = self._by_player.get(player, [])
        if connection in connections:
            connections.remove(connection)
        if not connections:
            self._by_player.pop(player, None)

    def dismiss(self, player: str) -> None:
        """Tell the player that they play over another server now, and close their sockets here."""
        self.tell(player, wire.Refused(Code.ELSEWHERE, MEANING[Code.ELSEWHERE]))
        for connection in self._by_player.get(player, []):
            connection.close(REPLACED, "opened elsewhere")

    def present(self, player: str) -> bool:
        return player in self._by_player

    def tell(self, player: str, message: ServerMessage) -> None:
        """Tell a player on all their sockets."""
        connections = self._by_player.get(player)
        if connections:
            text = wire.encode(message)
            for connection in connections:
                connection.post(text)
