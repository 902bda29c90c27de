"""The server's HTTP as an OpenAPI document."""

from typing import Annotated

from msgspec import Meta, Struct

from game.codes import MEANING, Code
from game.transcript import Transcript
from game.wire import PROTOCOL
from server.answers import HTTP_STATUS, Refused
from server.api import LARGEST, Leaderboard, Stats
from server.lifecycle import MOST, PAGE, Promotions
from server.play import KIND_HEADER
from server.predict import BURST, OTHER_KIND, RATE, Verdict
from server.standings import LEADERS
from telemetry.openapi import HTML, TEXT, Answer, Body, Operation, Parameter, document
from telemetry.release import VERSION
from telemetry.schemas import Schema

ABOUT = """What the match server answers beside the socket. The game itself is played on `/ws`: docs/asyncapi.json.

Every GET is also a HEAD. An address that is not here is 404 and another method 405, both in plain words."""

Health = Annotated[
    dict[str, str],
    Meta(
        description="`status`, and what is amiss by the part that it concerns.",
        extra_json_schema={"required": ["status"], "properties": {"status": {"enum": ["alive", "ready", "not ready"]}}},
    ),
]
After = Annotated[int, Meta(ge=0, le=LARGEST)]
Limit = Annotated[int, Meta(ge=1, le=MOST, extra_json_schema={"default": PAGE})]

HERE = {
    Code.LOG_UNAVAILABLE: "The database does not answer; ask again.",
    Code.UNKNOWN_MATCH: "There is no match of that id.",
}
"""What a code means of a request, where that is not what it means of a message."""
PLAY, TELL, OPERATE, PAGES = "play", "standings", "operation", "pages"
IMAGES = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")


class Form(Struct, frozen=True):
    """A form with one file, under any name; other parts are passed over."""

    image: Annotated[str, Meta(extra_json_schema={"contentMediaType": "image/jpeg"})]


def refusals(*codes: Code) -> list[Answer]:
    """How a request is refused with these codes."""
    return [Answer(HTTP_STATUS[code], f"`{code}`: {HERE.get(code, MEANING[code])}", Refused) for code in codes]


def told() -> Schema:
    """The document."""
    info = {"title": "RPS Quest, the match server", "version": VERSION, "description": ABOUT}
    return document(info, "http://127.0.0.1:8000", [*_standings(), *_gestures(), *_operation(), *_pages()])


def _standings() -> list[Operation]:
    return [
        Operation(
            "GET", "/api/leaderboard", "leaderboard", f"The best {LEADERS} people by matches won", tag=TELL,
            answers=[Answer(200, "The players, best first.", Leaderboard), *refusals(Code.LOG_UNAVAILABLE)],
        ),
        Operation(
            "GET", "/api/stats", "stats", "What was played and how it went", tag=TELL,
            answers=[Answer(200, "The totals.", Stats), *refusals(Code.LOG_UNAVAILABLE)],
        ),
        Operation(
            "GET", "/api/promotions", "promotions", "The ledger of all decisions about what serves", tag=TELL,
            about="It only grows. To follow it, ask again after the last number received.",
            parameters=[
                Parameter("after", "query", "Entries with a larger number; without it the newest ones.", After),
                Parameter("limit", "query", "How many entries at most.", Limit),
            ],
            answers=[
                Answer(200, "A page, oldest first.", Promotions),
                *refusals(Code.BAD_QUERY, Code.LOG_UNAVAILABLE),
            ],
        ),
        Operation(
            "GET", "/api/matches/{id}", "match", "The transcript of a finished match", tag=TELL,
            about="`python -m server verify FILE` checks it with nothing but SHA-256 and the rules.",
            parameters=[Parameter("id", "path", "The match's id, as `matched` tells it.")],
            answers=[
                Answer(200, "All of the match that is public.", Transcript),
                *refusals(Code.UNKNOWN_MATCH, Code.MATCH_LIVE, Code.CORRUPT_RECORD, Code.LOG_UNAVAILABLE),
            ],
        ),
    ]  # fmt: skip


def _gestures() -> list[Operation]:
    hasty = Answer(HTTP_STATUS[Code.SLOW_DOWN], f"`{Code.SLOW_DOWN}`: {MEANING[Code.SLOW_DOWN]}", Refused,
                   headers={"Retry-After": "Seconds to wait."})  # fmt: skip
    codes = Code.BAD_IMAGE, Code.TOO_LARGE, Code.GESTURES_OFF
    return [
        Operation(
            "POST", "/api/gesture/predict", "predictGesture", "What one image shows", tag=PLAY,
            about=f"Nothing of it is kept. An address may send {BURST} images at once and {RATE} in a second.",
            body=Body(
                dict.fromkeys(IMAGES) | {"multipart/form-data": Form},
                "A still JPEG, PNG or WebP of at most 8 MiB, or a form with one.",
            ),
            answers=[
                Answer(200, "What is seen.", Verdict),
                *refusals(*codes),
                hasty,
                Answer(OTHER_KIND, f"`{Code.BAD_IMAGE}`: The body is of another kind.", Refused),
                Answer(403, "The page that asks is of a foreign origin.", str, TEXT),
            ],
        ),
    ]  # fmt: skip


def _operation() -> list[Operation]:
    return [
        Operation(
            "GET", "/livez", "livez", "Whether the process answers", tag=OPERATE,
            answers=[Answer(200, "It does.", Health)],
        ),
        Operation(
            "GET", "/readyz", "readyz", "Whether players may be sent here", tag=OPERATE,
            answers=[Answer(200, "They may.", Health), Answer(503, "They may not, and why.", Health)],
        ),
        Operation(
            "GET", "/metrics", "metrics", "What the server measures of itself, for Prometheus", tag=OPERATE,
            about="For operators: leave it out of what a proxy lets through from outside.",
            answers=[Answer(200, "Prometheus' text format.", str, TEXT)],
        ),
    ]  # fmt: skip


def _pages() -> list[Operation]:
    socket = [
        Parameter("Sec-WebSocket-Protocol", "header", f"`{PROTOCOL}`, among others or alone."),
        Parameter(KIND_HEADER, "header", "`bot` or `test` from who is no person."),
    ]
    return [
        Operation(
            "GET", "/ws", "socket", "The game, as a WebSocket", tag=PLAY,
            about="What goes over it is described in docs/asyncapi.json. A request that is no handshake is 404.",
            parameters=socket,
            answers=[
                Answer(101, f"The socket is open and speaks `{PROTOCOL}`."),
                Answer(400, f"`{PROTOCOL}` was not asked for.", str, TEXT),
                Answer(403, "The page that asks is of a foreign origin.", str, TEXT),
                Answer(503, "As many are connected as may be.", str, TEXT, {"Retry-After": "Seconds to wait."}),
            ],
        ),
        Operation("GET", "/", "page", "The game", tag=PAGES, answers=[Answer(200, "The page.", str, HTML)]),
        Operation(
            "GET", "/lab", "lab", "The laboratory of hands", tag=PAGES, answers=[Answer(200, "The page.", str, HTML)]
        ),
        Operation(
            "GET", "/static/{path}", "file", "A script, style or picture of the pages", tag=PAGES,
            parameters=[Parameter("path", "path", "Where it stands in `web/`, with slashes.")],
            answers=[
                Answer(200, "A script.", str, "text/javascript"),
                Answer(200, "A style.", str, "text/css"),
                Answer(200, "A picture.", str, "image/svg+xml"),
                Answer(404, "There is none.", str, TEXT),
            ],
        ),
    ]  # fmt: skip
