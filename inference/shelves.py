"""What any shelf is: which loaded model every alias of every family of one store means now.

Shelves are never changed, only replaced: `restocked` makes the next one, and a window shows one at a time.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from game.assignment import Alias
from models.errors import BundleError
from models.kinds import AnyBundle
from models.store import Pin, Stamp, StoreOf, Table


class Held(Protocol):
    """A loaded model version, whatever it is asked."""

    @property
    def family(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def created(self) -> str: ...


H = TypeVar("H", bound=Held)
B = TypeVar("B", bound=AnyBundle)


class ShelfOf(Struct, Generic[H], frozen=True):
    """One state of a store, loaded. A family without any model is not on it."""

    generation: int = 0
    families: Mapping[str, Mapping[Alias, H]] = {}

    @property
    def versions(self) -> dict[str, dict[Alias, str]]:
        return {
            family: {alias: model.version for alias, model in models.items()}
            for family, models in self.families.items()
        }

    def __str__(self) -> str:
        count = len({model for models in self.families.values() for model in models.values()})
        return f"{count} models of {len(self.families)} families (generation {self.generation})"


S = TypeVar("S", bound=ShelfOf[Any])


class WindowOf(Generic[S]):
    """What is served at this moment. Readers take `shelf` once per answer; a swap replaces that one reference."""

    def __init__(self, shelf: S) -> None:
        self.shelf = shelf


class Refusal(Struct, frozen=True):
    """Why an alias does not mean what the table says, and the stamp of the bundle's files when that was found."""

    family: str
    alias: Alias
    pin: Pin
    reason: str
    stamp: Stamp


def restocked(store: StoreOf[B], table: Table, before: S, load: Callable[[B], Held]) -> tuple[S, list[Refusal]]:
    """The shelf that the table asks for, and what was refused; blocks while models load.

    Models that `before` holds are taken over, and one version is loaded once however many aliases mean it. An alias
    whose bundle is refused goes on with what it meant before, or stays empty; all others take effect.
    """
    loaded: dict[Pin, Held] = {
        Pin(model.version, model.digest): model for models in before.families.values() for model in models.values()
    }
    refused: list[Refusal] = []
    families: dict[str, dict[Alias, Held]] = {}
    for family, pins in table.aliases.items():
        models = dict[Alias, Held]()
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
    return replace(before, generation=table.generation, families=families), refused


def _fitting(family: str, model: Held) -> Held:
    if model.family != family:
        raise BundleError(f"Bundle {model.version}: a model of {model.family} cannot serve {family}.")
    return model
