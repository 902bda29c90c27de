"""The messages of the Open Inference Protocol v2, and one inference as bytes to bytes.

https://github.com/kserve/open-inference-protocol, `specification/protocol/inference_rest.md`. A model takes one input
`features` [n, 50] and gives one output `probabilities` [n, 3], both FP32; `data` may come flat or as rows, and goes
out flat. `parameters` are accepted and mean nothing here.

A model that follows a player answers for one row, and takes a second input: `past` [1, m], UINT8, the bytes that
`game.past` writes, 0 to 134 for a round and 255 before each match. Without it nothing is known of the player.
"""

from collections.abc import Sequence

from msgspec import DecodeError, Struct, json

from game.features import NAMES
from game.moves import MOVES
from inference import tensors
from inference.dossier import Coming, Dossier, Panel
from inference.errors import RequestError
from inference.model import Model, Shares, ask
from inference.reader import Reader
from inference.tensors import FP32, PAST, UINT8, Parameters, Tensor
from models.bundle import INPUT, OUTPUT

PLATFORM = "onnx_onnxv1"


class Shape(Struct, frozen=True):
    """A tensor as metadata tells it; -1 is a size that varies."""

    name: str
    datatype: str
    shape: tuple[int, ...]


class ServerMetadata(Struct, frozen=True):
    name: str
    version: str
    extensions: list[str]


class Live(Struct, frozen=True):
    live: bool


class Ready(Struct, frozen=True):
    ready: bool


class ModelReady(Struct, frozen=True):
    name: str
    ready: bool


class Names(Struct, frozen=True):
    """What can be asked for: families, and each with its aliases."""

    models: list[str]


class ModelMetadata(Struct, frozen=True):
    name: str
    versions: list[str]
    platform: str
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]


class RequestOutput(Struct, frozen=True):
    name: str
    parameters: Parameters | None = None


class InferenceRequest(Struct, frozen=True):
    inputs: list[Tensor]
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


def model_metadata(name: str, versions: list[str], model: Model | Reader) -> ModelMetadata:
    """What is told of the versions under a name; they are all like this model."""
    rows = 1 if isinstance(model, Reader) else -1
    inputs = [Shape(INPUT, FP32, (rows, len(NAMES)))]
    if isinstance(model, Reader):
        inputs.append(Shape(PAST, UINT8, (rows, -1)))
    return ModelMetadata(name, versions, PLATFORM, tuple(inputs), (Shape(OUTPUT, FP32, (rows, len(MOVES))),))


def infer(name: str, model: Model | Reader, body: bytes) -> bytes:
    """The response to an inference request, both as JSON; raises RequestError. Takes milliseconds for many rows, and a
    tenth of a second for a long past.
    """
    try:
        request = _decoder.decode(body)
    except DecodeError as error:
        raise RequestError(400, f"The request cannot be read: {error}") from error
    if unknown := [output.name for output in request.outputs if output.name != OUTPUT]:
        raise RequestError(400, f"There is no output {unknown[0]!r}; the output is {OUTPUT!r}.")
    shares, sound = _read(model, request.inputs) if isinstance(model, Reader) else _asked(model, request.inputs)
    if not sound.all():
        raise RequestError(400, f"Model {model.version} gives no probabilities for this input.")
    output = ResponseOutput(OUTPUT, list(shares.shape[1:]), FP32, shares.ravel().tolist())
    return json.encode(InferenceResponse(name, model.version, [output], request.id))


def _asked(model: Model, inputs: Sequence[Tensor]) -> Shares:
    if len(inputs) != 1:
        raise RequestError(400, f"There are {len(inputs)} inputs; the model takes one.")
    return ask([model], tensors.features(inputs[0]))


def _read(reader: Reader, inputs: Sequence[Tensor]) -> Shares:
    """From the beginning of the past: nothing is kept of it."""
    given = {one.name: one for one in inputs}
    if sorted(one.name for one in inputs) not in ([INPUT], [INPUT, PAST]):
        raise RequestError(400, f"The inputs are {list(given)}; the model takes {INPUT!r}, and {PAST!r} or not.")
    features = tensors.features(given[INPUT])
    if len(features) != 1:
        raise RequestError(400, f"The input has {len(features)} rows; a model that follows a player takes one.")
    try:
        coming = Coming.told(features.astype("<f4").tobytes())
    except ValueError as error:
        raise RequestError(400, f"The features tell of no round: {error}.") from error
    dossier = Dossier(Panel([reader]))
    dossier.extend(tensors.past(given[PAST]) if PAST in given else b"")
    while dossier.behind:
        dossier.read_on()
    return dossier.ask(coming)
