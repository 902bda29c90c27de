"""`python -m inference describe`: what is kept as docs/openapi-inference.json."""

from typing import Annotated, Any

from msgspec import Meta

from game.assignment import Alias
from game.codes import MEANING, Code
from game.look import MAX_UPLOAD
from inference.answers import MAX_BODY, Fault
from inference.gestures import STATUS, Members, Refused, Told
from inference.oip import InferenceRequest, InferenceResponse, Live, ModelMetadata, ModelReady, Names, Ready
from inference.oip import ServerMetadata as Metadata
from inference.repository import Entry, IndexRequest, LoadRequest
from inference.statistics import Statistics
from telemetry.openapi import TEXT, Answer, Body, Operation, Parameter, document
from telemetry.release import VERSION
from telemetry.schemas import Schema, write

ABOUT = """The hot models over the Open Inference Protocol v2 with its extensions `model_repository` and `statistics`,
for people, probes and other tools; the game itself asks on a Unix socket.

A model's name is its family, which means what serves as Production, or family and alias: `brian`, `brian.shadow1`.
Every GET is also a HEAD. An address that is not here is 404 and another method 405, with an `error`; beyond 64
requests at once the answer is 503, in plain words."""

MODEL, STORE, HANDS, OPERATE = "models", "repository", "hands", "operation"
IMAGES = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
Nothing = Annotated[dict[str, Any], Meta(max_length=0)]
NAME = Parameter("name", "path", "A family, or family and alias.")
VERSIONED = Parameter("version", "path", "A version on the shelf.")
UNKNOWN = Answer(404, "There is no such model, or not in that version.", Fault)
UNREADABLE = Answer(400, "The request is not what the protocol says, or the model cannot answer it.", Fault)
TOO_LARGE = Answer(413, f"The body has more than {MAX_BODY} bytes.", Fault)
TOO_LARGE_IMAGE = Answer(413, f"The body has more than {MAX_UPLOAD} bytes.", Fault)


def told() -> Schema:
    """The document."""
    info = {"title": "RPS Quest, the sidecar", "version": VERSION, "description": ABOUT}
    plain = _of_a_model("/v2/models/{name}", "", [NAME])
    versioned = _of_a_model("/v2/models/{name}/versions/{version}", "OfVersion", [NAME, VERSIONED])
    operations = [*_of_all(), *plain, *versioned, *_repository(), *_hands()]
    return document(info, "http://127.0.0.1:8001", operations)


def main() -> int:
    """Print the document; returns the exit status."""
    write(told())
    return 0


def _of_all() -> list[Operation]:
    here = [Answer(200, "What serves here.", Metadata)]
    return [
        Operation("GET", "/v2", "server", "What serves here", here, OPERATE),
        Operation("GET", "/v2/", "serverAtSlash", "What serves here", here, OPERATE),
        Operation(
            "GET", "/v2/health/live", "live", "Whether the process answers", [Answer(200, "It does.", Live)], OPERATE
        ),
        Operation(
            "GET", "/v2/health/ready", "ready", "Whether any model is served",
            [Answer(200, "One is.", Ready), Answer(400, "None is.", Ready)], OPERATE,
        ),
        Operation(
            "GET", "/metrics", "metrics", "What the sidecar measures of itself, for Prometheus",
            [Answer(200, "Prometheus' text format.", str, TEXT)], OPERATE,
        ),
        Operation(
            "GET", "/v2/models", "models", "The names of all models", [Answer(200, "The names.", Names)], MODEL,
            "Not part of the Open Inference Protocol.",
        ),
        Operation(
            "GET", "/v2/models/stats", "statistics", "What every loaded version has done",
            [Answer(200, "Counts since each was loaded.", Statistics)], MODEL,
        ),
    ]  # fmt: skip


def _of_a_model(path: str, suffix: str, parameters: list[Parameter]) -> list[Operation]:
    return [
        Operation(
            "GET", path, f"model{suffix}", "What a model takes and gives",
            [Answer(200, "Its tensors.", ModelMetadata), UNKNOWN], MODEL, parameters=parameters,
        ),
        Operation(
            "GET", f"{path}/ready", f"modelReady{suffix}", "Whether a model is served",
            [Answer(200, "It is.", ModelReady), UNKNOWN], MODEL, parameters=parameters,
        ),
        Operation(
            "GET", f"{path}/stats", f"modelStatistics{suffix}", "What a model has done",
            [Answer(200, "Counts since it was loaded.", Statistics), UNKNOWN], MODEL, parameters=parameters,
        ),
        Operation(
            "POST", f"{path}/infer", f"infer{suffix}", "What a model expects of the player's next move",
            [Answer(200, "A probability for each move and row.", InferenceResponse), UNREADABLE, UNKNOWN, TOO_LARGE],
            MODEL,
            "The input `features` is [n, 50] FP32, and the output `probabilities` [n, 3]: rock, paper, scissors. A "
            "model that follows a player answers for one row, and takes the player's `past`, [1, m] UINT8, too.",
            parameters, Body({"application/json": InferenceRequest}),
        ),
    ]  # fmt: skip


def _repository() -> list[Operation]:
    return [
        Operation(
            "POST", "/v2/repository/index", "index", "What the store's table wants of every alias",
            [Answer(200, "An entry for each alias.", list[Entry]), UNREADABLE, TOO_LARGE], STORE,
            body=Body({"application/json": IndexRequest}, "`ready`: only what is loaded.", required=False),
        ),
        Operation(
            "POST", "/v2/repository/models/{name}/load", "load", "Look at the store now",
            [
                Answer(200, "All that the table wants of it is loaded.", Nothing),
                Answer(400, "Not all is, and why; or the load brings parameters.", Fault),
                Answer(404, "The store has no such model.", Fault),
                TOO_LARGE,
            ],
            STORE, parameters=[NAME], body=Body({"application/json": LoadRequest}, "No parameters.", required=False),
        ),
        Operation(
            "POST", "/v2/repository/models/{name}/unload", "unload", "Always refused",
            [Answer(400, "What serves is what the store's table says.", Fault)], STORE, parameters=[NAME],
        ),
    ]  # fmt: skip


def _hands() -> list[Operation]:
    codes = Code.BAD_IMAGE, Code.TOO_LARGE, Code.SLOW_DOWN, Code.GESTURES_OFF
    return [
        Operation(
            "GET", "/gestures", "gestures", "Which gesture models look at images",
            [Answer(200, "By alias and family.", Members)], HANDS,
        ),
        Operation(
            "POST", "/gestures/predict", "predictGesture", "What one image shows",
            [
                Answer(200, "What is seen.", Told),
                *(Answer(STATUS[code], f"`{code}`: {MEANING[code]}", Refused) for code in codes),
                Answer(400, "There is no such alias.", Fault),
                TOO_LARGE_IMAGE,
            ],
            HANDS, "Nothing of it is kept.",
            [Parameter("alias", "query", "Whose models look; without it Production's.", Alias)],
            Body(dict.fromkeys(IMAGES), "A still JPEG, PNG or WebP of at most 8 MiB."),
        ),
    ]  # fmt: skip
