"""The Open Inference Protocol over HTTP, for people, probes and other tools; the game itself asks on the socket.

A model's name is its family, which means what serves as Production, or family and alias: `brian`, `brian.shadow1`.
Versions are those on the shelf: any of the family's for `brian`, only its own for `brian.shadow1`. The server is
ready as soon as it serves any model. `GET /v2/models` lists the names; it is not part of the protocol.
"""

import asyncio
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from game.assignment import Alias
from inference import repository
from inference.answers import as_json, body_of, refused, sent
from inference.errors import RequestError
from inference.follow import Follower
from inference.model import Model
from inference.oip import Live, ModelReady, Names, Ready, ServerMetadata, infer, model_metadata
from inference.reader import Reader
from inference.shelf import Models, Shelf, Window
from inference.statistics import by_family, statistics
from telemetry.release import VERSION

EXTENSIONS = ["model_repository", "statistics"]
SMALL = 16 * 1024
"""Bytes of a body that is worked off on the loop; larger ones and whole pasts, one at a time, in a thread."""


def create_app(window: Window, follower: Follower, also: Sequence[Route] = ()) -> Starlette:
    """The application over whatever the window shows and the follower finds, with `also` these routes."""
    one_large = asyncio.Lock()

    async def metadata(request: Request) -> Response:
        return as_json(ServerMetadata("rps-quest-inference", VERSION, EXTENSIONS))

    async def live(request: Request) -> Response:
        return as_json(Live(True))

    async def ready(request: Request) -> Response:
        serving = bool(window.shelf.families)
        return as_json(Ready(serving), 200 if serving else 400)

    async def index(request: Request) -> Response:
        return as_json(Names(list(_names(window.shelf))))

    async def metadata_of_model(request: Request) -> Response:
        name, model = _wanted(request, window.shelf)
        versions = {model.version: None for model in _names(window.shelf)[name].values()}
        return as_json(model_metadata(name, list(versions), model))

    async def model_ready(request: Request) -> Response:
        name, _ = _wanted(request, window.shelf)
        return as_json(ModelReady(name, True))

    async def model_infer(request: Request) -> Response:
        name, model = _wanted(request, window.shelf)
        body = await body_of(request)
        if len(body) <= SMALL and not isinstance(model, Reader):
            return sent(infer(name, model, body))
        async with one_large:
            return sent(await asyncio.to_thread(infer, name, model, body))

    async def all_stats(request: Request) -> Response:
        return as_json(statistics(by_family(window.shelf.families)))

    async def model_stats(request: Request) -> Response:
        name, model = _wanted(request, window.shelf)
        models = [model] if "version" in request.path_params else _names(window.shelf)[name].values()
        return as_json(statistics({name: models}))

    routes = [
        Route("/v2", metadata),
        Route("/v2/", metadata),
        Route("/v2/health/live", live),
        Route("/v2/health/ready", ready),
        Route("/v2/models", index),
        Route("/v2/models/stats", all_stats),
        *repository.routes(window, follower),
        *also,
    ]
    for path in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
        routes += [
            Route(path, metadata_of_model),
            Route(f"{path}/ready", model_ready),
            Route(f"{path}/stats", model_stats),
            Route(f"{path}/infer", model_infer, methods=["POST"]),
        ]
    return Starlette(routes=routes, exception_handlers={RequestError: refused, HTTPException: refused})


def _names(shelf: Shelf) -> dict[str, Models]:
    """What each name means: the aliases it covers, the one that answers without a version first."""
    names: dict[str, Models] = {}
    for family, models in shelf.families.items():
        if Alias.PRODUCTION in models:
            names[family] = {Alias.PRODUCTION: models[Alias.PRODUCTION], **models}
        names |= {f"{family}.{alias}": {alias: model} for alias, model in models.items()}
    return names


def _wanted(request: Request, shelf: Shelf) -> tuple[str, Model | Reader]:
    name, wanted = request.path_params["name"], request.path_params.get("version")
    models = _names(shelf).get(name)
    if models is None:
        raise RequestError(404, f"There is no model {name!r}.")
    for model in models.values():
        if wanted in (None, model.version):
            return name, model
    raise RequestError(404, f"Model {name!r} has no version {wanted!r}.")
