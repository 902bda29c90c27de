"""The documents that describe the protocols, and what they say of a frame or an answer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.protocols import Validator
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute

from support.client import Client

DOCS = Path(__file__).parents[2] / "docs"


def kept(name: str) -> Any:
    """A document as it is kept."""
    return json.loads((DOCS / name).read_text())


def closed(schema: Any) -> Any:
    """The schema, in which an object has the fields that are named and no other."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {} if "properties" not in schema else {"additionalProperties": False}
    return shut | {key: closed(value) for key, value in schema.items()}


class Socket:
    """What docs/asyncapi.json says of frames. `seen` are the messages that were held against it."""

    def __init__(self) -> None:
        self.document = kept("asyncapi.json")
        self.seen: set[str] = set()
        components = closed(self.document["components"])
        self._validators = {
            name: Draft7Validator({"components": components, "allOf": [message["payload"]]})
            for name, message in components["messages"].items()
        }

    def faults(self, frame: Any) -> list[str]:
        """What is wrong with a text frame."""
        self.seen.add(frame["type"])
        return [error.message for error in self._validators[frame["type"]].iter_errors(frame)]

    def messages(self, action: str) -> set[str]:
        """The messages that the server may receive, or send."""
        operations = self.document["operations"].values()
        lists = [one["messages"] for one in operations if one["action"] == action]
        if action == "send":
            lists += [one["reply"]["messages"] for one in operations if "reply" in one]
        return {reference["$ref"].rpartition("/")[2] for found in lists for reference in found}


class Watched(Client):
    """A client that keeps what it says."""

    def __init__(self, client: Client) -> None:
        super().__init__(client.socket)
        self.said: list[Any] = []

    async def say(self, type: str, **fields: Any) -> None:
        self.said.append({"type": type, **fields})
        await super().say(type, **fields)


class Http:
    """What an OpenAPI document says of answers. `seen` are the (method, path, status) that were held against it."""

    def __init__(self, name: str) -> None:
        self.document = kept(name)
        self.seen: set[tuple[str, str, int]] = set()
        self._components = closed(self.document["components"])

    @property
    def operations(self) -> set[tuple[str, str]]:
        """Each method and its path."""
        return {(method.upper(), path) for path, item in self.document["paths"].items() for method in item}

    def told(self) -> Iterator[tuple[str, str, int]]:
        """Every answer that the document promises."""
        for method, path in self.operations:
            for status in self.document["paths"][path][method.lower()]["responses"]:
                yield method, path, int(status)

    def hold(self, path: str, answer: httpx.Response) -> httpx.Response:
        """The answer, which must be one that the document tells for this path of its."""
        method = answer.request.method
        responses = self.document["paths"][path][method.lower()]["responses"]
        assert str(answer.status_code) in responses, (method, path, answer.status_code, answer.text[:300])
        content = responses[str(answer.status_code)].get("content", {})
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in content, (method, path, answer.status_code, kind)
        if kind == "application/json":
            faults = [error.message for error in self._validator(content[kind]["schema"]).iter_errors(answer.json())]
            assert faults == [], (method, path, answer.status_code, answer.text[:300])
        self.seen.add((method, path, answer.status_code))
        return answer

    def _validator(self, schema: Any) -> Validator:
        return Draft202012Validator({"components": self._components, "allOf": [closed(schema)]})


def routed(app: Starlette) -> set[tuple[str, str]]:
    """Each method that an application answers, and its path as a document writes it."""
    found: set[tuple[str, str]] = set()
    for route in app.routes:
        if isinstance(route, Route):
            found |= {(method, route.path) for method in (route.methods or set()) - {"HEAD"}}
        elif isinstance(route, WebSocketRoute):
            found.add(("GET", route.path))
        else:
            assert isinstance(route, Mount)
            found.add(("GET", route.path + "/{path}"))
    return found
