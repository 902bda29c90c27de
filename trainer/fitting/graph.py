"""Served graphs, node by node: turn the position, score the turned moves, turn the probabilities back.

A plain model's graph has one input `features` float32 [n, 50] and one output `probabilities` float32 [n, 3]. Built here
rather than by a converter, they hold no label output, no unused node and nothing that a loader must be warned about.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from game.features import NAMES
from models.bundle import INPUT, OUTPUT
from trainer.data.columns import Floats, Ints
from trainer.data.turning import BACK, COLUMNS

OPSETS = (helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3))
"""Old enough for every runtime in use, new enough for all that is used here."""
_IR = 8

Layer = tuple[Floats, Floats]
"""Weights (inputs, outputs) and biases (outputs,)."""
Shapes = Mapping[str, Sequence[int | str]]
"""By name, the shape of a graph's input or output; a text stands for any number."""


class Nodes:
    """A graph under construction."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def node(self, kind: str, *inputs: str, output: str = "", domain: str = "", **attributes: Any) -> str:
        """Add a node with one output; returns the output's name."""
        name = output or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], domain=domain, **attributes))
        return name

    def constant(self, array: NDArray[Any]) -> str:
        """Add a constant, floats as float32 and integers as int64; returns its name."""
        name = f"constant_{len(self._constants)}"
        kind = np.float32 if array.dtype.kind == "f" else np.int64
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array, kind), name))
        return name

    def serialised(self, name: str, inputs: Shapes, outputs: Shapes) -> bytes:
        """The finished model, checked; all inputs and outputs are float32."""
        graph = helper.make_graph(self._nodes, name, _told(inputs), _told(outputs), self._constants)
        model = helper.make_model(graph, opset_imports=OPSETS, ir_version=_IR, producer_name="rps-quest")
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))


def _told(shapes: Shapes) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]


class Graph(Nodes):
    """A plain model's; between `__init__` and `model` it holds the position as `turned` [n, 53]."""

    def __init__(self) -> None:
        super().__init__()
        last = self.node("Slice", INPUT, *(self.constant(np.array([at])) for at in (0, 3, 1)))
        self._turn = self.node("ArgMax", last, axis=1, keepdims=0)
        columns = self.node("Gather", self.constant(COLUMNS), self._turn, axis=0)
        turned = self.node("GatherElements", INPUT, columns, axis=1)
        self.turned = self.node("Concat", turned, last, axis=1)

    def model(self, logits: str) -> bytes:
        """Finish from the turned moves' logits; the serialised model, checked."""
        turned = self.node("Softmax", logits, axis=1)
        back = self.node("Gather", self.constant(BACK), self._turn, axis=0)
        self.node("GatherElements", turned, back, output=OUTPUT, axis=1)
        return self.serialised("next_move", {INPUT: ["n", len(NAMES)]}, {OUTPUT: ["n", 3]})


def dense(layers: Sequence[Layer], pairs: Ints | None = None) -> bytes:
    """Linear layers with ReLU between them; `pairs` (k, 2) adds the products of those turned columns first."""
    graph = Graph()
    value = graph.turned
    if pairs is not None and len(pairs):
        left, right = (graph.node("Gather", value, graph.constant(side), axis=1) for side in pairs.T)
        value = graph.node("Concat", value, graph.node("Mul", left, right), axis=1)
    for index, (weights, biases) in enumerate(layers):
        if index:
            value = graph.node("Relu", value)
        value = graph.node("Gemm", value, graph.constant(weights), graph.constant(biases))
    return graph.model(value)


def standardised(first: Layer, mean: Floats, scale: Floats) -> Layer:
    """The layer on raw inputs that equals `first` on (inputs - mean) / scale."""
    weights, biases = first
    weights = weights / scale[:, None]
    return weights, biases - mean @ weights
