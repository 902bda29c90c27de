"""`POST /api/gesture/predict`: what one uploaded image shows. Nothing of it is kept."""

from math import ceil
from time import monotonic
from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from game.codes import Code
from game.errors import BadImage
from game.gestures import ADVICE, Cause, Label, Look
from game.images import measured
from game.look import MAX_UPLOAD
from game.wire import ByLabel, Landmarks
from server.answers import Early, answer, refused
from server.errors import Refusal
from server.limits import Buckets
from server.meters import Meters
from server.origins import foreign
from server.ports import Eyes
from server.room import Room
from server.upload import OtherKind, uploaded

PATIENCE_S = 1.5
RATE = 20
"""Images of one address that are looked at in a second, after a burst: more than who waits for each answer can send."""
BURST = 60
ROOM = MAX_UPLOAD + 2 * 1024 * 1024
UNCLEAR = "unclear"
Plain = Annotated[str, Meta(extra_json_schema={"enum": [*Label, UNCLEAR]})]
"""A label, or `unclear`."""
OTHER_KIND = 415
PLAINLY = {Cause.NO_HAND: Label.NONE, Cause.NO_MOVE: Label.OTHER}
"""Reasons that say themselves what is there instead of a move."""


class Verdict(Struct, frozen=True):
    """What is told of an image. `label` is a move only where it would count as a throw, `none` where no hand was found,
    `other` where a hand shows no move, and else `unclear`; `guess` is the likeliest label always.
    """

    label: Plain
    guess: Label
    confidence: float
    probabilities: ByLabel
    landmarks: Landmarks
    accepted: bool
    reason: Cause | None
    advice: str | None
    version: str


def verdict(look: Look) -> Verdict:
    """A look in the words of this page."""
    told = look.label if look.clear else PLAINLY.get(look.reason, UNCLEAR) if look.reason else UNCLEAR
    return Verdict(
        label=told,
        guess=look.label,
        confidence=look.confidence,
        probabilities=look.probabilities,
        landmarks=look.landmarks,
        accepted=look.clear,
        reason=look.reason,
        advice=ADVICE[look.reason] if look.reason else None,
        version=look.version,
    )


class Predict:
    """The page. All images that are on their way through it share one room: one of the largest, and smaller ones."""

    def __init__(
        self, eyes: Eyes, meters: Meters, origins: frozenset[str], rate: float = RATE, burst: int = BURST
    ) -> None:
        self._eyes = eyes
        self._meters = meters
        self._origins = origins
        self._room = Room(ROOM)
        self._buckets = Buckets(rate, burst)

    def routes(self) -> list[Route]:
        return [Route("/api/gesture/predict", self.predict, methods=["POST"])]

    async def predict(self, request: Request) -> Response:
        origin = foreign(request.headers, self._origins)
        if origin is not None:
            return Early(PlainTextResponse(f"Pages of {origin} may not ask here.\n", 403))
        with self._room.share() as share:
            try:
                image = await uploaded(request, share)
            except Refusal as error:
                return Early(self._refused(error))
            except ClientDisconnect:
                return Response(status_code=400)  # nobody hears it
            try:
                return answer(verdict(await self._look(request, image)))
            except BadImage as error:
                return self._refused(Refusal(error.code, error.text))
            except Refusal as error:
                return self._refused(error)

    async def _look(self, request: Request, image: bytes) -> Look:
        """Only an image that could be one is looked at, and counts towards what its address may send."""
        measured(image)
        wait = self._buckets.take(request.client.host if request.client else "", monotonic())
        if wait:
            raise Refusal(Code.SLOW_DOWN, retry_after_ms=int(wait * 1000) + 1)
        look = await self._eyes.look(image, PATIENCE_S)
        self._meters.seen("upload", look.label, look.confidence, look.reason)
        return look

    def _refused(self, error: Refusal) -> Response:
        self._meters.refused(error.code)
        response = refused(error.code, str(error))
        if isinstance(error, OtherKind):
            response.status_code = OTHER_KIND
        if error.retry_after_ms is not None:
            response.headers["retry-after"] = str(ceil(error.retry_after_ms / 1000))
        return response
