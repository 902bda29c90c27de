"""Gestures over HTTP: `POST /gestures/predict` says what an image shows, `GET /gestures` what would look at it.

For people and the Lab page, which compares two versions; the game itself asks on the socket.
"""

import time
from collections.abc import Mapping

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from game.assignment import Alias
from game.codes import Code
from game.gestures import ADVICE, Cause, Label, Look
from game.look import MAX_UPLOAD, LookResponse
from game.wire import ByLabel, Landmarks
from inference.answers import as_json, body_of
from inference.errors import RequestError
from inference.lookout import Lookout
from inference.sights import GestureShelf, GestureWindow, Sights

ANSWER_S = 5.0
UPLOADS = 4
"""Images that are read at once; each may have 8 MiB."""
STATUS = {Code.BAD_IMAGE: 400, Code.TOO_LARGE: 413, Code.SLOW_DOWN: 429, Code.GESTURES_OFF: 503}


class Told(Struct, frozen=True):
    """A `Look` by names, with the advice for its reason and the milliseconds from the whole image to the answer."""

    label: Label
    confidence: float
    probabilities: ByLabel
    clear: bool
    reason: Cause | None
    advice: str | None
    landmarks: Landmarks
    version: str
    ms: float


class Refused(Struct, frozen=True):
    code: Code
    error: str


class Member(Struct, frozen=True):
    """A version that looks."""

    version: str
    classes: list[Label]
    threshold: float


class Members(Struct, frozen=True):
    """Alias -> family -> version, and whether hands are found at all."""

    hands: bool
    aliases: Mapping[Alias, Mapping[str, Member]]


def routes(lookout: Lookout, window: GestureWindow, sights: Sights) -> list[Route]:
    under_way = 0

    async def predict(request: Request) -> Response:
        nonlocal under_way
        alias = _alias(request)
        if under_way == UPLOADS:
            return _told(LookResponse(0, None, Code.SLOW_DOWN, "Too many images are being read already."), 0)
        under_way += 1
        try:
            image = await body_of(request, MAX_UPLOAD)
            began = time.perf_counter()
            response = await lookout.look(image, alias, ANSWER_S)
            return _told(response, (time.perf_counter() - began) * 1e3)
        finally:
            under_way -= 1

    async def members(request: Request) -> Response:
        return as_json(Members(sights.hands is not None, by_alias(window.shelf)))

    return [Route("/gestures/predict", predict, methods=["POST"]), Route("/gestures", members)]


def by_alias(shelf: GestureShelf) -> dict[Alias, dict[str, Member]]:
    """What looks for each alias."""
    found: dict[Alias, dict[str, Member]] = {}
    for family, seers in shelf.families.items():
        for alias, seer in seers.items():
            found.setdefault(alias, {})[family] = Member(seer.version, seer.card.classes, seer.card.threshold)
    return found


def _alias(request: Request) -> Alias:
    name = request.query_params.get("alias", Alias.PRODUCTION)
    try:
        return Alias(name)
    except ValueError as error:
        raise RequestError(400, f"There is no alias {name[:40]!r}.") from error


def _told(response: LookResponse, ms: float) -> Response:
    if response.look is None:
        code = response.code or Code.BAD_IMAGE
        return as_json(Refused(code, response.message), STATUS[code])
    return as_json(_by_name(response.look, round(ms, 1)))


def _by_name(look: Look, ms: float) -> Told:
    return Told(
        label=look.label,
        confidence=look.confidence,
        probabilities=look.probabilities,
        clear=look.clear,
        reason=look.reason,
        advice=ADVICE[look.reason] if look.reason else None,
        landmarks=look.landmarks,
        version=look.version,
        ms=ms,
    )
