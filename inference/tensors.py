"""The tensors of an inference request: checked, and as the models take them."""

from typing import Any

import numpy as np
from msgspec import Struct

from game.features import NAMES
from game.past import LONGEST, is_past
from inference.errors import RequestError
from inference.loaded import Floats
from models.bundle import INPUT

FP32, UINT8 = "FP32", "UINT8"
PAST = "past"
MAX_ROWS = 4096
LARGEST = 1e6
"""No feature comes near it; with numbers near the end of FP32 a sound model fails, and would be blamed for it."""

Parameters = dict[str, Any]


class Tensor(Struct, frozen=True):
    """`data` may come flat or as rows."""

    name: str
    shape: list[int]
    datatype: str
    data: list[float | list[float]]
    parameters: Parameters | None = None


def features(given: Tensor) -> Floats:
    """[n, 50]; raises RequestError."""
    if given.name != INPUT:
        raise RequestError(400, f"There is no input {given.name!r}; the input is {INPUT!r}.")
    if given.datatype != FP32:
        raise RequestError(400, f"The input is of datatype {given.datatype!r}, not {FP32}.")
    rows = given.shape[0] if given.shape else 0
    if given.shape != [rows, len(NAMES)] or not 1 <= rows <= MAX_ROWS:
        raise RequestError(400, f"The input's shape is {given.shape}, not [1 to {MAX_ROWS}, {len(NAMES)}].")
    numbers = _numbers(given, rows, len(NAMES))
    if np.abs(numbers).max() > LARGEST:
        raise RequestError(400, f"The input holds a number beyond {LARGEST:g}.")
    return numbers.astype(np.float32)


def past(given: Tensor) -> bytes:
    """The past of one player; raises RequestError."""
    if given.datatype != UINT8:
        raise RequestError(400, f"The input {PAST!r} is of datatype {given.datatype!r}, not {UINT8}.")
    size = given.shape[-1] if given.shape else -1
    if given.shape != [1, size] or not 0 <= size <= LONGEST:
        raise RequestError(400, f"The shape of {PAST!r} is {given.shape}, not [1, 0 to {LONGEST}].")
    numbers = _numbers(given, 1, size)
    told = np.clip(numbers, 0, 255).astype(np.uint8)
    if (told != numbers).any() or not is_past(told.tobytes()):
        raise RequestError(400, f"The input {PAST!r} holds what stands for no round.")
    return told.tobytes()


def _numbers(given: Tensor, rows: int, width: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    try:
        numbers = np.array(given.data, np.float64)
    except ValueError as error:
        raise RequestError(400, "The input's rows are not of one length.") from error
    if numbers.shape not in {(rows, width), (rows * width,)}:
        raise RequestError(400, f"The input's data is of shape {list(numbers.shape)}, its shape says {given.shape}.")
    return numbers.reshape(rows, width)
