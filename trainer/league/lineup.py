"""Who plays in the league: what is served now, and references. Another predictor is one more entry here."""

from msgspec import Struct

from game.assignment import Alias
from models.store import Store
from trainer.fitting.served import Served
from trainer.league.bots import champions
from trainer.league.counts import REFERENCES
from trainer.league.plays import Predictor

RESET = "features reset"
RESET_FAMILY = "forrest"


class Learned(Struct, frozen=True):
    """Which version of a family plays, and the datasets that it learned from players of."""

    version: str
    datasets: list[str]


class Lineup(Struct, frozen=True):
    """`left_out` gives the reason; `models` are the predictors that have learned from people before; `programs` are
    other people's, of which some keep in memory more than they were told.
    """

    predictors: dict[str, Predictor]
    left_out: dict[str, str]
    models: dict[str, Learned]
    programs: frozenset[str]

    def without(self, name: str, reason: str) -> "Lineup":
        """The others."""
        predictors = {other: predict for other, predict in self.predictors.items() if other != name}
        return Lineup(predictors, self.left_out | {name: reason}, self.models, self.programs - {name})


def lineup(store: Store, seed: int) -> Lineup:
    """Every family's Production, the references, and the champions; raises StoreError and BundleError."""
    predictors: dict[str, Predictor] = {}
    left_out: dict[str, str] = {}
    models: dict[str, Learned] = {}
    for family, pins in sorted(store.table().aliases.items()):
        if Alias.PRODUCTION not in pins:
            left_out[family] = "nothing of it is in production"
            continue
        bundle = store.bundle(pins[Alias.PRODUCTION])
        model, told = Served.of(bundle), bundle.manifest
        predictors[family] = _with_history(model)
        models[family] = Learned(told.version, told.training.datasets)
        if family == RESET_FAMILY:
            predictors[RESET] = _reset(model)
            models[RESET] = models[family]
    if RESET not in predictors:
        left_out[RESET] = f"nothing of {RESET_FAMILY} is in production"
    found, missing = champions(seed)
    return Lineup({**predictors, **REFERENCES, **found}, {**left_out, **missing}, models, frozenset(found))


def _with_history(model: Served) -> Predictor:
    return lambda plays: model.predict(plays.rows)


def _reset(model: Served) -> Predictor:
    return lambda plays: model.predict(plays.rows_reset)
