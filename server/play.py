"""The WebSocket endpoint: who may connect, and a session for each who does."""

from collections.abc import Callable
from time import monotonic

from msgspec import Struct
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from game.records import PlayerKind
from game.wire import PROTOCOL
from server.audience import Audience, Connection
from server.counters import Counters
from server.limits import Bucket
from server.ports import Chance, Players
from server.session import Session
from server.table import Table

KIND_HEADER = "rps-player-kind"
"""Clients that are programs say `bot` here, so that their rounds are told apart from people's."""


class Play(Struct, frozen=True):
    """`/ws` as an ASGI application."""

    table: Table
    players: Players
    audience: Audience
    counters: Counters
    chance: Chance
    origins: frozenset[str]
    max_connections: int
    bucket: Callable[[float], Bucket]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope)
        if refusal is not None:
            await WebSocket(scope, receive, send).send_denial_response(refusal)
            return
        await receive()  # websocket.connect
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        said = Headers(scope=scope).get(KIND_HEADER)
        session = Session(
            Connection(send),
            self.table,
            self.players,
            self.audience,
            self.counters,
            self.chance,
            self.bucket(monotonic()),
            PlayerKind.BOT if said == PlayerKind.BOT else PlayerKind.HUMAN,
        )
        self.counters.connections += 1
        try:
            await session.run(receive)
        finally:
            self.counters.connections -= 1

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is not None and origin not in self.origins and origin.partition("://")[2] != headers.get("host"):
            return PlainTextResponse(f"Pages of {origin} may not play here.\n", 403)
        if PROTOCOL not in scope["subprotocols"]:
            return PlainTextResponse(f"This socket speaks {PROTOCOL}; ask for it as the subprotocol.\n", 400)
        if self.counters.connections >= self.max_connections:
            return PlainTextResponse("The house is full; try again soon.\n", 503, {"Retry-After": "5"})
        return None
