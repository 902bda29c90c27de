"""A model as it will be served: the graph in ONNX Runtime, and the check that it says what was fitted."""

import numpy as np
import onnxruntime as ort

from models.bundle import INPUT, OUTPUT
from trainer.data.columns import Features, Floats
from trainer.errors import ExportError
from trainer.fitting.families import Fitted

TOLERANCE = 1e-4
"""How far a served probability may lie from the fitted one: float32 against double."""
_SINGLES = 50


class Served:
    """A graph, loaded; predicting is pure."""

    def __init__(self, model: bytes) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def predict(self, features: Features) -> Floats:
        """Probabilities (n, 3) in the order of `MOVES`."""
        (probabilities,) = self._session.run([OUTPUT], {INPUT: features})
        return np.asarray(probabilities, np.float64)


def check(fitted: Fitted, features: Features) -> None:
    """Raise ExportError unless the graph agrees with the fitted model, in a batch and row by row."""
    served, few = Served(fitted.model), features[:_SINGLES]
    singles = np.concatenate([np.zeros((0, 3)), *(served.predict(row[None]) for row in few)])
    for what, rows, found in (("in a batch", features, served.predict(features)), ("row by row", few, singles)):
        if not np.allclose(found, fitted.predict(rows), rtol=0, atol=TOLERANCE):
            raise ExportError(f"The graph's probabilities {what} are not the fitted model's.")
