"""The browser protocol as an AsyncAPI 3.0 document, made of the messages' own types and of messages really encoded.

https://www.asyncapi.com/docs/reference/specification/v3.0.0. The document speaks for the server: what it receives is
what a browser sends. Payload schemas are JSON Schema draft 7, which AsyncAPI is built on.
"""

import json
from collections.abc import Sequence
from typing import Any, get_args

import msgspec

from game import wire
from game.codes import MEANING
from game.gestures import ADVICE
from game.records import PlayerKind
from server.audience import REPLACED, TOO_SLOW
from server.describe_examples import heard, said
from server.outcomes import FAULT
from server.play import KIND_HEADER
from server.session import FLOOD, HELLO_S, NO_HELLO, STRIKES
from telemetry.release import VERSION
from telemetry.schemas import Schema, Schemas

ABOUT = f"""The game as it is played over a WebSocket: text frames hold one JSON object with `type`, a binary frame an
image. All points are integer tenths. docs/protocol.md says in prose how the messages follow each other, and
docs/openapi.json what is answered over HTTP beside the socket.

A message of a match names it by `match`, and what the server tells of it carries `seq`, which rises by one: who lost
the socket asks by `sync` for what it missed. A text frame has at most {wire.MAX_TEXT} bytes. Unknown types and fields
are refused; fields that this document does not name may come from a later server."""

CLOSES = {
    FLOOD: f"{STRIKES} messages in a row were refused for haste",
    1009: "a frame was larger than any message may be (320 KiB)",
    1012: "the server stopped; `draining` was told before",
    FAULT: "an error that nobody foresaw; it is in the server's log",
    TOO_SLOW: "the client does not read what it is told",
    REPLACED: "the player opened a fifth socket, or said `hello` to another server: their game goes on there",
    NO_HELLO: f"no `hello` within {HELLO_S} s",
}
"""Why the server closes a socket, by the code it closes it with."""

IMAGE = "image"
PLAY = ("result", "round", "over")
REPLIES: dict[str, tuple[str, ...]] = {
    "hello": ("welcome",),
    "start": ("matched", "round"),
    "move": PLAY,
    "gesture": (),
    IMAGE: ("seen", *PLAY),
    "sync": ("matched", *PLAY),
    "leave": ("over",),
    "forget": ("forgotten",),
    "ping": ("pong",),
}
"""What answers a message; any can be `refused` instead."""
UNASKED = ("matched", "round", "result", "over", "draining")
"""What a player is told on all sockets, whichever of them it came of, or of nothing that they did."""


def told() -> Schema:
    """The document."""
    types = [*get_args(wire.ClientMessage), *get_args(wire.ServerMessage)]
    examples = _examples()
    messages = {_tag(kind): _message(kind, examples[_tag(kind)]) for kind in types} | {IMAGE: _image()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"RPS Quest, the browser protocol {wire.PROTOCOL}",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {"local": {"host": "127.0.0.1:8000", "protocol": "ws", "description": "As it listens by default."}},
        "channels": {"game": _channel(list(messages))},
        "operations": _operations(),
        "components": {
            "messages": messages,
            "schemas": {name: _draft7(schema) for name, schema in _explained(Schemas(types).named).items()},
            "correlationIds": {
                "match": {"location": "$message.payload#/match", "description": "The match that a message is of."}
            },
        },
    }


def _tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def _examples() -> dict[str, list[Schema]]:
    by_tag: dict[str, list[Schema]] = {}
    for message in [*said(), *heard()]:
        payload = json.loads(msgspec.json.encode(message))
        tag = payload["type"]
        number = len(by_tag.setdefault(tag, [])) + 1
        by_tag[tag].append({"name": tag if number == 1 else f"{tag}-{number}", "payload": payload})
    return by_tag


def _message(kind: type[msgspec.Struct], examples: list[Schema]) -> Schema:
    name = _tag(kind)
    summary = " ".join((kind.__doc__ or "").split())
    told: Schema = {"name": name, "title": kind.__name__, "summary": summary}
    if "match" in kind.__struct_fields__ and kind not in (wire.Welcome, wire.Refused):
        told["correlationId"] = {"$ref": "#/components/correlationIds/match"}
    return told | {"payload": {"$ref": f"#/components/schemas/{kind.__name__}"}, "examples": examples}


def _image() -> Schema:
    return {
        "name": IMAGE,
        "title": "Image",
        "summary": "A binary frame straight after `gesture`: a still JPEG, PNG or WebP of the player's hand.",
        "contentType": "image/*",
        "payload": {"type": "string", "format": "binary", "maxLength": wire.MAX_IMAGE},
    }


def _channel(messages: Sequence[str]) -> Schema:
    headers = {
        "Sec-WebSocket-Protocol": {"type": "string", "const": wire.PROTOCOL},
        KIND_HEADER: {
            "type": "string",
            "enum": [kind.value for kind in PlayerKind],
            "default": PlayerKind.HUMAN.value,
            "description": "Who says to be playing, so that programs' rounds are told apart from people's.",
        },
    }
    handshake = {"type": "object", "required": ["Sec-WebSocket-Protocol"], "properties": headers}
    return {
        "address": "/ws",
        "title": "The game",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"ws": {"method": "GET", "headers": handshake, "bindingVersion": "0.1.0"}},
        "x-close-codes": {str(code): CLOSES[code] for code in sorted(CLOSES)},
    }


def _operations() -> Schema:
    operations: Schema = {
        name: {
            "action": "receive",
            "channel": {"$ref": "#/channels/game"},
            "messages": _named([name]),
            "reply": {"channel": {"$ref": "#/channels/game"}, "messages": _named([*replies, "refused"])},
        }
        for name, replies in REPLIES.items()
    }
    operations["tell"] = {
        "action": "send",
        "summary": "What every socket of a player is told.",
        "channel": {"$ref": "#/channels/game"},
        "messages": _named(UNASKED),
    }
    return operations


def _named(messages: Sequence[str]) -> list[Schema]:
    return [{"$ref": f"#/channels/game/messages/{name}"} for name in messages]


def _explained(schemas: Schema) -> Schema:
    """The schemas, with what each code and each reason means."""
    lines = {
        "Code": [f"- `{code}`: {meaning}" for code, meaning in MEANING.items()],
        "Cause": [f"- `{cause}`: {advice}" for cause, advice in ADVICE.items()],
    }
    for name, told in lines.items():
        schemas[name]["description"] += "\n\n" + "\n".join(told)
    return schemas


def _draft7(schema: Any) -> Any:
    """The same in draft 7: tuples are told by `items`, and beside a `$ref` nothing else may stand.

    Where only one value may stand it is a `const`, of which generators make no type with a name of its own.
    """
    if isinstance(schema, list):
        return [_draft7(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {key: _draft7(value) for key, value in schema.items()}
    if "prefixItems" in told:
        told |= {"items": told.pop("prefixItems"), "additionalItems": False}
    if len(told.get("enum", ())) == 1:
        (told["const"],) = told.pop("enum")
    if "$ref" in told and len(told) > 1:
        told["allOf"] = [{"$ref": told.pop("$ref")}]
    return told
