"""A TensorFlow Lite network, run on one core by LiteRT."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Network:
    """One input, some outputs; for one thread at a time. While it runs, other threads may."""

    def __init__(self, path: Path, outputs: Sequence[tuple[int, ...]]) -> None:
        """`outputs` are the shapes that its outputs must have, in order; raises ValueError where they are others."""
        self._interpreter = Interpreter(str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        (given,) = self._interpreter.get_input_details()
        told = self._interpreter.get_output_details()
        if [tuple(one["shape"]) for one in told] != list(outputs):
            raise ValueError(f"{path.name} has other outputs than it should have.")
        self._input = given["index"]
        self._outputs = [one["index"] for one in told]
        self.size: int = int(given["shape"][1])
        """Pixels of the square input's side."""

    def run(self, image: NDArray[np.uint8]) -> list[Floats]:
        """The outputs for this RGB image [size, size, 3]."""
        scaled = image.astype(np.float32)
        scaled *= np.float32(1 / 255)
        self._interpreter.set_tensor(self._input, scaled[None])
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]
