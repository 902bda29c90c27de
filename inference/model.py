"""One loaded version of a model that maps features to probabilities, having shown that it does."""

from collections.abc import Sequence
from itertools import pairwise
from time import thread_time_ns

import numpy as np
from numpy.typing import NDArray

from game.features import NAMES
from game.moves import MOVES
from inference.loaded import Floats, Loaded, shaped
from models.bundle import INPUT, OUTPUT, Bundle
from models.runtime import FLOAT

Probabilities = tuple[float, float, float]
Shares = tuple[NDArray[np.float64], NDArray[np.bool_]]
"""What k models said for n rows, as `distributions` tells it."""

TOLERANCE = 0.01
"""How far from 1 three probabilities may sum before they are no distribution at all."""


class Model(Loaded):
    """Predicts with one verified bundle; may be asked from several threads at once."""

    def __init__(self, bundle: Bundle) -> None:
        """Raises BundleError where the model cannot be loaded or does not give probabilities for a sample."""
        super().__init__(bundle)
        self._check_signature()
        self._check_answers()

    def run(self, features: Floats) -> Floats:
        """What the model says for each row [n, 50], as [n, 3]; NaN throughout where it fails."""
        (said,) = self._outputs([OUTPUT], {INPUT: features})
        return shaped(said, (len(features), len(MOVES)))

    def _check_signature(self) -> None:
        inputs = [(node.name, node.type, node.shape[1:]) for node in self._session.get_inputs()]
        if inputs != [(INPUT, FLOAT, [len(NAMES)])]:
            raise self._fault(f"the model's inputs are {inputs}, not {INPUT} [n, {len(NAMES)}].")
        outputs = {node.name: node.type for node in self._session.get_outputs()}
        if outputs.get(OUTPUT) != FLOAT:
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


def ask(models: Sequence[Model], features: Floats) -> Shares:
    """What each model says for each row, as `distributions` tells it; every model counts its run."""
    said, times = [], [thread_time_ns()]
    for model in models:
        said.append(model.run(features))
        times.append(thread_time_ns())
    return counted(models, said, times)


def counted(models: Sequence[Loaded], said: Sequence[Floats], times: Sequence[int]) -> Shares:
    """What these models said, as `distributions` tells it, once each has counted its run; `times` are those before the
    first and after each, in nanoseconds of this thread's processor time: a version is not slow because the machine is.
    """
    shares, sound = distributions(said)
    for model, good, (began, ended) in zip(models, sound.tolist(), pairwise(times), strict=True):
        model.tally.add(len(good), sum(good), ended - began)
    return shares, sound


def distributions(said: Sequence[Floats]) -> Shares:
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
