"""The shelf of those who predict throws."""

from collections.abc import Mapping

from game.ask import Greeting
from game.assignment import Alias
from game.features import CONTRACT
from game.opponents import Opponent
from inference.model import Model
from inference.reader import Reader
from inference.shelves import Refusal, ShelfOf, WindowOf, restocked
from models.bundle import Bundle
from models.store import Store, Table

Models = Mapping[Alias, Model | Reader]


class Shelf(ShelfOf[Model | Reader], frozen=True):
    """The predictors of one state of the store."""

    def greeting(self) -> Greeting:
        return Greeting(CONTRACT, self.versions, self._opponents())

    def _opponents(self) -> dict[str, Opponent]:
        """Who the families are: where their versions say different things, as what plays says first."""
        said = {
            family: [models[alias].opponent for alias in Alias if alias in models]
            for family, models in self.families.items()
        }
        return {family: next(filter(None, found)) for family, found in said.items() if any(found)}


class Window(WindowOf[Shelf]):
    """The predictors that are served at this moment."""

    def __init__(self) -> None:
        super().__init__(Shelf())


def stock(store: Store, table: Table, before: Shelf) -> tuple[Shelf, list[Refusal]]:
    """The shelf that the table asks for, and what was refused (`inference.shelves`)."""
    return restocked(store, table, before, load)


def load(bundle: Bundle) -> Model | Reader:
    """The bundle's model, of the kind that its manifest tells; raises BundleError."""
    return Reader(bundle) if bundle.manifest.reads else Model(bundle)


def plain(models: Models) -> dict[Alias, Model]:
    """Those that need no more than the features."""
    return {alias: model for alias, model in models.items() if not isinstance(model, Reader)}


def readers(models: Models) -> dict[Alias, Reader]:
    """Those that follow a player."""
    return {alias: model for alias, model in models.items() if isinstance(model, Reader)}
