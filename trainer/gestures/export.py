"""A trained network as what is served: SavedModel for TensorFlow's own tools, ONNX for the sidecar, alike in both."""

from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import onnxruntime
from keras import layers
from numpy.typing import NDArray

from models.hands.classifier import POINTS, PROBABILITIES
from trainer.errors import ExportError

LOGITS = "logits"
SAVED, ONNX = "saved_model", "model.onnx"
TOLERANCE = 1e-4
_PROBES = 4


def served(model: keras.Model, temperature: float) -> keras.Model:
    """The network with `probabilities` at this temperature in place of its logits, and `points` if it tells them."""
    calm = layers.Rescaling(1 / temperature, dtype="float32")(model.output[LOGITS])
    others = {name: output for name, output in model.output.items() if name == POINTS}
    return keras.Model(
        model.input, {PROBABILITIES: layers.Softmax(name=PROBABILITIES, dtype="float32")(calm), **others}
    )


def exported(model: keras.Model, folder: Path | None = None) -> bytes:
    """The ONNX of what `served` gives, kept in a folder with the SavedModel if one is named; raises ExportError."""
    shape = model.input_shape[1:]
    probes = np.random.default_rng(0).uniform(0, 255 if len(shape) > 1 else 1, (_PROBES, *shape)).astype(np.float32)
    said = {name: np.asarray(value) for name, value in model.predict(probes, verbose=0).items()}
    with TemporaryDirectory() as draft:
        file = Path(draft) / ONNX
        model.export(str(file), format="onnx", verbose=False)
        onnx = file.read_bytes()
    _compare(onnx, probes, said)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        model.export(str(folder / SAVED), verbose=False)
        (folder / ONNX).write_bytes(onnx)
    return onnx


def _compare(onnx: bytes, probes: NDArray[np.float32], said: dict[str, NDArray[np.float32]]) -> None:
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    if set(names) != set(said):
        raise ExportError(f"The graph has the outputs {', '.join(names)} and not {', '.join(said)}.")
    for name, value in zip(names, session.run(names, {session.get_inputs()[0].name: probes}), strict=True):
        apart = float(np.abs(value - said[name]).max())
        if not apart <= TOLERANCE:
            raise ExportError(f"The graph's {name} differ by {apart:.2g} from the network's.")
