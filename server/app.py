"""The ASGI application, made of parts that are given to it."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, WebSocketRoute

from server import pages
from server.api import Api
from server.lifecycle import Lifecycle
from server.parts import Parts
from server.play import Play
from server.predict import Predict
from server.standings import Standings


def create_app(parts: Parts, beside: Sequence[BaseRoute] = (), standings: Standings | None = None) -> Starlette:
    """The application over these parts, and what else is to be answered beside them.

    The log tells the standings, unless somebody else is given who keeps them.
    """
    play = Play(parts)
    api = Api(
        log=parts.log,
        standings=standings or parts.log,
        lifecycle=Lifecycle(parts.log),
        counters=parts.meters.counts,
        faults=parts.faults,
    )
    predict = Predict(parts.eyes, parts.meters, parts.settings.allowed_origins)
    return Starlette(
        routes=[WebSocketRoute("/ws", play), *api.routes(), *predict.routes(), *beside, *pages.routes()],
        middleware=[Middleware(pages.SafeHeaders)],
    )
