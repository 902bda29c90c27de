"""The way to whoever sees hands: the sidecar's socket for images.

A look is answered or refused within its patience, whatever the sidecar does. One that has been silent several times
in a row is hung up on and called anew, and nothing is sent while it has not taken what was sent before: so what it
leaves lying is bounded.
"""

from pathlib import Path
from time import monotonic

from msgspec import msgpack

from game import look
from game.ask import HEADER
from game.codes import Code
from game.gestures import Look
from game.look import LookRequest
from server.errors import Refusal
from server.line import Caller, Line, Unheard

SILENCES = 5
"""After so many unanswered looks in a row the line is made anew."""
MAX_UNSENT = 1024 * 1024
"""Bytes that may wait for the sidecar when another image is sent."""
MAX_ANSWER = 64 * 1024
RETRY_MS = 500

_encoder = msgpack.Encoder()


class ImageLine(Line[look.LookResponse]):
    """One connection to the socket for images."""

    def __init__(self) -> None:
        super().__init__(MAX_ANSWER)
        self._silences = 0

    def heard(self, body: bytes) -> None:
        response = look.response_decoder.decode(body)
        self._silences = 0
        future = self.taken(response.id)
        if future is not None:
            future.set_result(response)

    def unanswered(self, questions: int) -> None:
        self._silences += questions
        if self._silences >= SILENCES:
            self.close()

    async def look(self, image: bytes, stream: str, patience: float, trace: str) -> look.LookResponse:
        """What the sidecar says; raises Unheard at the end of patience."""
        id, deadline = next(self._ids), monotonic() + patience
        return await self.put(id, deadline, _framed(LookRequest(id, deadline, image, stream, trace=trace)))


class SidecarEyes(Caller[ImageLine]):
    """Eyes that keep a connection to the sidecar for as long as they run."""

    def __init__(self, path: Path) -> None:
        """`path` is the socket for images."""
        super().__init__(
            path,
            ImageLine,
            "Connected to the sidecar's eyes.",
            "The sidecar's eyes are gone; play goes on by buttons and keys.",
        )

    @property
    def connected(self) -> bool:
        return self.line is not None

    async def look(self, image: bytes, patience: float, stream: str = "", trace: str = "") -> Look:
        if self.line is None:
            raise Refusal(Code.GESTURES_OFF)
        if self.line.unsent > MAX_UNSENT:
            raise _busy()
        try:
            response = await self.line.look(image, stream, patience, trace)
        except Unheard as error:
            raise _busy() if error.reason == "late" else Refusal(Code.GESTURES_OFF) from error
        if response.look is not None:
            return response.look
        code = response.code or Code.BAD_IMAGE
        raise Refusal(code, response.message, retry_after_ms=RETRY_MS if code is Code.SLOW_DOWN else None)


def _framed(request: LookRequest) -> bytearray:
    """The request as one frame, copied once: an image may be large."""
    frame = bytearray(HEADER)
    _encoder.encode_into(request, frame, HEADER)
    frame[:HEADER] = (len(frame) - HEADER).to_bytes(HEADER)
    return frame


def _busy() -> Refusal:
    return Refusal(Code.SLOW_DOWN, "Too many images are under way.", retry_after_ms=RETRY_MS)
