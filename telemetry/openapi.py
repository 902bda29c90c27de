"""What a process answers over HTTP, as an OpenAPI 3.1 document.

A process lists its operations; the schemas come from the types that its handlers decode and encode. OpenAPI 3.1:
https://spec.openapis.org/oas/v3.1.1.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from msgspec import Struct

from telemetry.schemas import Schema, Schemas

JSON = "application/json"
TEXT = "text/plain"
HTML = "text/html"


class Answer(Struct, frozen=True):
    """One way to be answered: its status, when that is, and the body's type and kind; without a type it has none."""

    status: int
    about: str
    body: Any = None
    media: str = JSON
    headers: dict[str, str] = {}


class Parameter(Struct, frozen=True):
    """A part of the address or a header; `where` is path, query or header."""

    name: str
    where: str
    about: str
    kind: Any = str


class Body(Struct, frozen=True):
    """What a request brings: its type by the kinds it may have, None for plain bytes."""

    kinds: dict[str, Any]
    about: str = ""
    required: bool = True


class Operation(Struct, frozen=True):
    """A method of a path; `secured` where the token must be shown."""

    method: str
    path: str
    id: str
    summary: str
    answers: Sequence[Answer]
    tag: str
    about: str = ""
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    secured: bool = False


def document(info: Schema, server: str, operations: Sequence[Operation], secured: str = "") -> Schema:
    """The document of a process that listens at `server`; `secured` says what token it wants to see, if any."""
    schemas = Schemas(
        kind
        for one in operations
        for kind in (
            *(part.kind for part in one.parameters),
            *(kind for kind in (one.body.kinds.values() if one.body else ()) if kind is not None),
            *(answer.body for answer in one.answers if answer.body is not None),
        )
    )
    paths: Schema = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    components: Schema = {"schemas": schemas.named}
    if secured:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "description": secured}}
    license = {"name": "MIT", "identifier": "MIT"}
    return {
        "openapi": "3.1.1",
        "info": {**info, "license": license},
        "servers": [{"url": server, "description": "As it listens by default."}],
        "paths": paths,
        "components": components,
    }


def _operation(one: Operation, schemas: Schemas) -> Schema:
    told: Schema = {"operationId": one.id, "summary": one.summary, "tags": [one.tag]}
    if one.about:
        told["description"] = one.about
    if one.secured:
        told["security"] = [{"token": []}]
    if one.parameters:
        told["parameters"] = [_parameter(part, schemas) for part in one.parameters]
    if one.body:
        content = {
            media: {"schema": schemas.of(kind)} if kind is not None else {} for media, kind in one.body.kinds.items()
        }
        told["requestBody"] = {"description": one.body.about, "required": one.body.required, "content": content}
    by_status = groupby(sorted(one.answers, key=lambda answer: answer.status), key=lambda answer: answer.status)
    told["responses"] = {str(status): _response(list(answers), schemas) for status, answers in by_status}
    return told


def _parameter(part: Parameter, schemas: Schemas) -> Schema:
    return {
        "name": part.name,
        "in": part.where,
        "required": part.where == "path",
        "description": part.about,
        "schema": schemas.of(part.kind),
    }


def _response(answers: Sequence[Answer], schemas: Schemas) -> Schema:
    """All that is answered with one status: its reasons one below the other, and a body for each kind."""
    told: Schema = {"description": "\n".join(answer.about for answer in answers)}
    headers = {name: about for answer in answers for name, about in answer.headers.items()}
    if headers:
        told["headers"] = {
            name: {"description": about, "schema": {"type": "string"}} for name, about in headers.items()
        }
    bodies: dict[str, list[Schema]] = {}
    for answer in answers:
        if answer.body is not None and schemas.of(answer.body) not in bodies.setdefault(answer.media, []):
            bodies[answer.media].append(schemas.of(answer.body))
    if bodies:
        told["content"] = {media: {"schema": _any_of(found)} for media, found in bodies.items()}
    return told


def _any_of(schemas: Sequence[Schema]) -> Schema:
    return schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}
