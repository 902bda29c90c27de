"""The shelf of those who see what an image shows, and how those of one alias look together."""

import numpy as np
from msgspec import Struct

from game.assignment import Alias
from inference.follow import FollowerOf
from inference.meters import Meters
from inference.model import distributions
from inference.shelves import ShelfOf, WindowOf
from models.errors import BundleError
from models.gesture_bundle import Family, GestureBundle, GestureManifest, GestureStore
from models.hands import points
from models.hands.classifier import PROBABILITIES, Classifier
from models.hands.hands import Hands
from models.hands.sight import SIDE, Sight
from models.runtime import FAULTS

SHAPES = {Family.POINTS: (points.SIZE,), Family.PIXELS: (SIDE, SIDE, 3)}
"""What `models.hands` prepares for each family."""
LARGEST = {Family.POINTS: 2.0, Family.PIXELS: 255.0}


class Seer(Struct, frozen=True, eq=False):
    """One gesture model version, loaded; for one thread at a time."""

    family: str
    version: str
    digest: str
    card: GestureManifest
    classifier: Classifier

    @property
    def created(self) -> str:
        return self.card.created


class GestureShelf(ShelfOf[Seer], frozen=True):
    """The gesture models of one state of their store."""

    def __str__(self) -> str:
        count = len({seer for seers in self.families.values() for seer in seers.values()})
        return f"{count} gesture models (generation {self.generation})"


class GestureWindow(WindowOf[GestureShelf]):
    """The gesture models that are served at this moment."""

    def __init__(self) -> None:
        super().__init__(GestureShelf())


class GestureFollower(FollowerOf[GestureBundle, GestureShelf]):
    """Keeps the gesture models like their store's table."""

    def __init__(self, store: GestureStore, window: GestureWindow, meters: Meters | None = None) -> None:
        super().__init__("gestures", store, window, load, meters)


def load(bundle: GestureBundle) -> Seer:
    """The bundle's model, having shown that it answers; raises BundleError."""
    card = bundle.manifest
    try:
        classifier = Classifier(card, bundle.model)
        if classifier.shape != SHAPES[card.family]:
            raise ValueError(f"the model takes {classifier.shape}, not {SHAPES[card.family]}")
        sample = np.random.default_rng(0).random((4, *classifier.shape), np.float32) * LARGEST[card.family]
        _, sound = distributions([classifier.run(each[None])[PROBABILITIES] for each in sample])
    except (*FAULTS, ValueError) as error:
        raise BundleError(f"Bundle {card.version}: {' '.join(str(error).split())[:200]}.") from error
    if not sound.all():
        raise BundleError(f"Bundle {card.version}: the model gives no probabilities for a sample.")
    return Seer(card.family, card.version, bundle.digest, card, classifier)


class Sights:
    """What looks at an image for each alias: its models, as the window shows them, over the same `hands`.

    An alias without a model of whole images sees nothing. Models of landmarks serve where there are `hands`.
    """

    def __init__(self, window: GestureWindow, hands: Hands | None) -> None:
        self._window = window
        self._shelf = GestureShelf()
        self._sights: dict[Alias, Sight] = {}
        self.hands = hands

    def of(self, alias: Alias) -> Sight | None:
        """What looks now; who has one in use goes on with it, whatever is swapped meanwhile."""
        if self._window.shelf is not self._shelf:
            self._shelf = self._window.shelf
            self._sights = _together(self._shelf, self.hands)
        return self._sights.get(alias)


def _together(shelf: GestureShelf, hands: Hands | None) -> dict[Alias, Sight]:
    by_points = shelf.families.get(Family.POINTS, {})
    by_pixels = shelf.families.get(Family.PIXELS, {})
    return {
        alias: Sight(hands, by_points[alias].classifier if alias in by_points else None, whole.classifier)
        for alias, whole in by_pixels.items()
    }
