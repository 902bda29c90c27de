"""How the routes read bodies and answer: JSON, and one `error` where something is refused."""

from typing import TypeVar

from msgspec import DecodeError, Struct, json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from inference.errors import RequestError

MAX_BODY = 1024 * 1024

Wanted = TypeVar("Wanted")


class Fault(Struct, frozen=True):
    """Why a request is refused, in words."""

    error: str


async def body_of(request: Request, most: int = MAX_BODY) -> bytes:
    """The whole body; raises RequestError, as soon as that is known, beyond `most` bytes."""
    body, told = bytearray(), int(request.headers.get("content-length", "0"))
    if told > most:
        raise RequestError(413, f"The request is larger than {most} bytes.")
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise RequestError(413, f"The request is larger than {most} bytes.")
    return bytes(body)


def decoded(body: bytes, kind: type[Wanted]) -> Wanted:
    """The body as what it must be; raises RequestError."""
    try:
        return json.decode(body, type=kind)
    except DecodeError as error:
        raise RequestError(400, f"The request cannot be read: {error}") from error


async def refused(request: Request, error: Exception) -> Response:
    """What Starlette asks for where a route raised."""
    if isinstance(error, HTTPException):
        return as_json(Fault(f"{error.detail}."), error.status_code)
    status = error.status if isinstance(error, RequestError) else 500
    return as_json(Fault(str(error)), status)


def as_json(value: object, status: int = 200) -> Response:
    return sent(json.encode(value), status)


def sent(body: bytes, status: int = 200) -> Response:
    """An answer that is JSON already."""
    return Response(body, status, media_type="application/json")
