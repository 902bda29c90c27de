"""A real gesture model of whole images that a test can foretell: red is rock, green is paper, blue is scissors."""

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from game.gestures import Label
from models.gesture_bundle import GestureStore
from models.store import Pin
from support.gestures import CLASSES, gesture_manifest

SIDE = 150
COLOURS = [Label.ROCK, Label.PAPER, Label.SCISSORS]
"""What red, green and blue mean."""
SURE = 8.0
LASTS: dict[str, dict[str, Any]] = {"Softmax": {"axis": -1}, "ReduceSum": {"keepdims": 0}}


def pixels_model(
    seed: int = 0, *, side: int = SIDE, told: str = "probabilities", last: str = "Softmax", points: int = 0
) -> bytes:
    """A network over the mean colour of an image; each seed is another, and says the same. It may tell points too."""
    weights = np.zeros((3, len(CLASSES)), np.float32)
    for channel, label in enumerate(COLOURS):
        weights[channel, CLASSES.index(label)] = SURE / 50
    bias = np.full(len(CLASSES), -SURE * 128 / 50 + seed / 1000, np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Gemm", ["mean", "weights", "bias"], ["logits"]),
        helper.make_node(last, ["logits"], [told], **LASTS.get(last, {})),
    ]
    shape: list[str | int | None] = [] if last == "ReduceSum" else ["n", len(CLASSES)]
    outputs = [helper.make_tensor_value_info(told, TensorProto.FLOAT, shape)]
    constants = [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")]
    if points:
        nodes.append(helper.make_node("Identity", ["middle"], ["points"]))
        constants.append(numpy_helper.from_array(np.full((1, points, 2), 0.5, np.float32), "middle"))
        outputs.append(helper.make_tensor_value_info("points", TensorProto.FLOAT, [1, points, 2]))
    given = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", side, side, 3])
    graph = helper.make_graph(nodes, "colours", [given], outputs, constants)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(proto.SerializeToString())


def points_model(label: Label) -> bytes:
    """A network over the points of a hand that takes every hand for this label, and is not quite sure."""
    bias = np.where(np.array(CLASSES) == label, 3.0, 0.0).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["hand", "weights", "bias"], ["logits"]),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
        ],
        "always",
        [helper.make_tensor_value_info("hand", TensorProto.FLOAT, ["n", 63])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(CLASSES)])],
        [numpy_helper.from_array(np.zeros((63, len(CLASSES)), np.float32), "weights"),
         numpy_helper.from_array(bias, "bias")],
    )  # fmt: skip
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(proto.SerializeToString())


def put_pixels(store: GestureStore, seed: int = 0) -> Pin:
    """Keep the model of this seed in the store."""
    model = pixels_model(seed)
    return store.put(gesture_manifest(model), model)
