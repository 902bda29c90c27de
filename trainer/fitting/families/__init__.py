"""Families of models: one file each, one small interface.

To add a family, add its file: nothing else need be changed. It holds `CONFIGURATIONS`, the ways to fit it, `SPACE`,
what a sweep may try beyond them, and `OPPONENT`, who it is to players, which its bundles carry to the page; the shipped
families have that in `game.opponents`. The library that a family fits with is imported in its file and nowhere else,
because it costs hundreds of megabytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Protocol

import numpy as np

from game.opponents import Opponent
from trainer.data.columns import Features, Floats
from trainer.data.rows import Rows
from trainer.errors import NothingToLearn
from trainer.fitting.space import Space

THREADS = 1
"""Of every fit whose library lets it choose. Retraining shares its cores with the game, and where one thread of a fit
waits for a core the others wait for it: two on two busy cores took Brian six times as long as one."""
MOST_JUDGED = 30_000
"""Validation rows that a fit looks at, drawn where there are more: they tell log-losses apart to about .003, and every
epoch and round of trees is judged on all of them."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model twice: as its own library predicts, and as the graph that is served. Both are pure."""

    predict: Callable[[Rows], Floats]
    """Probabilities [n, 3] in the order of `MOVES`, of each row from its features, and for a reader from earlier rows.
    """
    model: bytes
    curve: tuple[float, ...] = ()
    """The validation log-loss after each epoch or round of trees; empty where there are none."""
    gain: Mapping[str, float] = field(default_factory=dict)
    """The model's own account of what each of `trainer.data.turning.TURNED_NAMES` gives it, as shares; may be empty."""
    reads: str = ""
    """As in the manifest: of a reader, the contract of the bank of experts that it weighs."""


class Configuration(Protocol):
    """One way to fit a family: a frozen Struct of numbers that goes into the manifest."""

    @property
    def name(self) -> str: ...

    def fit(self, train: Rows, validation: Rows, seed: int) -> Fitted:
        """Learn from `train`; `validation` (other players, may be empty) decides when to stop and the temperature.

        Raises NothingToLearn. The same rows and seed give the same model.
        """


_FILES = frozenset(module.name for module in iter_modules(__path__))
NAMES: tuple[str, ...] = tuple(sorted(_FILES))


def configurations(family: str) -> Sequence[Configuration]:
    """The family's configurations; importing them loads the family's library."""
    found: Sequence[Configuration] = _module(family).CONFIGURATIONS
    return found


def space(family: str) -> Space:
    """What a sweep may try: fields of the family's configurations, each with its range."""
    found: Space = _module(family).SPACE
    return found


def opponent(family: str) -> Opponent | None:
    """Who the family is to players, as its file says; None where it does not, or where there is no such file."""
    found: Opponent | None = getattr(_module(family), "OPPONENT", None) if family in _FILES else None
    return found


def _module(family: str) -> ModuleType:
    return import_module(f"{__name__}.{family}")


def some(rows: Rows, most: int, seed: int) -> Rows:
    """The rows, or `most` of them drawn without replacement; their order stays."""
    if len(rows) <= most:
        return rows
    keep = np.zeros(len(rows), np.bool_)
    keep[np.random.default_rng(seed).choice(len(rows), most, replace=False)] = True
    return rows.where(keep)


def admitted(
    train: Rows, validation: Rows, most: int, seed: int, draw: Callable[[Rows, int, int], Rows] = some
) -> tuple[Rows, Rows]:
    """The rows that a fit takes, at most `most` and `MOST_JUDGED`, drawn by `draw` where there are more.

    Raises NothingToLearn where the fit must not be made.
    """
    if not len(train):
        raise NothingToLearn("There is no round to learn from.")
    for what, rows in (("train", train), ("validation", validation)):
        if not all(map(_finite, (rows.features, rows.weight, rows.stake))):
            raise NothingToLearn(f"The {what} rows hold something that is not a finite number.")
    if train.weight.min() < 0 or not train.weight.any():
        raise NothingToLearn("The rounds to learn from need weights of which none is negative and one is positive.")
    return draw(train, most, seed), draw(validation, MOST_JUDGED, seed)


def _finite(array: Features) -> bool:
    """Both ends carry a NaN on, and no array of the same size is made."""
    return not array.size or bool(np.isfinite(array.min()) and np.isfinite(array.max()))
