"""The gesture models of a store as they look together: what serves, or what might."""

from pathlib import Path

from msgspec import Struct

from game.assignment import Alias
from models.errors import BundleError
from models.gesture_bundle import Family, GestureBundle, GestureStore, read
from models.hands.classifier import Classifier
from models.hands.hands import Hands
from models.hands.sight import Sight
from models.places import GESTURES, Place, gestures_at, place
from models.store import FolderStoreOf, Table
from trainer.settings import Settings


class Pair(Struct, frozen=True):
    """The models under one alias; without one of points the whole image alone is looked at."""

    points: GestureBundle | None
    pixels: GestureBundle

    @property
    def versions(self) -> dict[str, str | None]:
        points = None if self.points is None else self.points.manifest.version
        return {Family.POINTS: points, Family.PIXELS: self.pixels.manifest.version}

    def sight(self, hands: Hands | None) -> Sight:
        """What looks with these models; for one thread at a time."""
        points = None if self.points is None else _classifier(self.points)
        return Sight(hands, points, _classifier(self.pixels))


def pair(store: GestureStore, alias: Alias = Alias.PRODUCTION, table: Table | None = None) -> Pair:
    """The models under the alias, verified; raises BundleError where there is none of whole images."""
    aliases = (table or store.table()).aliases
    found = {family: store.bundle(pins[alias]) for family, pins in aliases.items() if alias in pins}
    if Family.PIXELS not in found:
        raise BundleError(f"No gesture models are in the store as {alias}.")
    return Pair(found.get(Family.POINTS), found[Family.PIXELS])


def store_of(settings: Settings, elsewhere: str = "") -> GestureStore:
    """The settings' store, or the one at the place named: one of gestures itself, or one that has it inside."""
    where: Place = place(elsewhere, settings.data_dir) if elsewhere else settings.store
    if elsewhere and isinstance(where, Path) and not (where / GESTURES).is_dir():
        return FolderStoreOf(where, where, settings.bundle_key.encode(), read)
    return gestures_at(where, settings.data_dir, settings.bundle_key)


def _classifier(bundle: GestureBundle) -> Classifier:
    try:
        return Classifier(bundle.manifest, bundle.model)
    except ValueError as error:
        raise BundleError(f"Bundle {bundle.manifest.version}: {error}.") from error
