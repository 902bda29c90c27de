"""Gates and personal weights as the graph that is served; `models.experts.reading` tells what goes in and comes out."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from torch import Tensor, nn

from models.bundle import OUTPUT
from models.experts.bank import Floats32
from models.experts.layout import CELLS
from models.experts.reading import FRAME, FRAMES, LOGS, MEMORY, MERITS, NEXT_MEMORY, PRIOR, SCENE
from models.experts.specs import VOICES
from trainer.data.columns import Floats
from trainer.fitting.graph import Nodes
from trainer.fitting.personal.export import between, weighed
from trainer.fitting.personal.filter import REMEMBERED, Prior
from trainer.fitting.reading.follow import Shapes, shapes
from trainer.fitting.reading.net import TURNED, Net


def graph(gates: Sequence[tuple[Net, float]], personal: Prior, share: float, prior: Floats32) -> bytes:
    """`blend` of these gates, their logits divided by what stands beside each, and personal weights; and the bank's
    prior [CELLS, 3].
    """
    nodes = Nodes()
    widths = [net.memory for net, _ in gates]
    ends = np.cumsum([0, *widths, REMEMBERED]).tolist()
    parts = [between(nodes, MEMORY, 1, *at) for at in pairwise(ends)]
    said, kept = weighed(nodes, personal, parts[-1])
    total = _counted(nodes, said, share)
    after = []
    for (net, heat), memory in zip(gates, parts, strict=False):
        logits, now = _gate(nodes, net, heat, memory)
        total = nodes.node("Add", total, _counted(nodes, logits, (1 - share) / len(gates)))
        after.append(now)
    nodes.node("Softmax", total, output=OUTPUT, axis=1)
    nodes.node("Concat", *after, kept, output=NEXT_MEMORY, axis=1)
    nodes.node("Identity", nodes.constant(prior), output=PRIOR)
    inputs = {name: ["n", *shape] for name, shape in shapes(ends[-1]).items()}
    outputs: Shapes = {OUTPUT: ["n", 3], NEXT_MEMORY: ["n", ends[-1]], PRIOR: [CELLS, 3]}
    return nodes.serialised("reader", inputs, outputs)


def _counted(nodes: Nodes, logits: str, share: float) -> str:
    """Logarithms of probabilities, times a share."""
    return nodes.node("Mul", nodes.node("LogSoftmax", logits, axis=1), nodes.constant(np.array(share)))


def _gate(nodes: Nodes, net: Net, heat: float, memory: str) -> tuple[str, str]:
    """(logits [n, 3], what to remember)."""
    moods, after = _moods(nodes, net, memory)
    said = nodes.node("MatMul", nodes.node("Transpose", _weights(nodes, net, moods), perm=[0, 2, 1]), LOGS)
    opinion = nodes.node("Reshape", _linear(nodes, net.opinion, moods), nodes.constant(np.array([-1, len(FRAMES), 3])))
    own = nodes.node("MatMul", nodes.node("Transpose", FRAME, perm=[0, 2, 1]), opinion)
    turned = nodes.node("Reshape", nodes.node("Add", said, own), nodes.constant(np.array([-1, 9])))
    return nodes.node("Gemm", turned, nodes.constant(TURNED / heat), nodes.constant(_array(net.bias) / heat)), after


def _moods(nodes: Nodes, net: Net, memory: str) -> tuple[str, str]:
    """(what the gate makes of the player so far [n, width], what to remember)."""
    mean, largest = (nodes.node(kind, MERITS, axes=[1], keepdims=0) for kind in ("ReduceMean", "ReduceMax"))
    told = nodes.node("Concat", SCENE, mean, largest, axis=1)
    if net.plain is not None:
        return nodes.node("Tanh", _linear(nodes, net.plain, told)), memory
    assert net.recurrent is not None
    after = _recurrent(nodes, net.recurrent, told, memory)
    return after, after


def _recurrent(nodes: Nodes, layer: nn.GRU, told: str, memory: str) -> str:
    """One step of a gated recurrent unit (Cho et al., 2014), as torch computes it."""
    weights = {name: _array(value) for name, value in layer.named_parameters()}
    from_now, from_before = (
        nodes.node(
            "Gemm", value, nodes.constant(weights[f"weight_{of}_l0"].T), nodes.constant(weights[f"bias_{of}_l0"])
        )
        for value, of in ((told, "ih"), (memory, "hh"))
    )

    def part(value: str, place: int) -> str:
        ends = [nodes.constant(np.array([at * layer.hidden_size])) for at in (place, place + 1)]
        return nodes.node("Slice", value, *ends, nodes.constant(np.array([1])))

    reset, keep = (
        nodes.node("Sigmoid", nodes.node("Add", part(from_now, place), part(from_before, place))) for place in (0, 1)
    )
    fresh = nodes.node("Add", part(from_now, 2), nodes.node("Mul", reset, part(from_before, 2)))
    fresh = nodes.node("Tanh", fresh)
    kept = nodes.node("Mul", keep, nodes.node("Sub", memory, fresh))
    return nodes.node("Add", fresh, kept)


def _weights(nodes: Nodes, net: Net, moods: str) -> str:
    """How much to make of each voice and turn [n, VOICES, 3]."""
    mood = nodes.node("Unsqueeze", _linear(nodes, net.mood, moods), nodes.constant(np.array([1])))
    merits = nodes.node("MatMul", MERITS, nodes.constant(_array(net.merits.weight).T))
    value = nodes.node("Relu", nodes.node("Add", nodes.node("Add", merits, nodes.constant(_array(net.voice))), mood))
    for layer in net.inner:
        assert isinstance(layer, nn.Linear)
        value = nodes.node("Relu", _affine(nodes, value, _array(layer.weight).T, _array(layer.bias)))
    share = 1 / VOICES**0.5
    standing = share * (_array(net.standing) + _array(net.weights.bias))
    return _affine(nodes, value, share * _array(net.weights.weight).T, standing)


def _affine(nodes: Nodes, value: str, weights: Floats, biases: Floats) -> str:
    """For each voice alike, [n, VOICES, any]."""
    return nodes.node("Add", nodes.node("MatMul", value, nodes.constant(weights)), nodes.constant(biases))


def _linear(nodes: Nodes, layer: nn.Linear, value: str) -> str:
    return nodes.node("Gemm", value, nodes.constant(_array(layer.weight).T), nodes.constant(_array(layer.bias)))


def _array(tensor: Tensor) -> Floats:
    return np.asarray(tensor.detach().numpy(), np.float64)
