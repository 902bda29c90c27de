"""The browser client as static files, and the headers that keep every page to itself."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WEB = Path(__file__).parent.parent / "web"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
SERVED = frozenset({".js", ".css", ".svg"})
PRIVATE = frozenset({"tests", "node_modules"})
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "cache-control": "no-cache",
}


class Client(StaticFiles):
    """The files that a browser needs; tests and tools beside them stay where they are."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        asked = Path(path)
        if asked.suffix not in SERVED or PRIVATE.intersection(asked.parts):
            return "", None
        return super().lookup_path(path)


def routes(web: Path = WEB) -> list[BaseRoute]:
    """The game at `/`, the laboratory of hands at `/lab`, and everything beside them under `/static`."""

    def page(name: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return FileResponse(web / name)

        return answer

    return [Route("/", page("index.html")), Route("/lab", page("lab.html")), Mount("/static", Client(directory=web))]


class SafeHeaders:
    """Adds `HEADERS` to every HTTP response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)
