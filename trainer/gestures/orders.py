"""What the admin port tells of the gesture models, and the orders about them that it takes.

`GET /admin/gestures`, `POST /admin/gestures/images?label=rock` with one photo as the body, `/admin/gestures/predict`
with one, which all that is loaded looks at, and `/admin/gestures/rollback`. Who may ask is `trainer.lifecycle.admin`'s.
"""

from collections.abc import Mapping

from msgspec import Raw, Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from game.assignment import Alias
from game.codes import Code
from game.images import BadImage
from game.look import MAX_UPLOAD
from game.moves import MOVES, Move
from models.errors import BundleError, StoreError
from models.gesture_bundle import Family, GestureManifest, SourceScore
from models.places import gestures_at
from models.store import Pin
from trainer.errors import LedgerUnavailable, NoLog, Overtaken, SidecarUnavailable, Unwanted
from trainer.gestures import decisions, labelled
from trainer.gestures.job import Job, Told
from trainer.lifecycle.answers import TooLong, as_json, body_of, refused
from trainer.lifecycle.ledger import Kind
from trainer.lifecycle.sidecar import Sidecar, SidecarRefused
from trainer.settings import Settings

RECENT = 20
"""Decisions that are told."""


class Pair(Struct, frozen=True):
    """The versions of both families under one alias."""

    points: str | None
    pixels: str | None


class Decided(Struct, frozen=True):
    """An entry of the ledger, in short."""

    number: int
    at: int
    kind: Kind
    by: str
    reason: str


class Overview(Struct, frozen=True):
    """All there is to say of the gesture models."""

    production: Pair
    before: Pair | None
    sources: Mapping[Alias, Mapping[str, SourceScore] | None]
    labelled: Mapping[Move, int]
    donated: int
    job: Told
    decisions: list[Decided]


class Kept(Struct, frozen=True):
    """A photo that is there to be learned from, and how many there are now."""

    file: str
    labelled: Mapping[Move, int]


class GestureOrders:
    """The answers; each takes a request that has shown the token."""

    def __init__(self, settings: Settings, job: Job, sidecar: Sidecar) -> None:
        self._settings = settings
        self._job = job
        self._sidecar = sidecar
        self._store = gestures_at(settings.store, settings.data_dir, settings.bundle_key)
        self._manifests: dict[Pin, GestureManifest] = {}

    async def overview(self, request: Request) -> Response:
        try:
            return as_json(await run_in_threadpool(self._overview))
        except (StoreError, BundleError, LedgerUnavailable, NoLog) as error:
            return refused(503, str(error))

    async def add(self, request: Request) -> Response:
        label = request.query_params.get("label", "")
        if label not in MOVES:
            return refused(400, f"label must be one of {', '.join(MOVES)}.")
        try:
            content = await body_of(request, MAX_UPLOAD)
            path = await run_in_threadpool(labelled.keep, self._settings.retrain_data, Move(label), content)
        except TooLong as error:
            return refused(413, str(error))
        except BadImage as error:
            return refused(413 if error.code is Code.TOO_LARGE else 400, str(error))
        except OSError as error:
            return refused(503, f"The photo cannot be kept: {error.strerror}.")
        return as_json(Kept(path.name, labelled.counts(self._settings.retrain_data)), 201)

    async def predict(self, request: Request) -> Response:
        try:
            content = await body_of(request, MAX_UPLOAD)
        except TooLong as error:
            return refused(413, str(error))
        try:
            return as_json(await run_in_threadpool(self._looks, content))
        except SidecarRefused as error:
            return Response(error.text, error.status, media_type="application/json")
        except (SidecarUnavailable, StoreError) as error:
            return refused(503, str(error))

    async def rollback(self, request: Request) -> Response:
        by = f"operator at {request.client.host if request.client else 'the port'}"
        try:
            return as_json(await run_in_threadpool(self._rolled_back, by))
        except (Unwanted, Overtaken) as error:
            return refused(409, str(error))
        except (StoreError, BundleError, LedgerUnavailable, NoLog) as error:
            return refused(503, str(error))

    def _rolled_back(self, by: str) -> object:
        with decisions.opened(self._settings) as (gestures, position):
            return decisions.rollback(gestures, position, by)

    def _overview(self) -> Overview:
        with decisions.opened(self._settings) as (gestures, _):
            recent = gestures.newest(RECENT)
        pairs = {alias: self._pins(alias) for alias in (Alias.PRODUCTION, Alias.B)}
        return Overview(
            production=_pair(pairs[Alias.PRODUCTION]),
            before=_pair(pairs[Alias.B]) if pairs[Alias.B] else None,
            sources={alias: self._sources(pins) for alias, pins in pairs.items()},
            labelled=labelled.counts(self._settings.retrain_data),
            donated=labelled.donations(self._settings.address),
            job=self._job.told,
            decisions=[Decided(one.number, one.at, one.kind, one.by, one.reason) for one in recent],
        )

    def _looks(self, content: bytes) -> dict[Alias, Raw | None]:
        seen = self._sidecar.look(content, Alias.PRODUCTION)
        if not self._pins(Alias.B):
            return {Alias.PRODUCTION: seen, Alias.B: None}
        try:
            return {Alias.PRODUCTION: seen, Alias.B: self._sidecar.look(content, Alias.B)}
        except SidecarRefused:  # what served before cannot be loaded any more; that is no fault of what serves
            return {Alias.PRODUCTION: seen, Alias.B: None}

    def _pins(self, alias: Alias) -> dict[str, Pin]:
        return {family: pins[alias] for family, pins in self._store.table().aliases.items() if alias in pins}

    def _sources(self, pins: Mapping[str, Pin]) -> dict[str, SourceScore] | None:
        """The scores that the younger of the pair tells: it was judged with the other one."""
        told = [self._manifest(pin) for pin in pins.values()]
        return max(told, key=lambda one: one.created).sources if told else None

    def _manifest(self, pin: Pin) -> GestureManifest:
        if pin not in self._manifests:
            self._manifests[pin] = self._store.bundle(pin).manifest
        return self._manifests[pin]


def _pair(pins: Mapping[str, Pin]) -> Pair:
    versions = {family: pin.version for family, pin in pins.items()}
    return Pair(versions.get(Family.POINTS), versions.get(Family.PIXELS))
