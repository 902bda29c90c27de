"""The way to the inference sidecar's predictions.

Whatever happens to the sidecar, `predict` answers or raises within the time-out: a dead one is noticed at once, a
hung one by the clock, and after several silences in a row it is not waited for until it speaks again. The connection
is made again by itself.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic

from game import ask
from game.features import CONTRACT
from game.opponents import Opponent
from server.line import Caller, Line
from server.ports import Predictions, Unanswered

log = logging.getLogger(__name__)

SILENCES = 5
"""After so many unanswered questions in a row the sidecar counts as hung."""
PROBE_S = 0.25
"""A hung sidecar is asked once in this time."""


class Sidecar(Line[Predictions]):
    """One connection, on which the sidecar greets first."""

    def __init__(self, timeout: float, told: Callable[[ask.Greeting], None] = lambda greeting: None) -> None:
        """`told` hears each greeting that speaks of the same features."""
        super().__init__()
        self._timeout = timeout
        self._told = told
        self._silences = 0
        self._probe_at = 0.0
        self.greeting: ask.Greeting | None = None
        self.greeted: asyncio.Future[None] = self._loop.create_future()

    def connection_lost(self, error: Exception | None) -> None:
        self.greeting = None
        super().connection_lost(error)

    def heard(self, body: bytes) -> None:
        if self.greeting is None:
            self._greet(ask.greeting_decoder.decode(body))
            self.greeted.set_result(None)
            return
        response = ask.response_decoder.decode(body)
        self._silences = 0
        if response.greeting is not None:
            self._greet(response.greeting)
            return
        future = self.taken(response.id)
        if future is None:
            return
        if response.error is None:
            future.set_result(response.predictions)
        else:
            future.set_exception(Unanswered("late" if response.error == "late" else "error"))

    def _greet(self, greeting: ask.Greeting) -> None:
        self.greeting = greeting
        if self.usable:
            self._told(greeting)
        else:
            log.error("The sidecar serves features %s, this server %s.", greeting.contract, CONTRACT)

    def fault(self, reason: str) -> Exception:
        return Unanswered(reason)

    def unanswered(self, questions: int) -> None:
        self._silences += questions

    @property
    def usable(self) -> bool:
        """Whether the sidecar has greeted and speaks of the same features."""
        return self.greeting is not None and self.greeting.contract == CONTRACT

    def ask(self, family: str, features: bytes, past: bytes, trace: str = "") -> "asyncio.Future[Predictions]":
        """The future answer; fails with Unanswered at the deadline."""
        now = monotonic()
        if not self.usable or (self._silences >= SILENCES and now < self._probe_at):
            raise Unanswered("down" if not self.usable else "late")
        self._probe_at = now + PROBE_S
        id, deadline = next(self._ids), now + self._timeout
        return self.put(id, deadline, ask.frame(ask.Request(id, family, deadline, features, past, trace)))


class SidecarOracle(Caller[Sidecar]):
    """An oracle that keeps a connection to the sidecar for as long as it runs."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__(
            path,
            lambda: Sidecar(timeout, self._met),
            "Connected to the inference sidecar.",
            "The inference sidecar is gone; the equilibrium plays until it is back.",
        )
        self.opponents: Mapping[str, Opponent] = {}

    def _met(self, greeting: ask.Greeting) -> None:
        self.opponents = greeting.opponents

    async def predict(self, family: str, features: bytes, past: bytes, trace: str = "") -> Predictions:
        if self.line is None:
            raise Unanswered("down")
        return await self.line.ask(family, features, past, trace)

    @property
    def connected(self) -> bool:
        return self.line is not None and self.line.usable
