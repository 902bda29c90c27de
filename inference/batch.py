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
from inference.cabinet import ROOM
from inference.readings import Readings
from inference.replies import LATE, OVERLOADED, UNSOUND, Asker, predict
from inference.shelf import Shelf, Window, plain, readers

BATCH = 64
"""Rows in one run. A longer queue takes several turns, so that sockets are read and deadlines seen in between."""
QUEUE = 4096
SLICE_S = 0.002
"""Seconds of one turn in which pasts are read: so much later, at most, is answered what else came meanwhile."""


class Desk:
    """The queue of requests, worked off once in each turn of the running loop."""

    def __init__(
        self,
        window: Window,
        *,
        limit: int = QUEUE,
        clock: Callable[[], float] = time.monotonic,
        room: int = ROOM,
    ) -> None:
        self._window = window
        self._limit = limit
        self._clock = clock
        self._queue: deque[tuple[Request, Asker]] = deque()
        self._readings = Readings(clock, room)
        self._due = False

    def ask(self, request: Request, asker: Asker) -> None:
        """Answer the request in this turn of the loop, or at once if too many wait already."""
        if len(self._queue) + len(self._readings) >= self._limit:
            asker.tell([Response(request.id, {}, OVERLOADED)])
            return
        self._queue.append((request, asker))
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
        now, shelf = self._clock(), self._window.shelf
        turn = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        turn = [(request, asker) for request, asker in turn if asker.waiting()]
        following = {family for family, models in shelf.families.items() if readers(models)}
        together = [(request, asker) for request, asker in turn if request.family not in following]
        responses = answer(shelf, [request for request, _ in together], now)
        told = [(asker, response) for (_, asker), response in zip(together, responses, strict=True)]
        for request, asker in turn:
            if request.family in following:
                models, refusal = shelf.families[request.family], _refusal(shelf, request, now)
                if error := refusal or self._readings.ask(request, models, asker):
                    told.append((asker, Response(request.id, {}, error)))
        told += self._readings.work(self._clock() + SLICE_S)
        by_asker: dict[Asker, list[Response]] = {}
        for asker, response in told:
            by_asker.setdefault(asker, []).append(response)
        for asker, own in by_asker.items():
            if asker.waiting():
                asker.tell(own)


def answer(shelf: Shelf, requests: Sequence[Request], now: float) -> list[Response]:
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
    return [responses[place] for place in range(len(requests))]


def _refusal(shelf: Shelf, request: Request, now: float) -> str | None:
    if now > request.deadline:
        return LATE
    if request.family not in shelf.families:
        return f"no model of family {request.family[:40]!r}"
    if len(request.features) != SIZE:
        return f"a feature vector has {SIZE} bytes, not {len(request.features)}"
    return None
