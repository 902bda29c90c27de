"""The Open Inference Protocol over HTTP, for people, probes and other tools; the game itself asks on the socket.

A model's name is its family, which means what serves as Production, or family and alias: `brian`, `brian.shadow1`.
Versions are those on the shelf: any of the family's for `brian`, only its own for `brian.shadow1`. The server is
ready as soon as it serves any model. `GET /v2/models` lists the names; it is not part of the protocol.
"""

import asyncio
from importlib.metadata import PackageNotFoundError, version

from msgspec import json
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from game.assignment import Alias
from inference.errors import RequestError
from inference.model import Model
from inference.oip import ModelMetadata, ServerMetadata, infer
from inference.shelf import Models, Shelf, Window

MAX_BODY = 1024 * 1024
SMALL = 16 * 1024
"""Bytes of a body that is worked off on the loop; larger ones, one at a time, in a thread."""


def create_app(window: Window) -> Starlette:
    """The application over whatever the window shows."""
    one_large = asyncio.Lock()

    async def metadata(request: Request) -> Response:
        return _json(ServerMetadata("rps-quest-inference", _release(), []))

    async def live(request: Request) -> Response:
        return _json({"live": True})

    async def ready(request: Request) -> Response:
        serving = bool(window.shelf.families)
        return _json({"ready": serving}, 200 if serving else 400)

    async def index(request: Request) -> Response:
        return _json({"models": list(_names(window.shelf))})

    async def model_metadata(request: Request) -> Response:
        name, _ = _wanted(request, window.shelf)
        versions = {model.version: None for model in _names(window.shelf)[name].values()}
        return _json(ModelMetadata(name, list(versions)))

    async def model_ready(request: Request) -> Response:
        name, _ = _wanted(request, window.shelf)
        return _json({"name": name, "ready": True})

    async def model_infer(request: Request) -> Response:
        name, model = _wanted(request, window.shelf)
        body = await _body(request)
        if len(body) <= SMALL:
            return _sent(infer(name, model, body))
        async with one_large:
            return _sent(await asyncio.to_thread(infer, name, model, body))

    routes = [
        Route("/v2", metadata),
        Route("/v2/", metadata),
        Route("/v2/health/live", live),
        Route("/v2/health/ready", ready),
        Route("/v2/models", index),
    ]
    for path in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
        routes += [
            Route(path, model_metadata),
            Route(f"{path}/ready", model_ready),
            Route(f"{path}/infer", model_infer, methods=["POST"]),
        ]
    return Starlette(routes=routes, exception_handlers={RequestError: _refused, HTTPException: _refused})


def _release() -> str:
    try:
        return version("rps-quest")
    except PackageNotFoundError:  # run from a folder, as in the image
        return "0"


def _names(shelf: Shelf) -> dict[str, Models]:
    """What each name means: the aliases it covers, the one that answers without a version first."""
    names: dict[str, Models] = {}
    for family, models in shelf.families.items():
        if Alias.PRODUCTION in models:
            names[family] = {Alias.PRODUCTION: models[Alias.PRODUCTION], **models}
        names |= {f"{family}.{alias}": {alias: model} for alias, model in models.items()}
    return names


def _wanted(request: Request, shelf: Shelf) -> tuple[str, Model]:
    name, wanted = request.path_params["name"], request.path_params.get("version")
    models = _names(shelf).get(name)
    if models is None:
        raise RequestError(404, f"There is no model {name!r}.")
    for model in models.values():
        if wanted in (None, model.version):
            return name, model
    raise RequestError(404, f"Model {name!r} has no version {wanted!r}.")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise RequestError(413, f"The request is larger than {MAX_BODY} bytes.")
    return bytes(body)


async def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return _json({"error": f"{error.detail}."}, error.status_code)
    status = error.status if isinstance(error, RequestError) else 500
    return _json({"error": str(error)}, status)


def _json(value: object, status: int = 200) -> Response:
    return _sent(json.encode(value), status)


def _sent(body: bytes, status: int = 200) -> Response:
    return Response(body, status, media_type="application/json")
