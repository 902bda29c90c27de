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
from inference.accounts import Accounts, Since
from inference.cabinet import Cabinet
from inference.dossier import Coming, Dossier
from inference.meters import Meters
from inference.replies import FULL, LATE, UNSOUND, Asker, by_alias, predict
from inference.shelf import Models, plain, readers
from telemetry.traces import NO_TRACES

Told = list[tuple[Asker, Response]]


class Question(NamedTuple):
    """A request about the round `coming`, and what its family had on the shelf when it came."""

    request: Request
    coming: Coming
    models: Models
    asker: Asker
    since: Since


class Readings:
    """Takes questions, and works them off a slice at a time."""

    def __init__(self, clock: Callable[[], float], room: int, accounts: Accounts | None = None) -> None:
        self._clock = clock
        self._accounts = accounts or Accounts(Meters(), NO_TRACES)
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

    def ask(self, request: Request, models: Models, asker: Asker, since: Since | None = None) -> str | None:
        """Take a request, which came now unless `since` says otherwise; if it is refused, why."""
        if not is_past(request.past):
            return f"these {len(request.past)} bytes are no past; it has {LONGEST} at most"
        try:
            coming = Coming.told(request.features)
        except ValueError as error:
            return f"the features tell of no round: {error}"
        distinct = list(dict.fromkeys(readers(models).values()))
        now = self._clock()
        file = self._cabinet.file(request.family, distinct, request.past, now, self._taken)
        if file is None:
            return FULL
        self._to_do(file.dossier).append(Question(request, coming, models, asker, since or (now, None)))
        self._questions += 1
        self._soonest = min(self._soonest, request.deadline)
        if file.heir is not None:
            self._to_do(file.heir)
        return None

    def work(self, until: float) -> Told:
        """Read and answer until this time, and something in any case; the answers that there are by then."""
        began = self._clock()
        told = self._late(began)
        while self._nearest:
            _, _, dossier = heappop(self._nearest)
            questions = self._open.pop(dossier)
            if dossier.behind:
                dossier.read_on()
            elif questions:
                question = questions.popleft()
                self._questions -= 1
                told.append((question.asker, self._answered(dossier, question, began)))
            if dossier.behind or questions:
                self._to_do(dossier).extend(questions)
            began = self._clock()
            if began >= until:
                break
        return told

    def _answered(self, dossier: Dossier, question: Question, began: float) -> Response:
        response = _answer(dossier, question)
        self._accounts.ran(question.request.family, [question.since], began, self._clock())
        self._accounts.told(question.request.family, question.since, response.error)
        return response

    def _to_do(self, dossier: Dossier) -> deque[Question]:
        """The questions to this dossier, which is read as far as they need it from now on."""
        if dossier not in self._open:
            self._open[dossier] = deque()
            heappush(self._nearest, (dossier.behind, next(self._numbers), dossier))
        return self._open[dossier]

    def _taken(self, dossier: Dossier) -> bool:
        return bool(self._open.get(dossier))

    def _late(self, now: float) -> Told:
        """What nobody waits for any more."""
        told = Told()
        if now <= self._soonest:
            return told
        for questions in self._open.values():
            for question in [one for one in questions if one.request.deadline < now]:
                questions.remove(question)
                self._accounts.told(question.request.family, question.since, LATE)
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
