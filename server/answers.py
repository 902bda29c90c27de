"""Answers over HTTP: JSON, and a refusal as its code and its words."""

import asyncio
from contextlib import suppress

from msgspec import Struct, json
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from game.codes import MEANING, Code

HTTP_STATUS = {
    Code.BAD_QUERY: 400,
    Code.BAD_IMAGE: 400,
    Code.UNKNOWN_MATCH: 404,
    Code.MATCH_LIVE: 409,
    Code.TOO_LARGE: 413,
    Code.SLOW_DOWN: 429,
    Code.CORRUPT_RECORD: 500,
    Code.LOG_UNAVAILABLE: 503,
    Code.GESTURES_OFF: 503,
}
LINGER_S = 1.0
LINGER_BYTES = 8 * 1024 * 1024
"""How long a connection stays open after an answer that came before the end of its request, and what it still takes."""


class Refused(Struct, frozen=True):
    """Why there is no other answer: the code, and the same in words."""

    code: Code
    message: str


def answer(body: object, status: int = 200) -> Response:
    return Response(json.encode(body), status, media_type="application/json")


def refused(code: Code, message: str = "") -> Response:
    return answer(Refused(code, message or MEANING[code]), HTTP_STATUS[code])


class Early(Response):
    """An answer to a request whose body is not read to its end; the connection closes after it.

    It lingers a little: closed at once, what is still on its way would make the network throw the answer away before
    the client has it. What comes meanwhile is let go, and of a very large body most is never read.
    """

    def __init__(self, response: Response) -> None:
        super().__init__(response.body, response.status_code, {**response.headers, "connection": "close"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                await _let_go(receive)
        await send({"type": "http.response.body", "body": b""})


async def _let_go(receive: Receive) -> None:
    """Take what still comes until it ends, and after so many bytes nothing more."""
    taken = 0
    while taken < LINGER_BYTES:
        event = await receive()
        if not event.get("more_body", False):
            return
        taken += len(event.get("body", b""))
    await asyncio.sleep(LINGER_S)
