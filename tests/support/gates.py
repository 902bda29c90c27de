"""Small real readers: gates of random weights over the real bank, so that each seed is another, and what they say."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from game.features import CONTRACT, NAMES
from game.past import recall
from models.bundle import INPUT, OUTPUT, Bundle, Manifest, Scores, Training, version_of
from models.experts import specs
from models.experts.layout import CELLS
from models.experts.reading import FRAME, LOGS, MEMORY, MERITS, NEXT_MEMORY, PRIOR, SCENE, Reading
from models.experts.specs import VOICES
from models.experts.standing import MERITS as MERITS_EACH
from models.experts.standing import SCENE as SCENE_SIZE

FAMILY = "maxine"
REMEMBERED = 5
Shape = Sequence[int | str]


def gate(
    seed: int = 0,
    *,
    remembers: int = REMEMBERED,
    drop: str = "",
    crowd: bool = False,
    last: str = "Softmax",
    **changes: Any,
) -> bytes:
    """A gate; `drop` takes an output away, `crowd` makes rows depend on each other, `last` ends in another operator.

    `prior` is another constant, and every other of `changes` the shape of the input of that name.
    """
    random = np.random.default_rng(seed)

    def weights(*shape: int) -> np.ndarray:
        return random.normal(size=shape, scale=shape[0] ** -0.5).astype(np.float32)

    prior = random.uniform(0.2, 1.0, (CELLS, 3)).astype(np.float32)
    shapes: dict[str, Shape] = {
        LOGS: (VOICES, 3),
        MERITS: (VOICES, MERITS_EACH),
        SCENE: (SCENE_SIZE,),
        FRAME: (3, 3),
        MEMORY: (remembers,),
    }
    constants = {
        "voices": weights(VOICES)[None, :, None],
        "turn": weights(remembers, 3),
        "opinion": weights(9, 3),
        "note": weights(SCENE_SIZE + MERITS_EACH + 3, remembers),
        "kept": np.array([0.8], np.float32),
        "flat": np.array([-1, 9]),
        "one": np.array([1]),
        "prior_": np.asarray(changes.pop(PRIOR, prior), np.float32),
    }
    shapes |= changes
    nodes = [
        helper.make_node("Mul", [LOGS, "voices"], ["weighed"]),
        helper.make_node("ReduceSum", ["weighed", "one"], ["said"], keepdims=0),
        helper.make_node("MatMul", [MEMORY, "turn"], ["remembered"]),
        helper.make_node("Reshape", [FRAME, "flat"], ["frame"]),
        helper.make_node("MatMul", ["frame", "opinion"], ["own"]),
        helper.make_node("Sum", ["said", "remembered", "own"], ["sum"]),
        helper.make_node("ReduceMean", ["sum"], ["mean"], axes=[0]),
        helper.make_node("Sub", ["sum", "mean"], ["logits"])
        if crowd
        else helper.make_node("Identity", ["sum"], ["logits"]),
        helper.make_node(last, ["logits"], [OUTPUT], **({"axis": 1} if last == "Softmax" else {})),  # type: ignore[arg-type]
        helper.make_node("ReduceMean", [MERITS], ["merit"], axes=[1], keepdims=0),
        helper.make_node("Concat", [SCENE, "merit", OUTPUT], ["seen"], axis=1),
        helper.make_node("MatMul", ["seen", "note"], ["noted"]),
        helper.make_node("Tanh", ["noted"], ["new"]),
        helper.make_node("Mul", [MEMORY, "kept"], ["old"]),
        helper.make_node("Add", ["old", "new"], [NEXT_MEMORY]),
        helper.make_node("Identity", ["prior_"], [PRIOR]),
    ]
    outputs: dict[str, Shape] = {
        OUTPUT: ("n", 3),
        NEXT_MEMORY: ("n", remembers),
        PRIOR: constants["prior_"].shape,
    }
    graph = helper.make_graph(
        nodes,
        "gate",
        [_value(name, ("n", *shape)) for name, shape in shapes.items()],
        [_value(name, shape) for name, shape in outputs.items() if name != drop],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(proto.SerializeToString())


def _value(name: str, shape: Shape) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def manifest(model: bytes, family: str = FAMILY, reads: str = specs.CONTRACT) -> Manifest:
    return Manifest(
        format=1,
        family=family,
        version=version_of(family, model),
        created="2025-01-01T00:00:00Z",
        contract=CONTRACT,
        input=INPUT,
        output=OUTPUT,
        model_sha256=sha256(model).hexdigest(),
        training=Training(["made up"], 1, 1, "CC0-1.0"),
        configuration={},
        metrics=Scores(1, 0.5, 1.0, (0.4, 0.6), (0.9, 1.1)),
        baselines={},
        reads=reads,
    )


def bundle(model: bytes) -> Bundle:
    """A bundle around a gate, as a store would give it."""
    return Bundle(manifest(model), sha256(model).hexdigest(), model)


class Replay:
    """A gate and the bank with nothing between: every past is read from its beginning, and nothing is kept."""

    def __init__(self, model: bytes) -> None:
        self._session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        nothing = {node.name: np.zeros((1, *node.shape[1:]), np.float32) for node in self._session.get_inputs()}
        (self._prior,) = self._session.run([PRIOR], nothing)

    def says(self, past: bytes, features: bytes) -> list[float]:
        """What the gate expects in the round of these features."""
        reading, memory = Reading(self._prior[None], len(past) + 1), np.zeros((1, REMEMBERED), np.float32)
        for one in recall(past):
            _, memory = self._foreseen(reading, memory, one.low, one.base, one.lead)
            reading.learn(np.array([one.player]), np.array([one.bot]))
        told = dict(zip(NAMES, np.frombuffer(features, "<f4").tolist(), strict=True))
        values = [round(10 * told[f"{move}_pts"]) for move in ("rock", "paper", "scissors")]
        low, base = values.index(min(values)), sorted(values)[1] - 11
        said, _ = self._foreseen(reading, memory, low, base, round(10 * told["score_diff"]))
        shares: list[float] = said[0].astype(np.float64).tolist()
        return shares

    def _foreseen(self, reading: Reading, memory: np.ndarray, *coming: int) -> tuple[np.ndarray, np.ndarray]:
        seen = reading.expect(*(np.array([number]) for number in coming))
        inputs = {LOGS: seen.logs, MERITS: seen.merits, SCENE: seen.scene, FRAME: seen.frames, MEMORY: memory}
        said, after = self._session.run([OUTPUT, NEXT_MEMORY], inputs)
        return said, after
