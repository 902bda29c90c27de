"""JSON Schemas of the types that a process decodes and encodes, and the documents that are made of them."""

import json
import sys
from collections.abc import Iterable
from inspect import cleandoc
from typing import Any

import msgspec

REFERENCE = "#/components/schemas/{name}"

Schema = dict[str, Any]


class Schemas:
    """The schemas of types, and the named ones that they refer to."""

    def __init__(self, types: Iterable[Any]) -> None:
        self._types = list(types)
        found, named = msgspec.json.schema_components(self._types, ref_template=REFERENCE)
        self._found = [_plain(one) for one in found]
        self.named: dict[str, Schema] = {name: _plain(named[name]) for name in sorted(named)}

    def of(self, kind: Any) -> Schema:
        """The schema of one of the types."""
        return next(schema for known, schema in zip(self._types, self._found, strict=True) if known is kind)


def shown(told: Schema) -> str:
    """A document as it is kept: indented, and ended by a new line."""
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def write(told: Schema) -> None:
    """Print a document."""
    sys.stdout.write(shown(told))


def _plain(schema: Any) -> Any:
    """The schema with descriptions as they are read, not as they are indented in the source, and every enum's type."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {key: _plain(value) for key, value in schema.items()}
    if isinstance(told.get("description"), str):
        told["description"] = cleandoc(told["description"])
    if isinstance(told.get("enum"), list) and all(isinstance(each, str) for each in told["enum"]):
        told["type"] = "string"
    return told
