"""Bayley: naive Bayes, which weighs every column by itself and adds up what they say."""

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from game.opponents import Opponent
from trainer.data.columns import Floats
from trainer.data.rows import Rows
from trainer.data.turning import turn, turn_back, turn_moves
from trainer.fitting.calibration import softmax, temperature
from trainer.fitting.families import Fitted, admitted
from trainer.fitting.graph import dense
from trainer.fitting.space import Space, Span

OPPONENT = Opponent("Bayley", "Naive Bayes. Takes every hint by itself, and adds them all up.")

MOST_ROWS = 300_000
LEAST = 0.01
"""Of variance: a column that is always the same says nothing."""


class Naive(Struct, frozen=True):
    """A normal distribution for each column and move, of one variance for the three moves, so that it ends linear.

    Columns say the same thing many times: what they say counts a `share`. Each move was seen in `prior` average rows.
    """

    name: str
    share: float
    prior: float

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        train, validation = admitted(train, validation, MOST_ROWS, seed)
        inputs = turn(train.features).astype(np.float64)
        moves = turn_moves(train.target, train.features)
        weight = train.weight.astype(np.float64) / train.weight.mean(dtype=np.float64)

        mean = np.average(inputs, axis=0, weights=weight)
        seen = np.eye(3)[moves] * weight[:, None]  # [n, 3]
        counts = seen.sum(axis=0) + self.prior
        means = (seen.T @ inputs + self.prior * mean) / counts[:, None]  # [3, 53]
        variance = np.average((inputs - means[moves]) ** 2, axis=0, weights=weight) + LEAST
        weights = self.share * ((means - mean) / variance).T
        biases = np.log(counts / counts.sum()) - self.share * ((means**2 - mean**2) / variance).sum(axis=1) / 2

        def logits(rows: Rows) -> Floats:
            return np.asarray(turn(rows.features) @ weights + biases)

        judged = turn_moves(validation.target, validation.features)
        heat = temperature(logits(validation), judged, validation.weight)

        def predict(rows: Rows) -> Floats:
            return turn_back(softmax(logits(rows) / heat), rows.features)

        return Fitted(predict, model=dense([(weights / heat, biases / heat)]))


_BASE = Naive("hints", share=0.2, prior=10.0)

CONFIGURATIONS = (
    _BASE,
    replace(_BASE, name="bold", share=0.4),  # for columns that repeat each other less
    replace(_BASE, name="humble", share=0.1),  # and more
    replace(_BASE, name="slow", prior=300.0),  # for logs of few players
)

SPACE: Space = {"share": Span(0.02, 1.0, log=True), "prior": Span(1.0, 1000.0, log=True)}
