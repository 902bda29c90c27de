"""What every loaded model version is, whatever it maps: an ONNX session over a verified bundle."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from inference.tally import Tally
from models.bundle import Bundle
from models.errors import BundleError
from models.runtime import FAULTS, session

Floats = NDArray[np.float32]


class Loaded:
    """One version; may be run from several threads at once."""

    def __init__(self, bundle: Bundle) -> None:
        """Raises BundleError where the model cannot be loaded."""
        self.family = bundle.manifest.family
        self.version = bundle.manifest.version
        self.digest = bundle.digest
        self.created = bundle.manifest.created
        self.opponent = bundle.manifest.opponent
        self.tally = Tally()
        try:
            self._session = session(bundle.model)
        except ValueError as error:
            raise self._fault(str(error)) from error

    def _outputs(self, names: Sequence[str], inputs: Mapping[str, Floats]) -> list[object]:
        """These outputs; None for each where the runtime fails."""
        try:
            return list(self._session.run(names, inputs))
        except FAULTS:
            return [None] * len(names)

    def _fault(self, text: str) -> BundleError:
        return BundleError(f"Bundle {self.version}: {text}")


def shaped(given: object, shape: tuple[int, ...]) -> Floats:
    """An output that has this shape; NaN throughout where it has not."""
    if isinstance(given, np.ndarray) and given.shape == shape:
        return given
    return np.full(shape, np.nan, np.float32)
