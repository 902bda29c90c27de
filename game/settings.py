"""Reading settings from variables: one frozen type for each process, and no variable misspelt in silence."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from msgspec import Struct, ValidationError, convert
from msgspec.structs import fields

PREFIX = "RPS_"

KNOWN = frozenset(
    PREFIX + name
    for name in [
        "HOST",
        "PORT",
        "ADMIN_PORT",
        "INFERENCE_SOCKET",
        "INFERENCE_PORT",
        "INFERENCE_HOST",
        "DATA_DIR",
        "DATABASE_URL",
        "STORE_URL",
        "STREAM_URL",
        "ADMIN_TOKEN",
        "DURABILITY",
        "INFERENCE_TIMEOUT_MS",
        "ASSIGNMENT_SALT",
        "SHARE_B",
        "ORIGINS",
        "RATE",
        "BURST",
        "MAX_CONNECTIONS",
        "IDLE_MATCH_S",
        "DRAIN_S",
        "LOG_LEVEL",
        "RETRAIN_ROUNDS",
        "POLL_S",
        "BOT_SHARE",
        "MIN_PLAYERS",
    ]
)
"""Every variable that any of the processes reads: all three are often started from one environment."""


class SettingsError(Exception):
    """A variable is unknown or its value cannot be used."""


Settings = TypeVar("Settings", bound=Struct)


def load(kind: type[Settings], environ: Mapping[str, str]) -> Settings:
    """The settings of type `kind` from these variables: `RPS_PORT` fills `port`; raises SettingsError."""
    given = {name: text for name, text in environ.items() if name.startswith(PREFIX)}
    for name in given.keys() - KNOWN:
        near = get_close_matches(name, KNOWN, n=1)
        raise SettingsError(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else "."))
    wanted = {field.name: PREFIX + field.name.upper() for field in fields(kind)}
    values: dict[str, Any] = {name: given[variable] for name, variable in wanted.items() if variable in given}
    try:
        return convert(values, kind, strict=False)
    except ValidationError as error:
        raise SettingsError(f"A setting cannot be used: {error}") from error
