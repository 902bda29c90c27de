"""One gesture model in ONNX Runtime: a prepared input to a probability for every label."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from game.gestures import Label
from models.hands.points import COUNT
from models.runtime import FLOAT, session

Floats = NDArray[np.float32]

PROBABILITIES, POINTS = "probabilities", "points"
"""Names of a model's outputs; the second is there in image classifiers that also tell where the hand's points are."""
_ALL_POINTS = (FLOAT, COUNT, 2)


class Card(Protocol):
    """What of a manifest is needed to use its model."""

    @property
    def classes(self) -> Sequence[Label]: ...
    @property
    def threshold(self) -> float: ...
    @property
    def version(self) -> str: ...


class Said(dict[Label, float]):
    """A probability for every label, 0 for those that the model does not know."""

    @property
    def best(self) -> Label:
        return max(self, key=self.__getitem__)

    @property
    def confidence(self) -> float:
        return self[self.best]

    def mixed(self, other: "Said", share: float) -> "Said":
        """The geometric mean with another opinion that weighs `share`, in which either can veto a label."""
        powers = {label: (self[label] + 1e-3) ** (1 - share) * (other[label] + 1e-3) ** share for label in Label}
        total = sum(powers.values())
        return Said({label: power / total for label, power in powers.items()})


class Classifier:
    """May be used by several threads at once; raises ValueError where the model is not what its card says."""

    def __init__(self, card: Card, model: bytes) -> None:
        self.version = card.version
        self.threshold = card.threshold
        self.classes = list(card.classes)
        self._session = session(model)
        given, *more = self._session.get_inputs()
        if more or given.type != FLOAT:
            raise ValueError("the model takes other than one input of float32")
        self._input = given.name
        self.shape: tuple[int, ...] = tuple(given.shape[1:])
        outputs = {output.name: (output.type, *output.shape[1:]) for output in self._session.get_outputs()}
        if outputs.get(PROBABILITIES) != (FLOAT, len(self.classes)):
            raise ValueError(f"the model has no output {PROBABILITIES} for {len(self.classes)} classes")
        if outputs.get(POINTS, _ALL_POINTS) != _ALL_POINTS:
            raise ValueError(f"the model's output {POINTS} is not {COUNT} points")
        self._outputs = [PROBABILITIES, *([POINTS] if POINTS in outputs else [])]

    def run(self, inputs: Floats) -> Mapping[str, Floats]:
        """Its outputs for these inputs [n, *shape], by name."""
        return dict(zip(self._outputs, self._session.run(self._outputs, {self._input: inputs}), strict=True))

    def said(self, probabilities: Floats) -> Said:
        """A row of its output, by label."""
        own = dict(zip(self.classes, map(float, probabilities), strict=True))
        return Said({label: own.get(label, 0.0) for label in Label})
