"""The Open Inference Protocol's `model_repository` extension, as NVIDIA Triton defines it, over the store's table.

The index tells what the table wants of every alias, and of what it wants and does not get the reason. Loading a model
by name looks at the store at once. Nothing can be unloaded: what serves is what the table says.
"""

from typing import Any, Literal

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from game.assignment import Alias
from inference.answers import as_json, body_of, decoded
from inference.errors import RequestError
from inference.follow import Follower, Seen
from inference.shelf import Shelf, Window

State = Literal["READY", "UNAVAILABLE"]
READY: State = "READY"
UNAVAILABLE: State = "UNAVAILABLE"


class Entry(Struct, frozen=True):
    """An alias, the version that the table wants under it, and whether that version is loaded."""

    name: str
    version: str
    state: State
    reason: str


class IndexRequest(Struct, frozen=True):
    ready: bool = False


class LoadRequest(Struct, frozen=True):
    parameters: dict[str, Any] = {}


def index(seen: Seen, shelf: Shelf) -> list[Entry]:
    """What the table wants of every alias of every family."""
    refused = {
        (one.family, one.alias): (UNAVAILABLE, f"{one.reason} {_instead(shelf, one.family, one.alias)}")
        for one in seen.refused
    }
    return [
        Entry(f"{family}.{alias}", pin.version, *refused.get((family, alias), (READY, "")))
        for family, pins in seen.table.aliases.items()
        for alias, pin in pins.items()
    ]


def check_loaded(name: str, seen: Seen, shelf: Shelf) -> None:
    """Raise RequestError unless all that the table wants of this family or alias is loaded."""
    if seen.fault:
        raise RequestError(400, seen.fault)
    wanted = [entry for entry in index(seen, shelf) if name in (entry.name, entry.name.partition(".")[0])]
    if not wanted:
        raise RequestError(404, f"The store has no model {name!r}.")
    if reasons := [f"{entry.name}: {entry.reason}" for entry in wanted if entry.state == UNAVAILABLE]:
        raise RequestError(400, " ".join(reasons))


def routes(window: Window, follower: Follower) -> list[Route]:
    async def told(request: Request) -> Response:
        asked = decoded(await body_of(request) or b"{}", IndexRequest)
        entries = index(follower.seen, window.shelf)
        return as_json([entry for entry in entries if entry.state == READY or not asked.ready])

    async def load(request: Request) -> Response:
        if decoded(await body_of(request) or b"{}", LoadRequest).parameters:
            raise RequestError(400, "Models come from the store as they are: a load takes no parameters.")
        check_loaded(request.path_params["name"], await follower.look(), window.shelf)
        return as_json({})

    async def unload(request: Request) -> Response:
        raise RequestError(400, "Nothing is unloaded by name: what serves is what the store's table says.")

    return [
        Route("/v2/repository/index", told, methods=["POST"]),
        Route("/v2/repository/models/{name}/load", load, methods=["POST"]),
        Route("/v2/repository/models/{name}/unload", unload, methods=["POST"]),
    ]


def _instead(shelf: Shelf, family: str, alias: Alias) -> str:
    kept = shelf.families.get(family, {}).get(alias)
    return f"{kept.version} goes on in its place." if kept else "Nothing serves in its place."
