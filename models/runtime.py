"""ONNX Runtime as every process here uses it: one thread that never spins, and faults that can be caught by name."""

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as faults

FLOAT = "tensor(float)"
"""ONNX Runtime's name for the type of every input and output."""
FAULTS = (
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


def session(model: bytes) -> onnxruntime.InferenceSession:
    """The model, loaded, for any number of threads; raises ValueError in one line where it is none."""
    try:
        return onnxruntime.InferenceSession(model, _options(), providers=["CPUExecutionProvider"])
    except (*FAULTS, ValueError, RuntimeError) as error:
        raise ValueError(f"the model cannot be loaded: {' '.join(str(error).split())[:200]}") from error


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # models are small, and the cores belong to the whole game
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_cpu_mem_arena = False  # an arena for each session keeps its peak for ever
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # faults are raised and told in our own words
    return options
