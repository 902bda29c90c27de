"""Requests of one turn of the loop are answered together: each distinct model runs once for all of them.

Those to families that follow a player are worked off beside them, one by one and a slice at a time.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from game.ask import Request, Response
from game.features import NAMES, SIZE
from inference.accounts import UNKNOWN, Accounts, Since
from inference.cabinet import ROOM
from inference.meters import Meters
from inference.readings import Readings, Told
from inference.replies import LATE, OVERLOADED, UNSOUND, Asker, predict
from inference.shelf import Shelf, Window, plain, readers
from telemetry.traces import NO_TRACES, Traces

BATCH = 64
"""Rows in one run. A longer queue takes several turns, so that sockets are read and deadlines seen in between."""
QUEUE = 4096
SLICE_S = 0.002
"""Seconds of one turn in which pasts are read: so much later, at most, is answered what else came meanwhile."""

_Waiting = tuple[Request, Asker, Since]
Ran = Callable[[str, Sequence[int]], None]
"""Told after each run: the family, and the places of the requests that it answered."""


class Desk:
    """The queue of requests, worked off once in each turn of the running loop."""

    def __init__(
        self,
        window: Window,
        *,
        limit: int = QUEUE,
        clock: Callable[[], float] = time.monotonic,
        room: int = ROOM,
        meters: Meters | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._window = window
        self._limit = limit
        self._clock = clock
        self._queue: deque[_Waiting] = deque()
        self._accounts = Accounts(meters or Meters(), traces)
        self._readings = Readings(clock, room, self._accounts)
        self._due = False

    @property
    def queued(self) -> int:
        """Requests that wait for a batch."""
        return len(self._queue)

    @property
    def reading(self) -> int:
        """Requests that wait for a player's past to be read."""
        return len(self._readings)

    def ask(self, request: Request, asker: Asker) -> None:
        """Answer the request in this turn of the loop, or at once if too many wait already."""
        since = self._accounts.opened(request, self._clock())
        if len(self._queue) + len(self._readings) >= self._limit:
            self._told(request, since, OVERLOADED)
            asker.tell([Response(request.id, {}, OVERLOADED)])
            return
        self._queue.append((request, asker, since))
        self._schedule()

    def drain(self) -> None:
        """Answer everything that waits, now."""
        while self._queue or len(self._readings):
            self._work()

    def _schedule(self) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._due = False
        try:
            self._work()
        finally:
            if self._queue or self._readings.busy:
                self._schedule()

    def _work(self) -> None:
        now, shelf, turn = self._clock(), self._window.shelf, self._taken()
        following = {family for family, models in shelf.families.items() if readers(models)}
        told = self._together([waiting for waiting in turn if waiting[0].family not in following], shelf, now)
        for request, asker, since in turn:
            if request.family in following:
                models, refusal = shelf.families[request.family], _refusal(shelf, request, now)
                if error := refusal or self._readings.ask(request, models, asker, since):
                    self._told(request, since, error)
                    told.append((asker, Response(request.id, {}, error)))
        told += self._readings.work(self._clock() + SLICE_S)
        by_asker: dict[Asker, list[Response]] = {}
        for asker, response in told:
            by_asker.setdefault(asker, []).append(response)
        for asker, own in by_asker.items():
            if asker.waiting():
                asker.tell(own)

    def _together(self, turn: Sequence[_Waiting], shelf: Shelf, now: float) -> Told:
        """What these are answered, by one run of each model for all of a family."""
        began = now

        def ran(family: str, places: Sequence[int]) -> None:
            nonlocal began
            ended = self._clock()
            self._accounts.ran(family, [turn[place][2] for place in places], began, ended)
            began = ended

        told = Told()
        responses = answer(shelf, [request for request, _, _ in turn], now, ran)
        for (request, asker, since), response in zip(turn, responses, strict=True):
            self._told(request, since, response.error)
            told.append((asker, response))
        return told

    def _taken(self) -> list[_Waiting]:
        """Of those whose turn it is, all that anybody still waits for."""
        turn = []
        for _ in range(min(BATCH, len(self._queue))):
            request, asker, since = self._queue.popleft()
            if asker.waiting():
                turn.append((request, asker, since))
            else:
                self._accounts.gone(since)
        return turn

    def _told(self, request: Request, since: Since, error: str | None) -> None:
        family = request.family if request.family in self._window.shelf.families else UNKNOWN
        self._accounts.told(family, since, error)


def answer(
    shelf: Shelf, requests: Sequence[Request], now: float, ran: Ran = lambda family, places: None
) -> list[Response]:
    """A response to each request, all from the same shelf; those that nobody waits for any more are not computed.

    Models that follow players are not asked.
    """
    responses: dict[int, Response] = {}
    groups: dict[str, list[int]] = {}
    for place, request in enumerate(requests):
        if error := _refusal(shelf, request, now):
            responses[place] = Response(request.id, {}, error)
        else:
            groups.setdefault(request.family, []).append(place)
    for family, places in groups.items():
        packed = b"".join([requests[place].features for place in places])
        features = np.frombuffer(packed, "<f4").reshape(-1, len(NAMES))
        for place, found in zip(places, predict(plain(shelf.families[family]), features), strict=True):
            responses[place] = Response(requests[place].id, found, None if found else UNSOUND)
        ran(family, places)
    return [responses[place] for place in range(len(requests))]


def _refusal(shelf: Shelf, request: Request, now: float) -> str | None:
    if now > request.deadline:
        return LATE
    if request.family not in shelf.families:
        return f"no model of family {request.family[:40]!r}"
    if len(request.features) != SIZE:
        return f"a feature vector has {SIZE} bytes, not {len(request.features)}"
    return None
