"""The WebSocket endpoint: who may connect, and a session for each who does."""

from time import monotonic

from msgspec import Struct
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from game.records import PlayerKind
from game.wire import PROTOCOL
from server.audience import Connection
from server.limits import Bucket
from server.origins import foreign
from server.parts import Parts
from server.session import Session

KIND_HEADER = "rps-player-kind"
"""Programs say `bot` here, and tests `test`, so that their rounds are told apart from people's."""


class Play(Struct, frozen=True):
    """`/ws` as an ASGI application."""

    parts: Parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope)
        if refusal is not None:
            await WebSocket(scope, receive, send).send_denial_response(refusal)
            return
        await receive()  # websocket.connect
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        settings, counts = self.parts.settings, self.parts.meters.counts
        bucket = Bucket(settings.rate, settings.burst, monotonic())
        said = Headers(scope=scope).get(KIND_HEADER)
        kind = next((kind for kind in PlayerKind if kind == said), PlayerKind.HUMAN)
        counts.connections += 1
        try:
            await Session(Connection(send), self.parts, bucket, kind, receive).run()
        finally:
            counts.connections -= 1

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        settings = self.parts.settings
        origin = foreign(Headers(scope=scope), settings.allowed_origins)
        if origin is not None:
            return PlainTextResponse(f"Pages of {origin} may not play here.\n", 403)
        if PROTOCOL not in scope["subprotocols"]:
            return PlainTextResponse(f"This socket speaks {PROTOCOL}; ask for it as the subprotocol.\n", 400)
        if self.parts.meters.counts.connections >= settings.max_connections:
            return PlainTextResponse("The house is full; try again soon.\n", 503, {"Retry-After": "5"})
        return None
