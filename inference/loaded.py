"""What every loaded model version is, whatever it maps: an ONNX session over a verified bundle."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as faults

from inference.tally import Tally
from models.bundle import Bundle
from models.errors import BundleError

Floats = NDArray[np.float32]

FLOAT = "tensor(float)"
"""ONNX Runtime's name for the type of every input and output."""
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


class Loaded:
    """One version; may be run from several threads at once."""

    def __init__(self, bundle: Bundle) -> None:
        """Raises BundleError where the model cannot be loaded."""
        self.family = bundle.manifest.family
        self.version = bundle.manifest.version
        self.digest = bundle.digest
        self.tally = Tally()
        try:
            self._session = onnxruntime.InferenceSession(bundle.model, _options(), providers=["CPUExecutionProvider"])
        except (*_FAULTS, ValueError, RuntimeError) as error:
            raise self._fault(f"the model cannot be loaded: {' '.join(str(error).split())[:200]}") from error

    def _outputs(self, names: Sequence[str], inputs: Mapping[str, Floats]) -> list[object]:
        """These outputs; None for each where the runtime fails."""
        try:
            return list(self._session.run(names, inputs))
        except _FAULTS:
            return [None] * len(names)

    def _fault(self, text: str) -> BundleError:
        return BundleError(f"Bundle {self.version}: {text}")


def shaped(given: object, shape: tuple[int, ...]) -> Floats:
    """An output that has this shape; NaN throughout where it has not."""
    if isinstance(given, np.ndarray) and given.shape == shape:
        return given
    return np.full(shape, np.nan, np.float32)


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
