"""The wire between the match server and the sidecar for images, on a socket of its own beside `game.ask`.

Frames are those of `game.ask`, larger. Every `LookRequest` is answered by one `LookResponse` with its `id`. Requests
of one `stream` are the frames of one camera: the sidecar follows the hand from one to the next, and a frame that still
waits when the next one comes is given up for it (`Code.SLOW_DOWN`).
"""

from pathlib import Path

from msgspec import Struct, msgpack

from game.assignment import Alias
from game.codes import Code
from game.gestures import Look

MAX_UPLOAD = 8 * 1024 * 1024
"""Bytes of an uploaded image."""
MAX_PIXELS = 4_000_000
MAX_LOOK_FRAME = MAX_UPLOAD + 64 * 1024


class LookRequest(Struct, frozen=True, array_like=True):
    """What does this image show? Past its `deadline` (CLOCK_MONOTONIC) nobody waits; no `stream`: a single image.

    `trace` is the W3C traceparent of who asks, nothing where that is not traced.
    """

    id: int
    deadline: float
    image: bytes
    stream: str = ""
    alias: Alias = Alias.PRODUCTION
    trace: str = ""


class LookResponse(Struct, frozen=True, array_like=True):
    """What was seen, or the code and the words of the refusal."""

    id: int
    look: Look | None
    code: Code | None = None
    message: str = ""


request_decoder = msgpack.Decoder(LookRequest)
response_decoder = msgpack.Decoder(LookResponse)


def socket_for_images(socket: Path) -> Path:
    """Where images are asked about, beside the socket where predictions are."""
    return socket.with_name(f"{socket.stem}-images{socket.suffix}")
