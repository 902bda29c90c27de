"""`python -m support.relearning FOLDER`: both learners on made-up hands, small and quick, in a process of their own.

It prints one JSON object of what a test may ask about them.
"""

import sys
from pathlib import Path

from trainer.gestures.quiet import quiet

quiet()

import keras  # noqa: E402 - it is quiet only if it is told so before
import numpy as np  # noqa: E402
from msgspec import json  # noqa: E402
from msgspec.structs import replace  # noqa: E402

from game.gestures import Label  # noqa: E402
from models.gesture_bundle import Family, GestureBundle, GestureManifest  # noqa: E402
from models.hands.classifier import Classifier  # noqa: E402
from models.hands.points import normalised  # noqa: E402
from support.gestures import gesture_manifest  # noqa: E402
from support.photos import photo  # noqa: E402
from trainer.gestures import fit, learn_points, points  # noqa: E402
from trainer.gestures.labelled import Given  # noqa: E402
from trainer.gestures.landmarks import Marked  # noqa: E402
from trainer.gestures.learn_pixels import Plan, Shown, shown, tuned  # noqa: E402
from trainer.gestures.network import SIDE, build  # noqa: E402

ORDER = [Label.SCISSORS, Label.OTHER, Label.PAPER, Label.ROCK]
"""Of the classes in production: neither ours nor the alphabet's."""
WHOLE = [Label.NONE, Label.SCISSORS, Label.ROCK, Label.OTHER, Label.PAPER]


def silent(*_: object) -> None:
    """Nobody listens."""


def relearned_points() -> dict[str, object]:
    """Trained on few hands for few epochs; the share that is read rightly by the order of production."""
    points.EPOCHS, learn_points.SKELETONS = 6, 300
    some, others = (points.skeletons(20, np.random.default_rng(seed)) for seed in (5, 6))
    production = GestureBundle(gesture_manifest(b"", Family.POINTS, classes=ORDER, threshold=0.55), "", b"")
    made = learn_points.fitted(Marked(some.points, some.labels), production, silent)
    reader = Classifier(gesture_manifest(made.model, Family.POINTS, classes=made.classes), made.model)
    said = [reader.said(row) for row in reader.run(normalised(others.points))["probabilities"]]
    right = np.mean([one.best is label for one, label in zip(said, others.labels, strict=True)])
    return {"classes": made.classes, "threshold": made.threshold, "right": float(right), "images": made.images}


def tuned_pixels() -> dict[str, object]:
    """One short epoch: what was learned, and what stayed as it was."""
    network = build(WHOLE)
    before = {id(layer): [np.array(weight) for weight in layer.get_weights()] for layer in network.layers}
    labels = [Label.ROCK, Label.PAPER, Label.SCISSORS] * 4
    photos = [Given(f"{n:064x}", label, f"photo {n}", image=photo(label, n)) for n, label in enumerate(labels)]
    seen = shown(photos, WHOLE)
    assert seen is not None
    card = gesture_manifest(b"", classes=WHOLE, threshold=0.6)
    made = tuned(network, seen, WHOLE, card, silent, Plan(rehearsed=10, shown=1, epochs=1, batch=8))
    moved = {
        type(layer).__name__
        for layer in network.layers
        if any(not np.array_equal(*both) for both in zip(before[id(layer)], layer.get_weights(), strict=True))
    }
    outputs = Classifier(gesture_manifest(made.model, classes=WHOLE), made.model).run(
        np.zeros((2, SIDE, SIDE, 3), np.float32)
    )
    return {
        "classes": made.classes,
        "threshold": made.threshold,
        "moved": sorted(moved),
        "places": seen.places.tolist()[:3],
        "shapes": {name: list(value.shape) for name, value in outputs.items()},
        "network": len(made.network) > 0,
        "temperature": unmoved(network, seen, card),
    }


def unmoved(network: keras.Model, seen: Shown, card: GestureManifest) -> object:
    """The temperature of what has learned nothing from the photos, by the 0.7 of what is in production."""
    known = replace(card, configuration={"temperature": 0.7})
    plan = Plan(rehearsed=10, shown=1, epochs=1, batch=8, rate=0.0)
    return tuned(network, seen, WHOLE, known, silent, plan).configuration["temperature"]


def exported(folder: Path) -> dict[str, object]:
    """SavedModel and ONNX of a network, and what the SavedModel says beside the ONNX."""
    from trainer.gestures.export import ONNX, SAVED, served
    from trainer.gestures.export import exported as export

    model = export(served(build(WHOLE), 2.0), folder)
    probes = np.random.default_rng(0).uniform(0, 255, (2, SIDE, SIDE, 3)).astype(np.float32)
    ours = Classifier(gesture_manifest(model, classes=WHOLE), model).run(probes)["probabilities"]
    theirs = keras.layers.TFSMLayer(str(folder / SAVED), call_endpoint="serve")(probes)["probabilities"]
    apart = float(np.abs(ours - np.asarray(theirs)).max())
    return {"apart": apart, "same": (folder / ONNX).read_bytes() == model, "fits": fit.NETWORK}


if __name__ == "__main__":
    told = {
        "points": relearned_points(),
        "pixels": tuned_pixels(),
        "export": exported(Path(sys.argv[1])),
    }
    sys.stdout.write(json.encode(told).decode())
