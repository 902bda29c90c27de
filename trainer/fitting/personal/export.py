"""Personal weights as nodes of a served graph: the arithmetic of `trainer.fitting.personal.filter`."""

from itertools import pairwise

import numpy as np

from models.experts.reading import FRAME, LOGS
from trainer.fitting.graph import Nodes
from trainer.fitting.personal.cues import BOUND, FORESEEN, SAID, SIZE, TASTES
from trainer.fitting.personal.filter import LEAST, PARTS, Prior


def weighed(nodes: Nodes, prior: Prior, memory: str) -> tuple[str, str]:
    """(logarithms of P(next move) [n, 3], unnormalised; what to remember [n, REMEMBERED]) from `memory` [n, same]."""
    mean0, spread0 = nodes.constant(prior.mean), nodes.constant(prior.spread)
    ends = np.cumsum([0, *(int(np.prod(shape)) for shape in PARTS.values())]).tolist()
    mean, spread, cues = (between(nodes, memory, 1, start, end) for start, end in pairwise(ends))
    mean = nodes.node("Add", mean, mean0)
    spread = nodes.node("Add", _shaped(nodes, spread, -1, SIZE, SIZE), spread0)
    mean, spread = _learned(nodes, prior, mean, spread, _shaped(nodes, cues, -1, 2, SIZE))
    now = _cues(nodes)
    said = _foretold(nodes, mean, spread, now)
    kept = (
        nodes.node("Sub", mean, mean0),
        _shaped(nodes, nodes.node("Sub", spread, spread0), -1, SIZE * SIZE),
        _shaped(nodes, now, -1, 2 * SIZE),
    )
    return said, nodes.node("Concat", *kept, axis=1)


def _learned(nodes: Nodes, prior: Prior, mean: str, spread: str, cues: str) -> tuple[str, str]:
    """Mean and spread once it is known what was thrown after these cues [n, 2, k]; the same where it is not."""
    thrown = nodes.node("Squeeze", between(nodes, FRAME, 1, 0, 1), nodes.constant(np.array([1])))
    known = nodes.node("ReduceSum", thrown, nodes.constant(np.array([1])), keepdims=1)
    chances = nodes.node("Max", _chances(nodes, _said(nodes, mean, cues)), nodes.constant(np.array(LEAST)))
    first = nodes.node("Sub", between(nodes, thrown, 1, 0, 2), between(nodes, chances, 1, 0, 2))
    missed = nodes.node("Unsqueeze", nodes.node("Mul", first, known), nodes.constant(np.array([2])))
    across = nodes.node("MatMul", cues, spread)
    turned = nodes.node("Transpose", across, perm=[0, 2, 1])
    over = nodes.node("Reciprocal", chances)
    unlikely = _shaped(nodes, between(nodes, over, 1, 2, 3), -1, 1, 1)
    noise = nodes.node(
        "Mul",
        nodes.constant(np.eye(2)),
        nodes.node("Unsqueeze", between(nodes, over, 1, 0, 2), nodes.constant(np.array([2]))),
    )
    noise = nodes.node("Add", nodes.node("Add", noise, unlikely), _products(nodes, across, cues))
    gained = nodes.node("MatMul", nodes.node("MatMul", turned, _inverse(nodes, noise)), across)
    each = _shaped(nodes, known, -1, 1, 1)
    spread = nodes.node("Sub", spread, nodes.node("Mul", gained, each))
    slope = nodes.node("MatMul", nodes.node("Transpose", cues, perm=[0, 2, 1]), missed)
    moved = nodes.node("Squeeze", nodes.node("MatMul", spread, slope), nodes.constant(np.array([2])))
    drift = nodes.node("Mul", each, nodes.constant(prior.drift * prior.spread))
    return nodes.node("Add", mean, moved), nodes.node("Add", spread, drift)


def _foretold(nodes: Nodes, mean: str, spread: str, cues: str) -> str:
    """What the weights say, less firmly the less is known of them."""
    said = _said(nodes, mean, cues)
    chances = between(nodes, _chances(nodes, said), 1, 0, 2)
    products = _products(nodes, nodes.node("MatMul", cues, spread), cues)
    across = nodes.node("MatMul", products, nodes.node("Unsqueeze", chances, nodes.constant(np.array([2]))))
    across = nodes.node("Squeeze", across, nodes.constant(np.array([2])))
    diagonal = nodes.node("Mul", products, nodes.constant(np.eye(2) / 3))
    axes = nodes.constant(np.array([1, 2]))
    trace = nodes.node("Squeeze", nodes.node("ReduceSum", diagonal, axes, keepdims=1), nodes.constant(np.array([2])))
    shares = nodes.node("Sub", chances, nodes.constant(np.array(2 / 3)))
    rest = nodes.node("ReduceSum", nodes.node("Mul", across, shares), nodes.constant(np.array([1])), keepdims=1)
    unsure = nodes.node("Mul", nodes.node("Add", trace, rest), nodes.constant(np.array(np.pi / 8)))
    firmness = nodes.node("Sqrt", nodes.node("Add", unsure, nodes.constant(np.array(1.0))))
    return nodes.node("Div", said, firmness)


def _cues(nodes: Nodes) -> str:
    """How much each of `cues` speaks for rock and for paper beyond what it speaks for scissors, [n, 2, k]."""
    said = nodes.node("Gather", LOGS, nodes.constant(np.array(SAID)), axis=1)
    gain = _rolled(nodes, nodes.node("Gather", LOGS, nodes.constant(np.array(FORESEEN)), axis=1), 1, axis=2)
    bound = nodes.constant(np.array(BOUND))
    loud = nodes.node("Div", nodes.node("Concat", said, gain, axis=1), bound)
    voices = nodes.node("Mul", nodes.node("Tanh", loud), bound)
    nothing = nodes.node("Mul", between(nodes, FRAME, 1, 0, len(TASTES)), nodes.constant(np.array(0.0)))
    tastes = nodes.node("Add", nothing, nodes.constant(TASTES))
    own, theirs, low = (between(nodes, FRAME, 1, at, at + 1) for at in range(3))
    plain = []
    for turn in range(3):
        so = nodes.node("Mul", own, _rolled(nodes, theirs, -turn, axis=2))
        so = nodes.node("ReduceSum", so, nodes.constant(np.array([2])), keepdims=1)
        plain += [nodes.node("Mul", _rolled(nodes, own, step, axis=2), so) for step in (1, 2)]
    ranks = [_rolled(nodes, low, turn, axis=2) for turn in (1, 2)]
    cues = nodes.node("Transpose", nodes.node("Concat", voices, tastes, *plain, *ranks, axis=1), perm=[0, 2, 1])
    return nodes.node("Sub", between(nodes, cues, 1, 0, 2), between(nodes, cues, 1, 2, 3))


def _said(nodes: Nodes, mean: str, cues: str) -> str:
    """[n, 3]; nothing for scissors."""
    weights = nodes.node("Unsqueeze", mean, nodes.constant(np.array([2])))
    two = nodes.node("Squeeze", nodes.node("MatMul", cues, weights), nodes.constant(np.array([2])))
    return nodes.node("MatMul", two, nodes.constant(np.eye(2, 3)))


def _chances(nodes: Nodes, said: str) -> str:
    return nodes.node("Softmax", said, axis=1)


def _products(nodes: Nodes, left: str, right: str) -> str:
    """[n, 2, 2] of [n, 2, k] each."""
    return nodes.node("MatMul", left, nodes.node("Transpose", right, perm=[0, 2, 1]))


def _inverse(nodes: Nodes, matrix: str) -> str:
    """Of symmetric [n, 2, 2]."""
    flat = _shaped(nodes, matrix, -1, 4)
    a, b, d = (between(nodes, flat, 1, at, at + 1) for at in (0, 1, 3))
    less = nodes.node("Neg", b)
    determinant = nodes.node("Sub", nodes.node("Mul", a, d), nodes.node("Mul", b, b))
    adjugate = nodes.node("Concat", d, less, less, a, axis=1)
    return _shaped(nodes, nodes.node("Div", adjugate, determinant), -1, 2, 2)


def _rolled(nodes: Nodes, value: str, by: int, axis: int) -> str:
    return nodes.node("Gather", value, nodes.constant((np.arange(3) - by) % 3), axis=axis)


def between(nodes: Nodes, value: str, axis: int, start: int, end: int) -> str:
    """A part of the value."""
    return nodes.node("Slice", value, *(nodes.constant(np.array([at])) for at in (start, end, axis)))


def _shaped(nodes: Nodes, value: str, *shape: int) -> str:
    return nodes.node("Reshape", value, nodes.constant(np.array(shape)))
