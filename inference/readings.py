"""Questions to families that follow a player: each is answered as soon as the player's past has been read so far.

To read a round takes a fraction of a millisecond, and a past that nobody has read yet may be hundreds of them. So it is
read a round at a time, never for long in one turn of the loop, and who is nearest to an answer goes first. It is read
to its end even if the question has become too late meanwhile: the player's next one finds it.
"""

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import NamedTuple

import numpy as np

from game.ask import Request, Response
from game.features import NAMES
from game.past import LONGEST, is_past
from inference.cabinet import Cabinet
from inference.dossier import Coming, Dossier
from inference.replies import FULL, LATE, UNSOUND, Asker, by_alias, predict
from inference.shelf import Models, plain, readers

Told = list[tuple[Asker, Response]]


class Question(NamedTuple):
    """A request about the round `coming`, and what its family had on the shelf when it came."""

    request: Request
    coming: Coming
    models: Models
    asker: Asker


class Readings:
    """Takes questions, and works them off a slice at a time."""

    def __init__(self, clock: Callable[[], float], room: int) -> None:
        self._clock = clock
        self._cabinet = Cabinet(room)
        self._open: dict[Dossier, deque[Question]] = {}
        self._nearest: list[tuple[int, int, Dossier]] = []
        self._numbers = count()
        self._questions = 0
        self._soonest = inf
        """The first deadline there may be."""

    def __len__(self) -> int:
        """Questions that wait for an answer."""
        return self._questions

    @property
    def busy(self) -> bool:
        """Whether there is anything to read, be it that nobody waits for it."""
        return bool(self._nearest)

    def ask(self, request: Request, models: Models, asker: Asker) -> str | None:
        """Take a request; if it is refused, why."""
        if not is_past(request.past):
            return f"these {len(request.past)} bytes are no past; it has {LONGEST} at most"
        try:
            coming = Coming.told(request.features)
        except ValueError as error:
            return f"the features tell of no round: {error}"
        distinct = list(dict.fromkeys(readers(models).values()))
        file = self._cabinet.file(request.family, distinct, request.past, self._clock(), self._taken)
        if file is None:
            return FULL
        self._to_do(file.dossier).append(Question(request, coming, models, asker))
        self._questions += 1
        self._soonest = min(self._soonest, request.deadline)
        if file.heir is not None:
            self._to_do(file.heir)
        return None

    def work(self, until: float) -> Told:
        """Read and answer until this time, and something in any case; the answers that there are by then."""
        told = self._late()
        while self._nearest:
            _, _, dossier = heappop(self._nearest)
            questions = self._open.pop(dossier)
            if dossier.behind:
                dossier.read_on()
            elif questions:
                question = questions.popleft()
                self._questions -= 1
                told.append((question.asker, _answer(dossier, question)))
            if dossier.behind or questions:
                self._to_do(dossier).extend(questions)
            if self._clock() >= until:
                break
        return told

    def _to_do(self, dossier: Dossier) -> deque[Question]:
        """The questions to this dossier, which is read as far as they need it from now on."""
        if dossier not in self._open:
            self._open[dossier] = deque()
            heappush(self._nearest, (dossier.behind, next(self._numbers), dossier))
        return self._open[dossier]

    def _taken(self, dossier: Dossier) -> bool:
        return bool(self._open.get(dossier))

    def _late(self) -> Told:
        """What nobody waits for any more."""
        now, told = self._clock(), Told()
        if now <= self._soonest:
            return told
        for questions in self._open.values():
            for question in [one for one in questions if one.request.deadline < now]:
                questions.remove(question)
                told.append((question.asker, Response(question.request.id, {}, LATE)))
        self._questions -= len(told)
        self._soonest = min((one.request.deadline for open in self._open.values() for one in open), default=inf)
        return told


def _answer(dossier: Dossier, question: Question) -> Response:
    request, models = question.request, question.models
    (found,) = by_alias(models, dossier.panel.readers, dossier.ask(question.coming))
    if others := plain(models):
        (said,) = predict(others, np.frombuffer(request.features, "<f4").reshape(1, len(NAMES)))
        found |= said
    return Response(request.id, found, None if found else UNSOUND)
