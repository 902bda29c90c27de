"""The messages of the Open Inference Protocol v2, and one inference as bytes to bytes.

https://github.com/kserve/open-inference-protocol, `specification/protocol/inference_rest.md`. A model takes one input
`features` [n, 50] and gives one output `probabilities` [n, 3], both FP32; `data` may come flat or as rows, and goes
out flat. `parameters` are accepted and mean nothing here.
"""

from typing import Any

import numpy as np
from msgspec import DecodeError, Struct, json

from game.features import NAMES
from game.moves import MOVES
from inference.errors import RequestError
from inference.model import Floats, Model, ask
from models.bundle import INPUT, OUTPUT

DATATYPE = "FP32"
PLATFORM = "onnx_onnxv1"
MAX_ROWS = 4096
LARGEST = 1e6
"""No feature comes near it; with numbers near the end of FP32 a sound model fails, and would be blamed for it."""

Parameters = dict[str, Any]


class Shape(Struct, frozen=True):
    """A tensor as metadata tells it; -1 is a size that varies."""

    name: str
    datatype: str
    shape: tuple[int, ...]


class ServerMetadata(Struct, frozen=True):
    name: str
    version: str
    extensions: list[str]


class ModelMetadata(Struct, frozen=True):
    name: str
    versions: list[str]
    platform: str = PLATFORM
    inputs: tuple[Shape, ...] = (Shape(INPUT, DATATYPE, (-1, len(NAMES))),)
    outputs: tuple[Shape, ...] = (Shape(OUTPUT, DATATYPE, (-1, len(MOVES))),)


class RequestInput(Struct, frozen=True):
    name: str
    shape: list[int]
    datatype: str
    data: list[float | list[float]]
    parameters: Parameters | None = None


class RequestOutput(Struct, frozen=True):
    name: str
    parameters: Parameters | None = None


class InferenceRequest(Struct, frozen=True):
    inputs: list[RequestInput]
    outputs: list[RequestOutput] = []
    id: str | None = None
    parameters: Parameters | None = None


class ResponseOutput(Struct, frozen=True):
    name: str
    shape: list[int]
    datatype: str
    data: list[float]


class InferenceResponse(Struct, frozen=True, omit_defaults=True):
    model_name: str
    model_version: str
    outputs: list[ResponseOutput]
    id: str | None = None


_decoder = json.Decoder(InferenceRequest)


def infer(name: str, model: Model, body: bytes) -> bytes:
    """The response to an inference request, both as JSON; raises RequestError. Takes milliseconds for many rows."""
    try:
        request = _decoder.decode(body)
    except DecodeError as error:
        raise RequestError(400, f"The request cannot be read: {error}") from error
    if unknown := [output.name for output in request.outputs if output.name != OUTPUT]:
        raise RequestError(400, f"There is no output {unknown[0]!r}; the output is {OUTPUT!r}.")
    if len(request.inputs) != 1:
        raise RequestError(400, f"There are {len(request.inputs)} inputs; the model takes one.")
    shares, sound = ask([model], _features(request.inputs[0]))
    if not sound.all():
        raise RequestError(400, f"Model {model.version} gives no probabilities for this input.")
    output = ResponseOutput(OUTPUT, list(shares.shape[1:]), DATATYPE, shares.ravel().tolist())
    return json.encode(InferenceResponse(name, model.version, [output], request.id))


def _features(given: RequestInput) -> Floats:
    if given.name != INPUT:
        raise RequestError(400, f"There is no input {given.name!r}; the input is {INPUT!r}.")
    if given.datatype != DATATYPE:
        raise RequestError(400, f"The input is of datatype {given.datatype!r}, not {DATATYPE}.")
    rows = given.shape[0] if given.shape else 0
    if given.shape != [rows, len(NAMES)] or not 1 <= rows <= MAX_ROWS:
        raise RequestError(400, f"The input's shape is {given.shape}, not [1 to {MAX_ROWS}, {len(NAMES)}].")
    try:
        numbers = np.array(given.data, np.float64)
    except ValueError as error:
        raise RequestError(400, "The input's rows are not of one length.") from error
    if numbers.shape not in {(rows, len(NAMES)), (rows * len(NAMES),)}:
        raise RequestError(400, f"The input's data is of shape {list(numbers.shape)}, its shape says {given.shape}.")
    if np.abs(numbers).max() > LARGEST:
        raise RequestError(400, f"The input holds a number beyond {LARGEST:g}.")
    return numbers.astype(np.float32).reshape(given.shape)
