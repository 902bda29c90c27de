"""`/metrics` for Prometheus."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from telemetry.start import Telemetry


def metrics_route(telemetry: Telemetry) -> Route:
    """The page of this process."""

    async def metrics(request: Request) -> Response:
        body, kind = await run_in_threadpool(telemetry.exposition)
        return Response(body, headers={"content-type": kind, "cache-control": "no-store"})

    return Route("/metrics", metrics)
