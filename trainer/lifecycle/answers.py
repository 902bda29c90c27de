"""Bodies of the admin port, in and out."""

from msgspec import Struct, json
from starlette.requests import Request
from starlette.responses import Response


class TooLong(Exception):
    """The request's body is longer than allowed."""


class Fault(Struct, frozen=True):
    """Why an order is refused, in words."""

    error: str


async def body_of(request: Request, most: int) -> bytes:
    """The whole body; raises TooLong as soon as it is longer than `most` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLong(f"it is longer than {most} bytes")
    return bytes(body)


def as_json(body: object, status: int = 200) -> Response:
    return Response(json.encode(body), status, media_type="application/json")


def refused(status: int, why: str) -> Response:
    return as_json(Fault(why), status)
