"""A match server in the test's own loop, on a free port, with a stand-in for the models."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from game.assignment import Alias
from game.records import Prediction
from server.app import create_app
from server.http import Server, serve
from server.parts import Parts
from server.ports import Predictions, Unanswered
from server.settings import Settings
from server.sqlite import opened


class Seer:
    """Expects rock; or is down while `fault` is set."""

    def __init__(self) -> None:
        self.fault: str | None = None

    @property
    def connected(self) -> bool:
        return self.fault is None

    async def predict(self, family: str, features: bytes, past: bytes) -> Predictions:
        if self.fault is not None:
            raise Unanswered(self.fault)
        return {alias: Prediction(f"{family}-{alias.lower()}", (0.6, 0.3, 0.1)) for alias in Alias}


class House:
    """A running server."""

    def __init__(self, parts: Parts, server: Server, oracle: Seer) -> None:
        self.parts = parts
        self.server = server
        self.oracle = oracle
        port = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"


Opening = Callable[..., Awaitable[House]]


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[House]:
    """A server with these settings, stopped in order at the end."""
    async with opened(settings.database, settings.durability) as rounds:
        oracle = Seer()
        parts = Parts(settings, rounds, oracle, await rounds.salt(settings.assignment_salt))
        server = serve(create_app(parts), parts)
        serving = asyncio.create_task(server.serve())
        await server.listening.wait()
        try:
            yield House(parts, server, oracle)
        finally:
            server.should_exit = True
            await serving
