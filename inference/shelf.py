"""The shelf: which loaded model every alias of every family means now."""

from collections.abc import Mapping

from msgspec import Struct

from game.ask import Greeting
from game.assignment import Alias
from game.features import CONTRACT
from inference.model import Model
from inference.reader import Reader
from models.bundle import Bundle
from models.errors import BundleError
from models.store import Pin, Stamp, Store, Table

Models = Mapping[Alias, Model | Reader]


class Shelf(Struct, frozen=True):
    """One state of the store, loaded; never changed, only replaced. A family without any model is not on it."""

    generation: int = 0
    families: Mapping[str, Models] = {}

    def greeting(self) -> Greeting:
        return Greeting(CONTRACT, {family: _versions(models) for family, models in self.families.items()})

    def __str__(self) -> str:
        count = len({model for models in self.families.values() for model in models.values()})
        return f"{count} models of {len(self.families)} families (generation {self.generation})"


class Window:
    """What is served at this moment. Readers take `shelf` once per answer; a swap replaces that one reference."""

    def __init__(self) -> None:
        self.shelf = Shelf()


class Refusal(Struct, frozen=True):
    """Why an alias does not mean what the table says, and the stamp of the bundle's files when that was found."""

    family: str
    alias: Alias
    pin: Pin
    reason: str
    stamp: Stamp


def stock(store: Store, table: Table, before: Shelf) -> tuple[Shelf, list[Refusal]]:
    """The shelf that the table asks for, and what was refused; blocks while models load.

    Models that `before` holds are taken over, and one version is loaded once however many aliases mean it. An alias
    whose bundle is refused goes on with what it meant before, or stays empty; all others take effect.
    """
    loaded: dict[Pin, Model | Reader] = {
        _pin(model): model for models in before.families.values() for model in models.values()
    }
    refused: list[Refusal] = []
    families: dict[str, Models] = {}
    for family, pins in table.aliases.items():
        models = dict[Alias, Model | Reader]()
        for alias, pin in pins.items():
            stamp = store.stamp(pin)
            try:
                models[alias] = loaded[pin] = _fitting(family, loaded.get(pin) or load(store.bundle(pin)))
            except BundleError as error:
                refused.append(Refusal(family, alias, pin, str(error), stamp))
                if kept := before.families.get(family, {}).get(alias):
                    models[alias] = kept
        if models:
            families[family] = models
    return Shelf(table.generation, families), refused


def load(bundle: Bundle) -> Model | Reader:
    """The bundle's model, of the kind that its manifest tells; raises BundleError."""
    return Reader(bundle) if bundle.manifest.reads else Model(bundle)


def plain(models: Models) -> dict[Alias, Model]:
    """Those that need no more than the features."""
    return {alias: model for alias, model in models.items() if not isinstance(model, Reader)}


def readers(models: Models) -> dict[Alias, Reader]:
    """Those that follow a player."""
    return {alias: model for alias, model in models.items() if isinstance(model, Reader)}


def _fitting(family: str, model: Model | Reader) -> Model | Reader:
    if model.family != family:
        raise BundleError(f"Bundle {model.version}: a model of {model.family} cannot serve {family}.")
    return model


def _pin(model: Model | Reader) -> Pin:
    return Pin(model.version, model.digest)


def _versions(models: Models) -> dict[Alias, str]:
    return {alias: model.version for alias, model in models.items()}
