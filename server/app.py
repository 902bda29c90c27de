"""The ASGI application, made of parts that are given to it."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute

from server import pages
from server.api import Api
from server.lifecycle import Lifecycle
from server.parts import Parts
from server.play import Play


def create_app(parts: Parts) -> Starlette:
    """The application over these parts."""
    play = Play(parts)
    api = Api(
        log=parts.log,
        standings=parts.log,
        lifecycle=Lifecycle(parts.log),
        counters=parts.counters,
        faults=parts.faults,
    )
    return Starlette(
        routes=[WebSocketRoute("/ws", play), *api.routes(), *pages.routes()],
        middleware=[Middleware(pages.SafeHeaders)],
    )
