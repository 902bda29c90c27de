"""The admin port, over HTTP on the loopback: orders of an operator, with a token, and pages that need none.

`POST /admin/promote`, `/admin/demote`, `/admin/rollback`, `/admin/retrain`, `/admin/reload` and `GET /admin/aliases`.
A body is one JSON object: `family`, for promote and demote `version`, and `generation` to decide only about the aliases
that were looked at. Every order is an entry of the ledger. Of two orders that came while the aliases were the same,
exactly one is done; the other is answered 409 and may look again. Retraining is of `"what": "rounds"`, if nothing is
said, or `"gestures"`; what else there is about gestures is under `/admin/gestures` (`trainer.gestures.orders`), and
`/lab` is the page for it. That page and `/metrics` need no token; where none is set, they are all that answers.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from hmac import compare_digest
from threading import Event, Thread
from typing import Literal

import uvicorn
from msgspec import MsgspecError, Struct, json
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from models.errors import BundleError, StoreError
from models.places import store_at
from models.store import Table
from trainer.cycle import Work
from trainer.errors import LedgerUnavailable, NoLog, Overtaken, SidecarUnavailable, Unwanted
from trainer.gestures import pages, retrain
from trainer.gestures.job import Job
from trainer.gestures.orders import GestureOrders
from trainer.lifecycle import book, orders
from trainer.lifecycle.answers import TooLong, as_json, body_of, refused
from trainer.lifecycle.counted import Counted
from trainer.lifecycle.decisions import Lifecycle
from trainer.lifecycle.ledger import Entry
from trainer.lifecycle.orders import Order
from trainer.lifecycle.sidecar import Sidecar
from trainer.meters import Meters
from trainer.settings import Settings

logger = logging.getLogger(__name__)

MAX_BODY = 4096
NO_TOKEN = "RPS_ADMIN_TOKEN is not set: no orders are taken."
_STATUS = {Unwanted: 409, Overtaken: 409, StoreError: 503, BundleError: 503, LedgerUnavailable: 503, NoLog: 503}

Deed = Callable[[Lifecycle, Order, int, str], Entry]
Answers = Callable[[Request], Awaitable[Response]]


class Reloaded(Struct, frozen=True):
    """What keeps each family from being served as the store says; empty if nothing does."""

    faults: dict[str, str]


class Retrain(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be learned anew."""

    what: Literal["rounds", "gestures"] = "rounds"


class Accepted(Struct, frozen=True):
    """What comes of an order that takes its time."""

    status: str


class Admin:
    """The admin port, open while this trainer holds the lease."""

    def __init__(
        self, settings: Settings, gestures: Work = retrain.run, meters: Meters | None = None,
        open_to_all: Sequence[BaseRoute] = (),
    ) -> None:  # fmt: skip
        """`gestures` is how gesture models are retrained; `open_to_all` are further routes, which need no token."""
        self._settings = settings
        self._meters = meters or Meters()
        self._open_to_all = open_to_all
        store = store_at(settings.store, settings.data_dir, settings.bundle_key)
        self._store = Counted(store, self._meters.store_calls)
        self._sidecar = Sidecar(settings.inference_host, settings.inference_port)
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None
        self.retrain = Event()
        """Set while a cycle is asked for that has not begun."""
        self.gestures = Job(settings, gestures, self._meters)

    def open(self) -> None:
        """Listen; a port in use is told of and the trainer goes on without."""
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
        if self._settings.admin_token:
            logger.info("Orders are taken at http://127.0.0.1:%d/admin.", port)
        else:
            logger.info("http://127.0.0.1:%d/metrics tells how it goes. %s", port, NO_TOKEN)
        try:
            server.run()
        except SystemExit:  # uvicorn's way to say that it cannot listen
            logger.error("No orders are taken and no metrics told: port %d cannot be listened on.", port)

    def app(self) -> Starlette:
        """The routes."""
        deeds: dict[str, Deed] = {
            "promote": orders.promote,
            "demote": orders.demote,
            "rollback": orders.rollback,
        }
        routes: list[BaseRoute] = [self._order(name, self._deed(deed)) for name, deed in deeds.items()]
        routes += [
            self._order("retrain", self._retrain),
            self._order("reload", self._reload),
            self._order("aliases", self._aliases, "GET"),
            *self._about_gestures(),
            *pages.routes(),
            *self._open_to_all,
        ]
        return Starlette(routes=routes, middleware=[Middleware(pages.SafeHeaders)])

    def _about_gestures(self) -> list[BaseRoute]:
        gestures = GestureOrders(self._settings, self.gestures, self._sidecar)
        return [
            self._order("gestures", gestures.overview, "GET"),
            self._order("gestures/images", gestures.add),
            self._order("gestures/predict", gestures.predict),
            self._order("gestures/rollback", gestures.rollback),
        ]

    def _order(self, name: str, answer: Answers, method: str = "POST") -> Route:
        """The route of an order, which is answered if the token is shown, and counted in any case."""

        async def counted(request: Request) -> Response:
            response = self._unwelcome(request) or await answer(request)
            self._meters.orders.add(name, f"{response.status_code // 100}xx")
            return response

        return Route(f"/admin/{name}", counted, methods=[method])

    def _unwelcome(self, request: Request) -> Response | None:
        """Why this may order nothing, or None."""
        if not self._settings.admin_token:
            return refused(503, NO_TOKEN)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not compare_digest(token.encode(), self._settings.admin_token.encode()):
            return refused(401, "The token is missing or wrong.")
        return None

    def _deed(self, deed: Deed) -> Answers:
        async def answer(request: Request) -> Response:
            try:
                generation = (await run_in_threadpool(self._store.table)).generation  # what the order was made about
                order = json.decode(await body_of(request, MAX_BODY), type=Order)
            except (MsgspecError, TooLong) as error:
                return refused(400, f"The order cannot be read: {error}.")
            except StoreError as error:
                return refused(503, str(error))
            by = f"operator at {request.client.host if request.client else 'the port'}"
            return await run_in_threadpool(self._done, deed, order, generation, by)

        return answer

    def _done(self, deed: Deed, order: Order, generation: int, by: str) -> Response:
        try:
            with book.opened(self._settings.address) as opened:
                order = Order(
                    order.family, order.version, order.generation if order.generation is not None else generation
                )
                entry = deed(Lifecycle(opened, self._store), order, opened.position(), by)
        except tuple(_STATUS) as error:
            return refused(next(status for kind, status in _STATUS.items() if isinstance(error, kind)), str(error))
        return as_json(entry)

    async def _retrain(self, request: Request) -> Response:
        try:
            body = await body_of(request, MAX_BODY)
            order = json.decode(body, type=Retrain) if body.strip() else Retrain()
        except (MsgspecError, TooLong) as error:
            return refused(400, f"The order cannot be read: {error}.")
        if order.what == "gestures":
            if not self.gestures.ask():
                return refused(409, "A retraining of the gesture models is under way already.")
            return as_json(Accepted("The retraining begins now."), 202)
        if self.retrain.is_set():
            return refused(409, "A cycle is asked for already.")
        self.retrain.set()
        return as_json(Accepted("The next cycle begins as soon as none is under way."), 202)

    async def _reload(self, request: Request) -> Response:
        try:
            faults = await run_in_threadpool(orders.reload, self._store, self._sidecar)
        except (StoreError, SidecarUnavailable) as error:
            return refused(503, str(error))
        return as_json(Reloaded(faults), 200 if not faults else 409)

    async def _aliases(self, request: Request) -> Response:
        try:
            table: Table = await run_in_threadpool(self._store.table)
        except StoreError as error:
            return refused(503, str(error))
        return as_json(table)
