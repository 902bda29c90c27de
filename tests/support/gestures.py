"""Gesture bundles around any bytes."""

from hashlib import sha256

from game.gestures import Label
from models.bundle import version_of
from models.gesture_bundle import CONTRACTS, Family, GestureManifest, GestureTraining, SourceScore

CLASSES = [Label.PAPER, Label.ROCK, Label.SCISSORS, Label.NONE]
SCORE = SourceScore(n=10, accuracy=0.9, coverage=1.0, accuracy_answered=0.9)


def gesture_manifest(
    model: bytes,
    family: Family = Family.PIXELS,
    *,
    version: str = "",
    classes: list[Label] = CLASSES,
    contract: str = "",
    threshold: float = 0.5,
) -> GestureManifest:
    return GestureManifest(
        family=family,
        version=version or version_of(family, model),
        created="2025-01-01T00:00:00Z",
        contract=contract or CONTRACTS[family],
        classes=classes,
        threshold=threshold,
        model_sha256=sha256(model).hexdigest(),
        training=GestureTraining(["made up"], 10, "CC0-1.0"),
        sources={"made-up": SCORE},
        overall=SCORE,
        configuration={"rate": 0.1},
    )
