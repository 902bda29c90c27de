"""What a request is answered with, and who is told."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from game.ask import Response
from game.assignment import Alias
from game.records import Prediction
from inference.loaded import Floats, Loaded
from inference.model import Model, Shares, ask

LATE = "late"
OVERLOADED = "overloaded"
FULL = "more players than can be followed"
UNSOUND = "no model gave a distribution"


class Asker(Protocol):
    """Where requests come from, and their responses go."""

    def waiting(self) -> bool:
        """Whether anybody is still there to be answered."""

    def tell(self, responses: list[Response]) -> None: ...


def predict(models: Mapping[Alias, Model], features: Floats) -> list[dict[Alias, Prediction]]:
    """What each alias expects for each row. An alias whose model gave no distribution there is missing."""
    distinct = list(dict.fromkeys(models.values()))
    return by_alias(models, distinct, ask(distinct, features))


def by_alias(
    models: Mapping[Alias, Loaded], asked: Sequence[Loaded], shares: Shares
) -> list[dict[Alias, Prediction]]:  # fmt: skip
    """The same from what the models that were `asked` said; an alias of none of them is missing too."""
    columns = {}
    for model, rows, good in zip(asked, shares[0], shares[1].tolist(), strict=True):
        triples = zip(*rows.T.tolist(), strict=True)
        columns[model] = [Prediction(model.version, row) if ok else None for row, ok in zip(triples, good, strict=True)]
    known = {alias: model for alias, model in models.items() if model in columns}
    by_row = zip(*[columns[model] for model in known.values()], strict=True)
    return [{alias: one for alias, one in zip(known, row, strict=True) if one is not None} for row in by_row]
