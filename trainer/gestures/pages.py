"""The Lab page on the admin port: the browser client's own files, with the headers that the match server gives them.

The files ask for everything else with the operator's token; in themselves they hold nothing that is secret.
"""

import os
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trainer.lifecycle.answers import refused

WEB = Path(__file__).parents[2] / "web"
PAGE = "lab.html"
SERVED = frozenset({".js", ".css", ".svg"})
PRIVATE = frozenset({"tests", "node_modules"})
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
    """`/lab`, and what it needs under `/static`; where the client is not installed there is no page."""

    async def lab(request: Request) -> Response:
        page = web / PAGE
        return FileResponse(page) if page.is_file() else refused(404, "The client is not installed here.")

    return [Route("/lab", lab), Mount("/static", Client(directory=web, check_dir=False))]


class SafeHeaders:
    """Adds `HEADERS` to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded)
