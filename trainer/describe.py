"""`python -m trainer describe`: what is kept as docs/openapi-trainer.json."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from game.assignment import Alias
from game.codes import Code
from game.moves import Move
from models.store import Table
from telemetry.openapi import HTML, TEXT, Answer, Body, Operation, Parameter, document
from telemetry.release import VERSION
from telemetry.schemas import Schema, write
from trainer.gestures.orders import Kept, Overview
from trainer.lifecycle.admin import MAX_BODY, NO_TOKEN, Accepted, Reloaded, Retrain
from trainer.lifecycle.answers import Fault
from trainer.lifecycle.ledger import Entry
from trainer.lifecycle.orders import Order

ABOUT = """What an operator asks and orders of the trainer, on the loopback. Every order is an entry of the ledger. Of
two orders that came while the aliases were the same, one is done; the other is answered 409 and may look again.

Every GET is also a HEAD. An address that is not here is 404 and another method 405, in plain words; beyond 32 requests
at once the answer is 503, in plain words too."""
TOKEN = "The token in `RPS_ADMIN_TOKEN`. Where none is set, no orders are taken."

ORDERS, GESTURES, OPERATE, PAGES = "orders", "gestures", "operation", "pages"
IMAGES = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
Looks = Annotated[
    dict[Alias, dict[str, Any] | None],
    Meta(description="By alias, as the sidecar answers `POST /gestures/predict`; null where nothing looks."),
]


class Unread(Struct, frozen=True):
    """Why the sidecar tells nothing of an image, in its own words."""

    code: Code
    error: str


ORDER = Body({"application/json": Order}, f"At most {MAX_BODY} bytes.")
UNREADABLE = Answer(400, "The order cannot be read.", Fault)
UNWANTED = Answer(409, "It cannot be done as things are, or something else was decided meanwhile.", Fault)
AWAY = Answer(503, "The store, the database or the sidecar does not answer.", Fault)


def told() -> Schema:
    """The document."""
    info = {"title": "RPS Quest, the trainer's admin port", "version": VERSION, "description": ABOUT}
    return document(info, "http://127.0.0.1:8002", [*_orders(), *_gestures(), *_open_to_all()], TOKEN)


def main() -> int:
    """Print the document; returns the exit status."""
    write(told())
    return 0


def _secured(
    method: str, name: str, summary: str, answers: list[Answer], tag: str, parameters: tuple[Parameter, ...] = (),
    body: Body | None = None,
) -> Operation:  # fmt: skip
    """An operation that is answered if the token is shown."""
    unwelcome = [Answer(401, "The token is missing or wrong.", Fault), Answer(503, NO_TOKEN, Fault)]
    id = "".join(part if at == 0 else part.capitalize() for at, part in enumerate(name.split("/")))
    return Operation(
        method, f"/admin/{name}", id, summary, [*answers, *unwelcome], tag,
        parameters=parameters, body=body, secured=True,
    )  # fmt: skip


def _orders() -> list[Operation]:
    done = [Answer(200, "The decision, as it stands in the ledger.", Entry), UNREADABLE, UNWANTED, AWAY]
    return [
        _secured("GET", "aliases", "What every alias means now", [Answer(200, "The aliases.", Table), AWAY], ORDERS),
        _secured("POST", "promote", "Put a version, else B, into Production", done, ORDERS, body=ORDER),
        _secured("POST", "demote", "Take a version, else Production's, out of play", done, ORDERS, body=ORDER),
        _secured("POST", "rollback", "Put back what was in Production before", done, ORDERS, body=ORDER),
        _secured(
            "POST", "retrain", "Learn anew, from rounds or gestures",
            [
                Answer(202, "It begins, now or after what is under way.", Accepted),
                UNREADABLE,
                Answer(409, "It is asked for or under way already.", Fault),
            ],
            ORDERS, body=Body({"application/json": Retrain}, required=False),
        ),
        _secured(
            "POST", "reload", "Have the sidecar look at the store now",
            [
                Answer(200, "All is served as the store says.", Reloaded),
                Answer(409, "Not all is, and why.", Reloaded),
                AWAY,
            ],
            ORDERS,
        ),
    ]  # fmt: skip


def _gestures() -> list[Operation]:
    image = Body(dict.fromkeys(IMAGES), "A still JPEG, PNG or WebP of at most 8 MiB.")
    too_large = Answer(413, "The photo is larger than is allowed.", Fault)
    unreadable = Answer(400, "The bytes are not a readable image of an allowed size.", Fault)
    label = Parameter("label", "query", "What the hand shows; it must be given.", Move)
    return [
        _secured(
            "GET", "gestures", "All there is to say of the gesture models",
            [Answer(200, "What serves, and what there is to learn from.", Overview), AWAY], GESTURES,
        ),
        _secured(
            "POST", "gestures/images", "Give a photo to learn from",
            [Answer(201, "It is kept.", Kept), unreadable, too_large, Answer(503, "It cannot be kept.", Fault)],
            GESTURES, (label,), image,
        ),
        _secured(
            "POST", "gestures/predict", "What all that is loaded sees in an image",
            [
                Answer(200, "What each sees.", Looks),
                Answer(400, "The bytes are not a readable image of an allowed size.", Unread),
                too_large,
                Answer(413, "The image is larger than is allowed.", Unread),
                Answer(429, "The sidecar reads too many images already.", Unread),
                Answer(503, "The sidecar has no gesture models.", Unread),
                AWAY,
            ],
            GESTURES, (), image,
        ),
        _secured(
            "POST", "gestures/rollback", "Put back the gesture models that served before",
            [Answer(200, "The decision, as it stands in the ledger.", Entry), UNWANTED, AWAY], GESTURES,
        ),
    ]  # fmt: skip


def _open_to_all() -> list[Operation]:
    return [
        Operation(
            "GET", "/metrics", "metrics", "What the trainer measures of itself, for Prometheus",
            [Answer(200, "Prometheus' text format.", str, TEXT)], OPERATE,
        ),
        Operation(
            "GET", "/lab", "lab", "The laboratory of hands",
            [Answer(200, "The page.", str, HTML), Answer(404, "The client is not installed here.", Fault)], PAGES,
        ),
        Operation(
            "GET", "/static/{path}", "file", "A script, style or picture of the page",
            [
                Answer(200, "A script.", str, "text/javascript"),
                Answer(200, "A style.", str, "text/css"),
                Answer(200, "A picture.", str, "image/svg+xml"),
                Answer(404, "There is none.", str, TEXT),
            ],
            PAGES, parameters=[Parameter("path", "path", "Where it stands in `web/`, with slashes.")],
        ),
    ]  # fmt: skip
