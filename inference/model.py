"""One loaded model version: an ONNX session that has shown that it answers as the bundle's contract says."""

from collections.abc import Sequence
from itertools import pairwise
from time import perf_counter_ns

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as faults

from game.features import NAMES
from game.moves import MOVES
from inference.tally import Tally
from models.bundle import INPUT, OUTPUT, Bundle
from models.errors import BundleError

Floats = NDArray[np.float32]
Probabilities = tuple[float, float, float]

TOLERANCE = 0.01
"""How far from 1 three probabilities may sum before they are no distribution at all."""

_FAULTS = (
    faults.EPFail,
    faults.EngineError,
    faults.Fail,
    faults.InvalidArgument,
    faults.InvalidGraph,
    faults.InvalidProtobuf,
    faults.NoModel,
    faults.NotFound,
    faults.NoSuchFile,
    faults.NotImplemented,
    faults.RuntimeException,
)
"""ONNX Runtime's exceptions have no common ancestor below Exception."""


class Model:
    """Predicts with one verified bundle; may be asked from several threads at once."""

    def __init__(self, bundle: Bundle) -> None:
        """Raises BundleError where the model cannot be loaded or does not give probabilities for a sample."""
        self.family = bundle.manifest.family
        self.version = bundle.manifest.version
        self.digest = bundle.digest
        self.tally = Tally()
        try:
            self._session = onnxruntime.InferenceSession(bundle.model, _options(), providers=["CPUExecutionProvider"])
        except (*_FAULTS, ValueError, RuntimeError) as error:
            raise self._fault(f"the model cannot be loaded: {' '.join(str(error).split())[:200]}") from error
        self._check_signature()
        self._check_answers()

    def run(self, features: Floats) -> Floats:
        """What the model says for each row [n, 50], as [n, 3]; NaN throughout where it fails."""
        try:
            (said,) = self._session.run([OUTPUT], {INPUT: features})
        except _FAULTS:
            said = None
        wanted = (len(features), len(MOVES))
        if not isinstance(said, np.ndarray) or said.shape != wanted:
            return np.full(wanted, np.nan, np.float32)
        return said

    def _check_signature(self) -> None:
        inputs = [(node.name, node.type, node.shape[1:]) for node in self._session.get_inputs()]
        if inputs != [(INPUT, "tensor(float)", [len(NAMES)])]:
            raise self._fault(f"the model's inputs are {inputs}, not {INPUT} [n, {len(NAMES)}].")
        outputs = {node.name: node.type for node in self._session.get_outputs()}
        if outputs.get(OUTPUT) != "tensor(float)":
            raise self._fault(f"the model's outputs are {outputs}, without {OUTPUT} [n, {len(MOVES)}].")

    def _check_answers(self) -> None:
        """Also warms the session up, for one row and for many."""
        sample = np.random.default_rng(0).random((16, len(NAMES)), np.float32)
        together, sound = distributions([self.run(sample)])
        alone, alone_sound = distributions([np.concatenate([self.run(row[None]) for row in sample])])
        if not (sound.all() and alone_sound.all()):
            raise self._fault("the model gives no probabilities for a sample.")
        if not np.allclose(together, alone, atol=1e-4):
            raise self._fault("the model answers otherwise for rows in a batch than for each alone.")

    def _fault(self, text: str) -> BundleError:
        return BundleError(f"Bundle {self.version}: {text}")


def ask(models: Sequence[Model], features: Floats) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What each model says for each row, as `distributions` tells it; every model counts its run."""
    said, times = [], [perf_counter_ns()]
    for model in models:
        said.append(model.run(features))
        times.append(perf_counter_ns())
    shares, sound = distributions(said)
    for model, good, (began, ended) in zip(models, sound.tolist(), pairwise(times), strict=True):
        model.tally.add(len(good), sum(good), ended - began)
    return shares, sound


def distributions(said: Sequence[Floats]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What k models said for n rows, as probabilities [k, n, 3] of 6 decimals, and where they are sound [k, n].

    Negative dust is cut and each row sums to 1 before rounding. A row that is not finite or far from a distribution
    is unsound and its numbers mean nothing.
    """
    shares = np.maximum(np.array(said, np.float64), 0.0)
    totals = shares.sum(axis=-1)
    sound = np.abs(totals - 1.0) < TOLERANCE
    if not sound.all():
        totals[~sound] = 1.0
        shares[~sound] = 0.0
    return (shares / totals[..., None]).round(6), sound


def _options() -> onnxruntime.SessionOptions:
    """One thread that never spins: the models are small, and the cores belong to the whole game."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_cpu_mem_arena = False  # an arena for each session keeps its peak for ever
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # faults are raised and told in our own words
    return options
