"""Where each expert's contexts lie in one table of counts, and how a context's number comes about."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.experts.specs import EXPECTED, EXPERTS, FIRST, LONGEST, Expert, Frame, Side

Ints = NDArray[np.int64]

UNKNOWN = 3
"""Stands for a throw before the first."""
THROWS = ("own1", "own2", "own3", "own4", "own5", "opp1", "opp2", "opp3", "opp4", "low")
"""Lags that are moves, told from the expert's frame."""
SIGNS = {"out1": 4, "out2": 4, "out3": 4, "rank1": 4, "rank2": 4, "opprank1": 4, "streak": 4, "ahead": 3, "base": 5}
"""Lags that are no moves, and how many values each has."""
FOLLOWED, LENGTH = 4, 4
"""A longest match: what followed it (a move or none), and classes of its length."""
LAGS = (*THROWS, *SIGNS, *LONGEST, *(f"{name} length" for name in LONGEST))
COLUMN = {name: at for at, name in enumerate(LAGS)}


def _digits(expert: Expert) -> list[tuple[str, bool, int]]:
    """(lag, whether it is told from the frame, radix) of all that is known from the past."""
    digits = []
    for lag in expert.given:
        if lag in SIGNS:
            digits.append((lag, False, SIGNS[lag]))
        elif lag in LONGEST:
            digits += [(lag, True, FOLLOWED), (f"{lag} length", False, LENGTH)]
        elif not lag.startswith(EXPECTED):
            digits.append((lag, True, UNKNOWN + 1))
    return digits


@dataclass(frozen=True, eq=False)
class Layout:
    """Of k experts, d digits and c cells. `frame` is the column of an expert's reference, -1 for rock.

    A context's number is `offset` + the digits times `place` [d, k]. Then come the digits that are expectations: of
    expert `source`, told from the frame of expert `expects`, times `step` [len(source), k].
    """

    digit: Ints
    reference: Ints
    place: NDArray[np.float64]
    offset: Ints
    frame: Ints
    ours: NDArray[np.bool_]
    memory: NDArray[np.float32]
    expects: Ints
    source: Ints
    step: NDArray[np.float64]
    cells: int


def _layout() -> Layout:
    keys: dict[tuple[int, int], int] = {}
    places: list[tuple[int, int, int]] = []
    expected, offsets, offset = [], [], 0
    for number, expert in enumerate(EXPERTS):
        frame = -1 if expert.frame is Frame.ROCK else COLUMN[expert.frame.value]
        size = 1
        for lag, told, radix in _digits(expert):
            key = keys.setdefault((COLUMN[lag], frame if told else -1), len(keys))
            places.append((key, number, size))
            size *= radix
        for lag in expert.given:
            if lag.startswith(EXPECTED):
                expected.append((number, int(lag.removeprefix(EXPECTED)), size))
                size *= 3
        offsets.append(offset)
        offset += size
    place = np.zeros((len(keys), len(EXPERTS)))
    for key, number, size in places:
        place[key, number] = size
    step = np.zeros((len(expected), len(EXPERTS)))
    for at, (number, _, size) in enumerate(expected):
        step[at, number] = size
    return Layout(
        digit=np.array([lag for lag, _ in keys]),
        reference=np.array([frame for _, frame in keys]),
        place=place,
        offset=np.array(offsets),
        frame=np.array([-1 if one.frame is Frame.ROCK else COLUMN[one.frame.value] for one in EXPERTS]),
        ours=np.array([one.side is Side.PLAYER for one in EXPERTS]),
        memory=np.array([one.memory for one in EXPERTS], np.float32),
        expects=np.array([number for number, _, _ in expected]),
        source=np.array([source for _, source, _ in expected]),
        step=step,
        cells=offset,
    )


LAYOUT = _layout()
CELLS = LAYOUT.cells
EARLY = len(FIRST)


def contexts(lags: Ints) -> tuple[Ints, Ints]:
    """(each expert's context but for what others expect, its reference move), [g, k] each, from lags [g, LAGS]."""
    known = np.concatenate([lags, np.zeros((len(lags), 1), np.int64)], axis=1)  # column -1: rock, or nothing to turn by
    value, reference = known[:, LAYOUT.digit], known[:, LAYOUT.reference]
    turned = (value - reference) % 3
    turned[(value == UNKNOWN) | (reference == UNKNOWN)] = UNKNOWN
    digits = np.where(LAYOUT.reference < 0, value, turned)
    frame = known[:, LAYOUT.frame]
    return LAYOUT.offset + (digits @ LAYOUT.place).astype(np.int64), np.where(frame == UNKNOWN, 0, frame)
