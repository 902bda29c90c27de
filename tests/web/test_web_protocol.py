"""The browser's words are the server's: every type, field, closed set and code of `web/` against `game.wire`."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import get_args

from msgspec import inspect

from game import wire
from game.assignment import Arm
from game.codes import Code
from game.moves import Move, Outcome
from game.records import Input, Reason, Source, Winner
from game.state import NO_MODEL

WEB = Path(__file__).parents[2] / "web"
DECLARED = (WEB / "protocol.d.ts").read_text()

ENUMS: tuple[type[StrEnum], ...] = (
    Move, Outcome, Source, Winner, Reason, Input, wire.Intent, wire.Label, wire.Cause, Arm, Code,
)  # fmt: skip
UNIONS = {"ClientMessage": wire.ClientMessage, "MatchMessage": wire.MatchMessage}
MESSAGES = get_args(wire.ClientMessage) + get_args(wire.ServerMessage)
NAMES = {"Record": "Tally"}
"""TypeScript's own `Record` stands in the way of ours."""


def typescript(kind: inspect.Type) -> str:
    """The type as `protocol.d.ts` should write it."""
    match kind:
        case inspect.Metadata(type=described):
            return typescript(described)
        case inspect.StrType():
            return "string"
        case inspect.IntType() | inspect.FloatType():
            return "number"
        case inspect.BoolType():
            return "boolean"
        case inspect.EnumType(cls=cls):
            return cls.__name__
        case inspect.StructType(cls=cls):
            return NAMES.get(cls.__name__, cls.__name__)
        case inspect.ListType(item_type=item):
            return f"{typescript(item)}[]"
        case inspect.TupleType(item_types=items):
            return f"[{', '.join(map(typescript, items))}]"
        case inspect.DictType(key_type=key, value_type=value):
            return f"Record<{typescript(key)}, {typescript(value)}>"
        case inspect.UnionType(types=types):
            given = (each for each in types if not isinstance(each, inspect.NoneType))
            return " | ".join(dict.fromkeys(map(typescript, given)))
        case _:
            raise NotImplementedError(kind)


def interface(struct: inspect.StructType) -> dict[str, str]:
    """The fields of a struct; a name that ends in `?` may be absent."""
    tag = {"type": f'"{struct.tag}"'} if struct.tag is not None else {}
    fields = {f.encode_name + ("" if f.required else "?"): typescript(f.type) for f in struct.fields}
    return tag | fields


def inner(kind: inspect.Type) -> Iterator[inspect.StructType]:
    """A struct and those that it holds."""
    if isinstance(kind, inspect.ListType):
        yield from inner(kind.item_type)
    elif isinstance(kind, inspect.StructType):
        yield kind
        for field in kind.fields:
            yield from inner(field.type)


def served() -> dict[str, dict[str, str]]:
    structs = [struct for message in MESSAGES for struct in inner(inspect.type_info(message))]
    return {typescript(struct): interface(struct) for struct in structs}


def declared() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, body in re.findall(r"^export interface (\w+) \{\n(.*?)^\}", DECLARED, re.DOTALL | re.MULTILINE):
        found[name] = dict(re.findall(r"^  (\w+\??): (.+);$", body, re.MULTILINE))
    return found


def alternatives() -> dict[str, list[str]]:
    found = re.findall(r"^export type (\w+) =(.*?);", DECLARED, re.DOTALL | re.MULTILINE)
    return {name: [part.strip() for part in body.split("|") if part.strip()] for name, body in found}


def test_every_message_and_its_fields_are_declared_as_the_server_has_them() -> None:
    assert declared() == served()


def test_every_closed_set_is_declared_as_the_server_has_it() -> None:
    sets = {name: parts for name, parts in alternatives().items() if parts[0].startswith('"')}
    members = {enum.__name__: [f'"{member}"' for member in enum] for enum in ENUMS}
    assert sets == members


def test_each_direction_is_the_union_that_the_server_has() -> None:
    unions = {name: parts for name, parts in alternatives().items() if not parts[0].startswith('"')}
    flat = [part for name in unions.pop("ServerMessage") for part in unions.get(name, [name])]
    assert flat == [kind.__name__ for kind in get_args(wire.ServerMessage)]
    assert unions == {name: [kind.__name__ for kind in get_args(union)] for name, union in UNIONS.items()}


def test_the_socket_asks_for_the_protocol_that_is_served() -> None:
    assert f"PROTOCOL = '{wire.PROTOCOL}'" in (WEB / "socket.js").read_text()


def test_what_plays_without_a_model_has_the_servers_name() -> None:
    assert f"NO_MODEL = '{NO_MODEL}'" in (WEB / "view/words.js").read_text()


def test_the_name_field_takes_as_many_characters_as_the_server() -> None:
    (longest,) = re.findall(r'id="name" name="name" maxlength="(\d+)"', (WEB / "index.html").read_text())
    field = next(f for f in inspect.type_info(wire.Hello).fields if f.name == "name")  # type: ignore[attr-defined]
    (name,) = (each for each in field.type.types if isinstance(each, inspect.StrType))
    assert int(longest) == name.max_length


def test_the_page_loads_nothing_from_elsewhere() -> None:
    sources = [path for path in WEB.rglob("*.*") if path.suffix in {".js", ".css", ".html", ".svg"}]
    ours = [path for path in sources if "node_modules" not in path.parts and "tests" not in path.parts]
    assert len(ours) > 10
    for path in ours:
        addresses = set(re.findall(r"https?://[^\s\"'`)]+", path.read_text()))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path


def test_the_page_needs_no_exception_from_the_strict_policy() -> None:
    page = (WEB / "index.html").read_text()
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|javascript:", page)


def test_the_lock_names_no_registry() -> None:
    assert "resolved" not in (WEB / "package-lock.json").read_text()
