"""Maxine: a mixture of experts that follows a player round by round (`models.experts`), weighed by a gate (torch)."""

import torch
from msgspec import Struct
from msgspec.structs import replace

from models.experts.bank import Floats32
from models.experts.specs import CONTRACT
from trainer.data.columns import Floats
from trainer.data.rows import Rows
from trainer.data.sequences import passages, some_whole
from trainer.fitting import objective
from trainer.fitting.families import THREADS, Fitted, admitted
from trainer.fitting.mixed_logit import fit
from trainer.fitting.personal.blend import blend, people, recorded, remembered
from trainer.fitting.personal.filter import Prior
from trainer.fitting.reading.census import Census
from trainer.fitting.reading.evidence import gather
from trainer.fitting.reading.export import graph
from trainer.fitting.reading.follow import follow
from trainer.fitting.reading.judging import Lesson, heat_of
from trainer.fitting.reading.net import Net, gate
from trainer.fitting.reading.schooling import Schooling, school
from trainer.fitting.space import Choice, Space, Span, Whole

MOST_ROWS = 100_000


class Mixture(Struct, frozen=True):
    """`gates` of one kind, each taught from another start, and personal weights that drift from round to round and
    count for a `share`. `strength` is how many rounds the prior counts in each context.

    `danger` and `stakes` are those of `trainer.fitting.objective`; they bend what is learned, not how it is judged.
    """

    name: str
    hidden: int
    memory: int
    layers: int
    dropout: float
    silence: float
    strength: float
    rate: float
    decay: float
    batch: int
    steps: int
    gates: int = 1
    share: float = 0.5
    drift: float = 0.002
    danger: float = 0.0
    stakes: float = 0.0

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        torch.set_num_threads(THREADS)
        torch.manual_seed(seed)
        train, validation = admitted(train, validation, MOST_ROWS, seed, some_whole)
        census = Census(recorded(train))
        prior = census.prior(self.strength)

        def theirs(player: int) -> Floats32:
            return census.prior(self.strength, without=player)

        found = list(passages(train, again=0))
        learned = Lesson(gather(train, found, theirs), train, objective.importance(train, self.stakes))
        judged = None
        if len(validation):
            kept = gather(validation, list(passages(validation)), lambda player: prior)
            judged = Lesson(kept, validation, validation.weight)
        gates: list[tuple[Net, float]] = []
        curve: tuple[float, ...] = ()
        for number in range(self.gates):
            net = Net(self.hidden, self.memory, self.layers, self.dropout, self.silence)
            how = Schooling(self.steps, self.batch, self.rate, self.decay, self.danger)
            curve += school(net, learned, judged, how, seed + number)
            gates.append((net, 1.0 if judged is None else heat_of(net, judged)))
        population = fit(people(learned.taught, train.target, train.player, train.weight))
        personal = Prior.of(population, self.drift)
        widths = [net.memory for net, _ in gates]
        answer = blend([gate(net, heat) for net, heat in gates], widths, personal, self.share)

        def predict(rows: Rows) -> Floats:
            return follow(rows, answer, prior, remembered(widths))

        return Fitted(predict, graph(gates, personal, self.share, prior), curve, reads=CONTRACT)


# Chosen on validation players: log-loss .7875 here, .7879 with silent voices, .7866 with the strong prior, .7864 with
# three gates. The others were not fitted with personal weights yet.
_BASE = Mixture(
    "mixture",
    hidden=32,
    memory=12,
    layers=1,
    dropout=0.1,
    silence=0.0,
    strength=3.0,
    rate=0.01,
    decay=0.01,
    batch=1900,
    steps=300,
)

CONFIGURATIONS = (
    _BASE,
    # less sure of what it remembers, for players unlike those seen
    replace(_BASE, name="firm-dropout", dropout=0.3),
    # no voice may be relied on too much: in each round some are not heard
    replace(_BASE, name="silent-voices", silence=0.1),
    # half the weights, and the quickest to serve
    replace(_BASE, name="small", hidden=16, memory=16),
    # three gates, and more steps for each: the slowest to fit, the steadiest in the first rounds
    replace(_BASE, name="three-gates", gates=3, steps=450),
    # what to make of two merits together
    replace(_BASE, name="two-layers", layers=2, rate=7e-3),
    # nothing remembered but what the bank has counted
    replace(_BASE, name="no-memory", memory=0),
    # people are believed to be like others for longer
    replace(_BASE, name="strong-prior", strength=8.0),
    # danger in three steps
    replace(_BASE, name="careful", danger=0.1),
    replace(_BASE, name="wary", danger=0.3),
    replace(_BASE, name="fearful", danger=0.6),
    # a round with four times the stake counts twice
    replace(_BASE, name="decisive", stakes=0.5),
)

SPACE: Space = {
    "hidden": Choice((16, 24, 32, 48)),
    "memory": Choice((0, 12, 16, 32, 48)),
    "layers": Whole(1, 2),
    "dropout": Span(0.0, 0.4),
    "silence": Span(0.0, 0.3),
    "strength": Span(0.5, 10, log=True),
    "rate": Span(2e-3, 3e-2, log=True),
    "decay": Span(1e-3, 0.3, log=True),
}
"""Danger and stakes are not here: the log-loss that a sweep is judged by cannot speak for them."""
