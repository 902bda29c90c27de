"""The contexts that experts count in: after which part of the situation, and relative to what, a throw is counted."""

from collections.abc import Iterator
from enum import IntEnum
from itertools import product

import numpy as np
from msgspec import Struct

from trainer.data.columns import Floats, Ints
from trainer.roshambo.situation import (
    ALL_DIFFERENCES,
    ALL_MINE,
    ALL_THEIRS,
    DIFFERENCE,
    LATE_MINE,
    LATE_THEIRS,
    MINE,
    MY_STEP,
    PERIODS,
    THEIR_STEP,
    THEIRS,
    WIDTH,
    at,
    order,
    within,
)

CELLS = 1 << 12
"""Of each context; long contexts share cells by chance, seldom within one match."""
_HASH_SEED = 7


class Frame(IntEnum):
    """What a throw is counted relative to: nothing, the same side's last throw, the other side's."""

    ABSOLUTE = 0
    SAME = 1
    OTHER = 2


class Context(Struct, frozen=True):
    """Throws counted in one frame, apart for each combination of what these columns of the situation hold."""

    columns: tuple[int, ...]
    frame: Frame = Frame.ABSOLUTE


def _runs() -> Iterator[Context]:
    """The last throws of one side, the other and both; outcomes and steps, which say the same of all three moves."""
    absolute, same = Frame.ABSOLUTE, Frame.SAME
    for kinds, lengths, frame in (
        ((THEIRS,), (1, 2, 3, 4, 5, 6, 8), absolute),
        ((MINE,), (1, 2, 3, 4, 5, 6, 8), absolute),
        ((MINE, THEIRS), (1, 2, 3, 4, 5, 6, 8, 12), absolute),
        ((DIFFERENCE,), (1, 2, 3, 4, 6), same),
        ((THEIR_STEP,), (1, 2, 3, 4), same),
        ((MY_STEP,), (1, 2, 3, 4), same),
        ((DIFFERENCE, THEIR_STEP), (1, 2, 3), same),
        ((DIFFERENCE, MY_STEP), (1, 2), same),
    ):
        for length in lengths:
            yield Context(tuple(at(kind, lag + 1) for lag, kind in product(range(length), kinds)), frame)


def _gaps() -> Iterator[Context]:
    """Earlier throws without the last one, or without the one before it."""
    for kinds, lag in product(((THEIRS,), (MINE,), (MINE, THEIRS)), (2, 3)):
        yield Context(tuple(at(kind, lag) for kind in kinds))
    for kind in (THEIRS, MINE):
        yield Context((at(kind, 1), at(kind, 3)))


def _counted() -> Iterator[Context]:
    """How often each came up, and where in a cycle the match is."""
    for kinds in ((ALL_MINE,), (ALL_THEIRS,), (ALL_MINE, ALL_THEIRS), (LATE_MINE,), (LATE_THEIRS,)):
        yield Context(tuple(map(order, kinds)))
    yield Context((order(ALL_DIFFERENCES),), Frame.OTHER)
    yield Context((order(ALL_THEIRS), at(THEIRS, 1)))
    yield Context((order(ALL_MINE), at(MINE, 1)))
    for period in PERIODS:
        yield Context((within(period),))
    for period in (2, 3, 4, 6):
        yield Context((within(period),), Frame.SAME)


CONTEXTS = (*(Context((), frame) for frame in Frame), *_runs(), *_gaps(), *_counted())
FRAMES: Ints = np.array([context.frame for context in CONTEXTS])


def _hash() -> Floats:
    """Factors with which each context's columns are summed to a cell, the same in every match."""
    random = np.random.default_rng(_HASH_SEED)
    factors = np.zeros((len(CONTEXTS), WIDTH))
    for row, context in zip(factors, CONTEXTS, strict=True):
        row[list(context.columns)] = random.integers(1, CELLS, len(context.columns))
    return factors


_FACTORS = _hash()


def cells(situation: Floats) -> Ints:
    """The cell of each context in this situation, shape (contexts,)."""
    return np.asarray((_FACTORS @ situation).astype(np.int64) % CELLS)
