"""The wire between the match server and the inference sidecar.

Each frame is a 4-byte big-endian length and that many bytes of msgpack. The sidecar greets first with one
`Greeting`, and again when what it holds has changed; every `Request` is answered by one `Response` with its `id`, in
any order. Times are seconds of
CLOCK_MONOTONIC, which both sides share because the socket is local. Structs are arrays on the wire: fields are only
ever added at the end, with a default, so that the two sides can be rolled out separately.
"""

from msgspec import Struct, msgpack

from game.assignment import Alias
from game.opponents import Opponent
from game.records import Prediction

HEADER = 4
"""Bytes of the length before each frame."""
MAX_FRAME = 64 * 1024
UNASKED = 0
"""No question has this id."""


class Greeting(Struct, frozen=True, array_like=True):
    """What the sidecar holds: the feature contract it was built for, versions by family and alias, and of families
    whose bundles say so who they are to players.
    """

    contract: str
    versions: dict[str, dict[Alias, str]]
    opponents: dict[str, Opponent] = {}


class Request(Struct, frozen=True, array_like=True):
    """Ask all aliases of a family for P(player's next move). Past its `deadline` nobody waits for the answer.

    `past` is the player's (`game.past`), for families that follow a player; nothing where nothing is known. `trace` is
    the W3C traceparent of who asks, nothing where that is not traced.
    """

    id: int
    family: str
    deadline: float
    features: bytes
    past: bytes = b""
    trace: str = ""


class Response(Struct, frozen=True, array_like=True):
    """The predictions by alias, or the reason why there are none. One with the id `UNASKED` answers nobody: it carries
    the greeting of what is served from that moment on.
    """

    id: int
    predictions: dict[Alias, Prediction]
    error: str | None = None
    greeting: Greeting | None = None


_encoder = msgpack.Encoder()
greeting_decoder = msgpack.Decoder(Greeting)
request_decoder = msgpack.Decoder(Request)
response_decoder = msgpack.Decoder(Response)


class FrameError(Exception):
    """The peer sent a frame that is larger than allowed; the connection cannot go on."""


def frame(message: Struct) -> bytes:
    """The message as one frame."""
    body = _encoder.encode(message)
    return len(body).to_bytes(HEADER) + body


class Frames:
    """Cuts a byte stream into the bodies of its frames."""

    def __init__(self, most: int = MAX_FRAME) -> None:
        """`most` is how many bytes a frame may have."""
        self._buffer = bytearray()
        self._most = most

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are complete now; raises FrameError on one that is too large."""
        self._buffer += data
        bodies, start = [], 0
        while len(self._buffer) - start >= HEADER:
            size = int.from_bytes(self._buffer[start : start + HEADER])
            if size > self._most:
                raise FrameError(f"a frame of {size} bytes is over the limit of {self._most}")
            end = start + HEADER + size
            if len(self._buffer) < end:
                break
            bodies.append(bytes(memoryview(self._buffer)[start + HEADER : end]))  # copied once: it may be large
            start = end
        del self._buffer[:start]
        return bodies
