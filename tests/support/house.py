"""A match server in the test's own loop, on a free port, with a stand-in for the models."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from game.assignment import Alias
from game.codes import Code
from game.gestures import Cause, Label, Look
from game.opponents import Opponent
from game.records import Prediction
from server.app import create_app
from server.database import opened
from server.errors import Refusal
from server.http import Server, serve
from server.meters import Meters
from server.parts import Parts
from server.ports import Predictions, Unanswered
from server.settings import Settings
from telemetry.traces import NO_TRACES, Traces


class Seer:
    """Expects rock; or is down while `fault` is set. `traces` are the traceparents that came with the questions, and
    `opponents` those that bundles brought.
    """

    def __init__(self) -> None:
        self.fault: str | None = None
        self.traces: list[str] = []
        self.opponents: dict[str, Opponent] = {}

    @property
    def connected(self) -> bool:
        return self.fault is None

    async def predict(self, family: str, features: bytes, past: bytes, trace: str = "") -> Predictions:
        self.traces.append(trace)
        if self.fault is not None:
            raise Unanswered(self.fault)
        return {alias: Prediction(f"{family}-{alias.lower()}", (0.6, 0.3, 0.1)) for alias in Alias}


class Looker:
    """Sees in every image what `shows` is; or refuses while `fault` is set. It looks only while `open` is set."""

    def __init__(self) -> None:
        self.connected = True
        self.fault: Code | None = None
        self.shows = look(Label.ROCK)
        self.open = asyncio.Event()
        self.open.set()
        self.asked: list[tuple[bytes, str]] = []
        self.traces: list[str] = []

    async def look(self, image: bytes, patience: float, stream: str = "", trace: str = "") -> Look:
        self.asked.append((image, stream))
        self.traces.append(trace)
        shows, fault = self.shows, self.fault
        await self.open.wait()
        if fault is not None:
            raise Refusal(fault)
        return shows


def look(label: Label, confidence: float = 0.9, reason: Cause | None = None) -> Look:
    """A look that is clear unless there is a reason why not."""
    rest = (1 - confidence) / (len(Label) - 1)
    probabilities = {each: confidence if each is label else rest for each in Label}
    return Look(label, confidence, probabilities, reason is None, reason, [(0.5, 0.5)] * 21, "looker-1")


class House:
    """A running server."""

    def __init__(self, parts: Parts, server: Server, oracle: Seer, eyes: Looker) -> None:
        self.parts = parts
        self.server = server
        self.oracle = oracle
        self.eyes = eyes
        port = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"


Opening = Callable[..., Awaitable[House]]


@asynccontextmanager
async def running(settings: Settings, traces: Traces = NO_TRACES) -> AsyncIterator[House]:
    """A server with these settings, stopped in order at the end."""
    meters = Meters()
    async with opened(settings, meters) as rounds:
        oracle, eyes = Seer(), Looker()
        parts = Parts(settings, rounds, oracle, eyes, await rounds.salt(settings.assignment_salt), meters, traces)
        server = serve(create_app(parts), parts)
        serving = asyncio.create_task(server.serve())
        await server.listening.wait()
        try:
            yield House(parts, server, oracle, eyes)
        finally:
            server.should_exit = True
            await serving
