"""The same gesture model with its outputs in another order, as if it had been trained elsewhere."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import onnx
from msgspec.structs import replace
from onnx import helper, numpy_helper

from game.gestures import Label
from models.bundle import version_of
from models.gesture_bundle import GestureBundle, GestureStore
from models.hands.classifier import PROBABILITIES
from models.store import Pin


def put_reordered(store: GestureStore, bundle: GestureBundle, classes: Sequence[Label]) -> Pin:
    """Keep the bundle's model in the store, its classes in this order."""
    card = bundle.manifest
    model = turned(bundle.model, [card.classes.index(label) for label in classes])
    changes = {"version": version_of(card.family, model), "model_sha256": sha256(model).hexdigest()}
    return store.put(replace(card, classes=list(classes), **changes), model)


def turned(model: bytes, places: Sequence[int]) -> bytes:
    """The graph whose n-th probability is the one that was at `places[n]`."""
    proto = onnx.load_from_string(model)
    for node in proto.graph.node:
        node.output[:] = ["before" if name == PROBABILITIES else name for name in node.output]
    proto.graph.initializer.append(numpy_helper.from_array(np.array(places), "places"))
    proto.graph.node.append(helper.make_node("Gather", ["before", "places"], [PROBABILITIES], axis=1))
    return bytes(proto.SerializeToString())
