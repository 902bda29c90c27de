"""Families of models: one file each, one small interface.

A family file holds `CONFIGURATIONS`, four ways to fit it. To add a family, add its file; the library it fits with
is imported there and nowhere else, because it costs hundreds of megabytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

from trainer.columns import Features, Floats
from trainer.rows import Rows

THREADS = 1
"""Of every fit whose library lets it choose. Retraining shares its cores with the game, and where one thread of a fit
waits for a core the others wait for it: two on two busy cores took Brian six times as long as one."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model twice: as its own library predicts, and as the graph that is served. Both are pure."""

    predict: Callable[[Features], Floats]
    """float32 [n, 50] -> probabilities [n, 3] in the order of `MOVES`."""
    model: bytes
    curve: tuple[float, ...] = ()
    """The validation log-loss after each epoch or round of trees; empty where there are none."""
    gain: Mapping[str, float] = field(default_factory=dict)
    """How much the model itself makes of each turned column (`trainer.turning.TURNED_NAMES`); empty if it cannot say."""


class Configuration(Protocol):
    """One way to fit a family: a frozen Struct of numbers that goes into the manifest."""

    @property
    def name(self) -> str: ...

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        """Learn from `train`; `validation` (other players, may be empty) decides when to stop and the temperature."""


NAMES: tuple[str, ...] = tuple(sorted(module.name for module in iter_modules(__path__)))


def configurations(family: str) -> Sequence[Configuration]:
    """The family's configurations; importing them loads the family's library."""
    found: Sequence[Configuration] = import_module(f"{__name__}.{family}").CONFIGURATIONS
    return found
