"""One image: from its place in the line to what is seen in it, which takes a thread of its own for a while."""

import logging
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple, Protocol

from game.codes import MEANING, Code
from game.errors import BadImage
from game.look import LookRequest, LookResponse
from models.hands.pictures import decoded
from models.hands.sight import Sight, Track
from telemetry.traces import Span

log = logging.getLogger(__name__)

NICE = 5
"""How far the thread stands back behind the loop's, where threads have priorities of their own."""


class Asker(Protocol):
    """Where requests come from, and their responses go."""

    def waiting(self) -> bool:
        """Whether anybody is still there to be answered."""

    def tell(self, responses: Sequence[LookResponse]) -> None: ...


class Place(NamedTuple):
    """One image in the line: who asked, when (by the lookout's clock), what looks at it, its span if it is traced."""

    request: LookRequest
    asker: Asker
    came: float
    sight: Sight
    span: Span | None


def refused(request: LookRequest, code: Code, text: str) -> LookResponse:
    return LookResponse(request.id, None, code, text)


def looked(place: Place, track: Track | None) -> tuple[LookResponse, Track | None]:
    """The answer, and where the hand should be in the stream's next frame; raises nothing. For the thread."""
    request = place.request
    try:
        with _within(place.span, "decode"):
            image = decoded(request.image)
        with _within(place.span, "see"):
            seen = place.sight.look(image, track)
    except BadImage as error:
        return refused(request, error.code, error.text), None
    except Exception:  # the thread's outermost edge: strangers send the images, and one must not end all looking
        log.exception("An image could not be looked at.")
        return refused(request, Code.BAD_IMAGE, MEANING[Code.BAD_IMAGE]), None
    return LookResponse(request.id, seen.look), seen.track


def _within(span: Span | None, step: str) -> AbstractContextManager[object]:
    """A step of a traced look."""
    return nullcontext() if span is None else span.child(step)


def stand_back() -> None:
    """Let this thread run after others that want to."""
    if sys.platform == "linux":  # elsewhere the whole process would
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
