"""A model as it will be served: the graph in ONNX Runtime, and the check that it says what was fitted.

A plain model foresees a round from its features, a reader from all that it has read of the player before.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import onnxruntime as ort

from game.features import NAMES
from models.bundle import INPUT, OUTPUT, Bundle
from models.experts.bank import Floats32
from models.experts.layout import CELLS
from models.experts.reading import FRAME, LOGS, MEMORY, MERITS, NEXT_MEMORY, PRIOR, SCENE, Evidence
from trainer.data.columns import Features, Floats, Ints
from trainer.data.features import matrix
from trainer.data.rows import Rows
from trainer.data.sequences import READ, pages, passages, unbroken
from trainer.data.simulated import Player
from trainer.errors import ExportError
from trainer.fitting.families import Fitted
from trainer.fitting.reading.follow import Following, follow, read, shared

TOLERANCE = 1e-4
"""How far a served probability may lie from the fitted one: float32 against double."""
_ALONE = 50
"""Rows that are asked about alone as well, or a few more."""
_AT_ONCE = 8192
"""Rows: a graph's inner arrays for a hundred thousand together take 700 MB."""

Single = Callable[[], object]
"""A graph's work on one round, ready to be done."""


class Served:
    """A graph, loaded; predicting is pure. `reads` is as in the manifest: empty for a plain model."""

    def __init__(self, model: bytes, reads: str = "") -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._model = Reader(session) if reads else Plain(session)
        self.sees: Sequence[str] = READ if reads else NAMES
        """The features that its predictions depend on."""

    @classmethod
    def of(cls, bundle: Bundle) -> "Served":
        return cls(bundle.model, bundle.manifest.reads)

    def predict(self, rows: Rows) -> Floats:
        """Probabilities (n, 3) in the order of `MOVES`; a reader's of a row depend on the player's earlier rows."""
        return self._model.predict(rows)

    def alone(self, rows: Rows) -> Sequence[Ints]:
        """The rows in parts as small as can be asked about alone."""
        return self._model.alone(rows)

    def player(self, games: int, rounds: int) -> Player:
        """The model in the player's part of one simulation: of so many games, of so many rounds each at most."""
        return self._model.player(games, rounds)

    def singles(self, rows: Rows) -> Iterator[Single]:
        """What the graph does for each row, to be done while it is asked for the next."""
        return self._model.singles(rows)


class Plain:
    """A session that maps features to probabilities."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session

    def _run(self, features: Features) -> Floats:
        (probabilities,) = self._session.run([OUTPUT], {INPUT: features})
        return np.asarray(probabilities, np.float64)

    def predict(self, rows: Rows) -> Floats:
        starts = range(0, max(len(rows), 1), _AT_ONCE)
        return np.concatenate([self._run(rows.features[start : start + _AT_ONCE]) for start in starts])

    def alone(self, rows: Rows) -> Sequence[Ints]:
        return list(np.arange(len(rows))[:, None])

    def player(self, games: int, rounds: int) -> Player:
        return lambda position: self._run(matrix(position))

    def singles(self, rows: Rows) -> Iterator[Single]:
        for row in rows.features:
            yield lambda row=row: self._run(row[None])  # type: ignore[misc]  # it cannot tell that this is a Single


class Reader:
    """A session that is a gate over the bank of experts."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        shapes = {one.name: one.shape[1:] for one in session.get_inputs()}
        (self._memory,) = shapes[MEMORY]
        nothing = {name: np.zeros((1, *shape), np.float32) for name, shape in shapes.items()}
        (self._prior,) = session.run([PRIOR], nothing)
        if self._prior.shape != (CELLS, 3):
            raise ValueError(f"the prior has the shape {self._prior.shape}, not {(CELLS, 3)}")

    def _gate(self, evidence: Evidence, memory: Floats32) -> tuple[Floats32, Floats32]:
        told = {
            LOGS: evidence.logs,
            MERITS: evidence.merits,
            SCENE: evidence.scene,
            FRAME: evidence.frames,
            MEMORY: memory,
        }
        probabilities, after = self._session.run([OUTPUT, NEXT_MEMORY], told)
        return probabilities, after

    def predict(self, rows: Rows) -> Floats:
        return follow(rows, self._gate, self._prior, self._memory)

    def alone(self, rows: Rows) -> Sequence[Ints]:
        return unbroken(rows)

    def player(self, games: int, rounds: int) -> Player:
        return Following(self._gate, self._prior, self._memory, games, rounds)

    def singles(self, rows: Rows) -> Iterator[Single]:
        for page in pages(list(passages(rows)), 1):
            memory = np.zeros((1, self._memory), np.float32)
            for evidence in read(page, shared(self._prior, 1)):
                yield lambda seen=evidence, before=memory: self._gate(seen, before)  # type: ignore[misc]
                _, memory = self._gate(evidence, memory)


def check(fitted: Fitted, rows: Rows) -> None:
    """Raise ExportError unless the graph agrees with the fitted model, in a batch and on each part alone."""
    served = Served(fitted.model, fitted.reads)
    parts = first(served.alone(rows), _ALONE)
    few = rows.where(np.concatenate([np.zeros(0, np.int64), *parts]))
    singles = np.concatenate([np.zeros((0, 3)), *(served.predict(rows.where(part)) for part in parts)])
    for what, some, found in (("in a batch", rows, served.predict(rows)), ("alone", few, singles)):
        if not np.allclose(found, fitted.predict(some), rtol=0, atol=TOLERANCE):
            raise ExportError(f"The graph's probabilities {what} are not the fitted model's.")


def first(parts: Sequence[Ints], rows: int) -> Sequence[Ints]:
    """As many of the parts as hold so many rows."""
    return parts[: int(np.searchsorted(np.cumsum([len(part) for part in parts]), rows)) + 1]
