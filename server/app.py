"""The ASGI application, made of parts that are given to it."""

from functools import partial

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute

from server import pages
from server.api import Api
from server.audience import Audience
from server.counters import Counters
from server.limits import Bucket
from server.play import Play
from server.ports import Chance, Oracle
from server.settings import Settings
from server.sqlite import SqliteLog
from server.table import Table


class Parts:
    """Everything of one running server, wired together."""

    def __init__(self, settings: Settings, log: SqliteLog, oracle: Oracle, salt: str) -> None:
        self.settings = settings
        self.log = log
        self.oracle = oracle
        self.counters = Counters()
        self.audience = Audience()
        self.chance = Chance()
        self.table = Table(log, oracle, self.audience, self.counters, self.chance, salt=salt, share_b=settings.share_b)

    def faults(self) -> dict[str, str]:
        """What keeps this server from being ready, in plain words."""
        faults = {}
        if self.table.draining:
            faults["server"] = "about to stop"
        if not self.oracle.connected:
            faults["inference"] = "the sidecar does not answer; rounds are played from the equilibrium"
        return faults


def create_app(parts: Parts) -> Starlette:
    """The application over these parts."""
    settings = parts.settings
    play = Play(
        table=parts.table,
        players=parts.log,
        audience=parts.audience,
        counters=parts.counters,
        chance=parts.chance,
        origins=settings.allowed_origins,
        max_connections=settings.max_connections,
        bucket=partial(Bucket, settings.rate, settings.burst),
    )
    api = Api(log=parts.log, standings=parts.log, counters=parts.counters, faults=parts.faults)
    return Starlette(
        routes=[WebSocketRoute("/ws", play), *api.routes(), *pages.routes()],
        middleware=[Middleware(pages.SafeHeaders)],
    )
