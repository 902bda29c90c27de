"""Looks at what the sidecar would serve: each loads it as the sidecar does, and lets it go."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from inference import shelf, sights
from inference.settings import Settings
from inference.shelves import Refusal, ShelfOf, restocked
from models import bundle, gesture_bundle
from models.errors import BundleError, StoreError
from models.hands.fetch import FETCHED, complete
from models.hands.hands import Hands
from models.kinds import AnyBundle, Reads
from models.places import SHIPPED_GESTURES, gestures_at, store_at
from models.store import BUNDLES, SHIPPED, StoreOf
from telemetry.doctor import Found, failed, ok, warning

FETCH = "python -m models.hands.fetch"
CHECKOUT = "git checkout -- models"
ROLLBACK = (
    "publish it again, or order a rollback (docs/operations.md, BundleRefused); until then another version serves, "
    "where there is one."
)


def store(settings: Settings) -> Found:
    """Whether the table of aliases can be read."""
    with _away_from_the_cache(settings) as kept:
        try:
            table = store_at(*kept).table()
        except StoreError as error:
            return failed(str(error), "start the object store, or set RPS_STORE_URL right.")
    signed = "only signed bundles" if settings.bundle_key else "bundles need no signature"
    if not table.generation:
        return ok(f"{settings.store} has nothing of its own: what was shipped serves")
    return ok(f"{settings.store}, generation {table.generation}, {signed}")


def models(settings: Settings) -> Found:
    """Whether every alias's bundle is whole, signed where it must be, and answers."""
    with _away_from_the_cache(settings) as kept:
        return _loaded(store_at(*kept), shelf.Shelf(), shelf.load)


def gestures(settings: Settings) -> Found:
    """The same of what sees hands."""
    with _away_from_the_cache(settings) as kept:
        return _loaded(gestures_at(*kept), sights.GestureShelf(), sights.load)


def _loaded(store: StoreOf[Any], empty: ShelfOf[Any], load: Callable[[Any], Any]) -> Found:
    refused: list[Refusal]
    try:
        full, refused = restocked(store, store.table(), empty, load)
    except StoreError as error:
        return failed(f"they cannot be looked at: {error}", "see store.")
    if refused:
        return failed(" ".join(f"{one.family}.{one.alias}: {one.reason}" for one in refused), ROLLBACK)
    if not full.families:
        return warning("there are none", CHECKOUT)
    return ok(f"{full}, all answer")


def shipped(places: tuple[tuple[Path, Reads[AnyBundle]], ...] | None = None) -> Found:
    """Whether the shipped bundles are as they were shipped."""
    found, faults = 0, []
    for place, read in places or ((SHIPPED, bundle.read), (SHIPPED_GESTURES, gesture_bundle.read)):
        for folder in sorted((place / BUNDLES).glob("*/")):
            try:
                read(folder)
            except BundleError as error:
                faults.append(str(error))
            found += 1
    if faults:
        return failed(" ".join(faults), CHECKOUT)
    return ok(f"{found} bundles are whole") if found else failed("there are none", CHECKOUT)


def hands(folder: Path = FETCHED) -> Found:
    """Whether the networks that find hands are there and load."""
    if not folder.exists():
        return warning("the hand networks were not fetched: the image classifier judges alone", FETCH)
    if not complete(folder):
        return warning("the hand networks are not what they should be: the image classifier judges alone", FETCH)
    try:
        Hands.load(folder)
    except (ValueError, RuntimeError) as error:
        return failed(f"LiteRT does not load the hand networks: {error}", FETCH)
    return ok("the hand networks are there, and LiteRT loads them")


def runtime() -> Found:
    """Which runtimes there are; both were loaded with this module."""
    return ok(f"ONNX Runtime {version('onnxruntime')}, LiteRT {version('ai-edge-litert')}")


@contextmanager
def _away_from_the_cache(settings: Settings) -> Iterator[tuple[Any, str, str]]:
    """What a store is opened with: what comes from a bucket is kept apart from what a sidecar keeps of it."""
    with TemporaryDirectory(prefix="rps-quest-doctor-") as folder:
        yield settings.store, folder, settings.bundle_key
