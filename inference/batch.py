"""Requests of one turn of the loop are answered together: each distinct model runs once for all of them."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from game.ask import Request, Response
from game.assignment import Alias
from game.features import NAMES, SIZE
from game.records import Prediction
from inference.model import Floats, ask
from inference.shelf import Models, Shelf, Window

BATCH = 64
"""Rows in one run. A longer queue takes several turns, so that sockets are read and deadlines seen in between."""
QUEUE = 4096

LATE = "late"
OVERLOADED = "overloaded"
UNSOUND = "no model gave a distribution"


class Asker(Protocol):
    """Where requests come from, and their responses go."""

    def waiting(self) -> bool:
        """Whether anybody is still there to be answered."""

    def tell(self, responses: list[Response]) -> None: ...


class Desk:
    """The queue of requests, worked off once in each turn of the running loop."""

    def __init__(self, window: Window, *, limit: int = QUEUE, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._limit = limit
        self._clock = clock
        self._queue: deque[tuple[Request, Asker]] = deque()
        self._due = False

    def ask(self, request: Request, asker: Asker) -> None:
        """Answer the request in this turn of the loop, or at once if too many wait already."""
        if len(self._queue) >= self._limit:
            asker.tell([Response(request.id, {}, OVERLOADED)])
            return
        self._queue.append((request, asker))
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._turn)

    def drain(self) -> None:
        """Answer everything that waits, now."""
        while self._queue:
            self._work()

    def _turn(self) -> None:
        self._due = len(self._queue) > BATCH
        if self._due:
            asyncio.get_running_loop().call_soon(self._turn)
        self._work()

    def _work(self) -> None:
        turn = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        turn = [(request, asker) for request, asker in turn if asker.waiting()]
        responses = answer(self._window.shelf, [request for request, _ in turn], self._clock())
        by_asker: dict[Asker, list[Response]] = {}
        for (_, asker), response in zip(turn, responses, strict=True):
            by_asker.setdefault(asker, []).append(response)
        for asker, own in by_asker.items():
            asker.tell(own)


def answer(shelf: Shelf, requests: Sequence[Request], now: float) -> list[Response]:
    """A response to each request, all from the same shelf; those that nobody waits for any more are not computed."""
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
        for place, found in zip(places, predict(shelf.families[family], features), strict=True):
            responses[place] = Response(requests[place].id, found, None if found else UNSOUND)
    return [responses[place] for place in range(len(requests))]


def predict(models: Models, features: Floats) -> list[dict[Alias, Prediction]]:
    """What each alias expects for each row. An alias whose model gave no distribution there is missing."""
    distinct = list(dict.fromkeys(models.values()))
    shares, sound = ask(distinct, features)
    columns = {}
    for model, rows, good in zip(distinct, shares, sound.tolist(), strict=True):
        triples = zip(*rows.T.tolist(), strict=True)
        columns[model] = [Prediction(model.version, row) if ok else None for row, ok in zip(triples, good, strict=True)]
    by_row = zip(*[columns[model] for model in models.values()], strict=True)
    return [{alias: one for alias, one in zip(models, row, strict=True) if one is not None} for row in by_row]


def _refusal(shelf: Shelf, request: Request, now: float) -> str | None:
    if now > request.deadline:
        return LATE
    if request.family not in shelf.families:
        return f"no model of family {request.family[:40]!r}"
    if len(request.features) != SIZE:
        return f"a feature vector has {SIZE} bytes, not {len(request.features)}"
    return None
