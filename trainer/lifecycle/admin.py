"""Orders of an operator: the admin port, over HTTP on the loopback, with a token.

`POST /admin/promote`, `/admin/demote`, `/admin/rollback`, `/admin/retrain`, `/admin/reload` and `GET /admin/aliases`.
A body is one JSON object: `family`, for promote and demote `version`, and `generation` to decide only about the aliases
that were looked at. Every order is an entry of the ledger. Of two orders that came while the aliases were the same,
exactly one is done; the other is answered 409 and may look again.
"""

import logging
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from threading import Event, Thread

import uvicorn
from msgspec import MsgspecError, Struct, json
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from models.errors import BundleError, StoreError
from models.places import store_at
from models.store import Table
from trainer.data import log
from trainer.errors import LedgerUnavailable, NoLog, Overtaken, SidecarUnavailable, Unwanted
from trainer.lifecycle import book, orders
from trainer.lifecycle.decisions import Lifecycle
from trainer.lifecycle.ledger import Entry
from trainer.lifecycle.orders import Order
from trainer.lifecycle.sidecar import Sidecar
from trainer.settings import Settings

logger = logging.getLogger(__name__)

MAX_BODY = 4096
_STATUS = {Unwanted: 409, Overtaken: 409, StoreError: 503, BundleError: 503, LedgerUnavailable: 503, NoLog: 503}

Deed = Callable[[Lifecycle, Order, int, str], Entry]


class Reloaded(Struct, frozen=True):
    """What keeps each family from being served as the store says; empty if nothing does."""

    faults: dict[str, str]


class Admin:
    """The admin port, open while this trainer holds the lease."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = store_at(settings.store, settings.data_dir, settings.bundle_key)
        self._sidecar = Sidecar(settings.inference_host, settings.inference_port)
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None
        self.retrain = Event()
        """Set while a cycle is asked for that has not begun."""

    def open(self) -> None:
        """Listen, if there is a token to be shown; a port in use is told of and the trainer goes on without."""
        if not self._settings.admin_token:
            logger.info("RPS_ADMIN_TOKEN is not set: no orders are taken.")
            return
        if self._server is not None:
            return
        config = uvicorn.Config(
            self.app(), host="127.0.0.1", port=self._settings.admin_port, lifespan="off", ws="none", log_config=None,
            log_level="warning", access_log=False, server_header=False, limit_concurrency=32,
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._serve, args=(self._server,), name="orders", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = None

    def _serve(self, server: uvicorn.Server) -> None:
        port = self._settings.admin_port
        logger.info("Orders are taken at http://127.0.0.1:%d/admin.", port)
        try:
            server.run()
        except SystemExit:  # uvicorn's way to say that it cannot listen
            logger.error("No orders are taken: port %d cannot be listened on.", port)

    def app(self) -> Starlette:
        """The routes."""
        deeds: dict[str, Deed] = {
            "promote": orders.promote,
            "demote": orders.demote,
            "rollback": orders.rollback,
        }
        routes = [Route(f"/admin/{name}", self._deed(deed), methods=["POST"]) for name, deed in deeds.items()]
        routes += [
            Route("/admin/retrain", self._guarded(self._retrain), methods=["POST"]),
            Route("/admin/reload", self._guarded(self._reload), methods=["POST"]),
            Route("/admin/aliases", self._guarded(self._aliases)),
        ]
        return Starlette(routes=routes)

    def _guarded(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not compare_digest(token.encode(), self._settings.admin_token.encode()):
                return _json({"error": "The token is missing or wrong."}, 401)
            return await answer(request)

        return guarded

    def _deed(self, deed: Deed) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                generation = (await run_in_threadpool(self._store.table)).generation  # what the order was made about
                order = json.decode(await _body(request), type=Order)
            except MsgspecError as error:
                return _json({"error": f"The order cannot be read: {error}."}, 400)
            except StoreError as error:
                return _json({"error": str(error)}, 503)
            by = f"operator at {request.client.host if request.client else 'the port'}"
            return await run_in_threadpool(self._done, deed, order, generation, by)

        return self._guarded(answer)

    def _done(self, deed: Deed, order: Order, generation: int, by: str) -> Response:
        try:
            with book.opened(self._settings.database) as opened, log.opened(self._settings.database) as reader:
                order = Order(
                    order.family, order.version, order.generation if order.generation is not None else generation
                )
                entry = deed(Lifecycle(opened, self._store), order, log.last_position(reader), by)
        except tuple(_STATUS) as error:
            return _json(
                {"error": str(error)}, next(status for kind, status in _STATUS.items() if isinstance(error, kind))
            )
        return _json(entry)

    async def _retrain(self, request: Request) -> Response:
        if self.retrain.is_set():
            return _json({"error": "A cycle is asked for already."}, 409)
        self.retrain.set()
        return _json({"status": "The next cycle begins as soon as none is under way."}, 202)

    async def _reload(self, request: Request) -> Response:
        try:
            faults = await run_in_threadpool(orders.reload, self._store, self._sidecar)
        except (StoreError, SidecarUnavailable) as error:
            return _json({"error": str(error)}, 503)
        return _json(Reloaded(faults), 200 if not faults else 409)

    async def _aliases(self, request: Request) -> Response:
        try:
            table: Table = await run_in_threadpool(self._store.table)
        except StoreError as error:
            return _json({"error": str(error)}, 503)
        return _json(table)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise MsgspecError(f"it is longer than {MAX_BODY} bytes")
    return bytes(body)


def _json(body: object, status: int = 200) -> Response:
    return Response(json.encode(body), status, media_type="application/json")
