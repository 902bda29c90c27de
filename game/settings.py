"""Reading settings from variables: one frozen type for each process, and no variable misspelt in silence."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

from msgspec import Meta, Struct, ValidationError, convert
from msgspec.structs import fields

PREFIX = "RPS_"

KNOWN = frozenset(
    (
        # shared
        "RPS_DATA_DIR",
        "RPS_DATABASE_URL",
        "RPS_STREAM_URL",
        "RPS_STREAM_NAME",
        "RPS_STORE_URL",
        "RPS_BUNDLE_KEY",
        "RPS_LOG_LEVEL",
        "RPS_LOG_FORMAT",
        "RPS_INFERENCE_SOCKET",
        # the match server
        "RPS_HOST",
        "RPS_PORT",
        "RPS_DURABILITY",
        "RPS_INFERENCE_TIMEOUT_MS",
        "RPS_ASSIGNMENT_SALT",
        "RPS_SHARE_B",
        "RPS_CONTROL_SHARE",
        "RPS_LEAN",
        "RPS_ORIGINS",
        "RPS_RATE",
        "RPS_BURST",
        "RPS_MAX_CONNECTIONS",
        "RPS_IDLE_MATCH_S",
        "RPS_DRAIN_S",
        "RPS_STREAM_DAYS",
        # the inference sidecar
        "RPS_INFERENCE_HOST",
        "RPS_INFERENCE_PORT",
        # the trainer
        "RPS_RETRAIN_ROUNDS",
        "RPS_RETRAIN_FAMILIES",
        "RPS_POLL_S",
        "RPS_BOT_SHARE",
        "RPS_PROMOTION_RULE",
        "RPS_ADMIN_PORT",
        "RPS_ADMIN_TOKEN",
        "RPS_DATASET",
        "RPS_FIT_PROCESSES",
        "RPS_RAY_ADDRESS",
    )
)
"""Every variable that any of the processes reads: all three are often started from one environment."""


StreamName = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
"""What a stream may be called, so that it can begin a subject too."""


class SettingsError(Exception):
    """A variable is unknown or its value cannot be used."""


THEIRS = ("mlflow_", "otel_")
"""How fields begin whose variables are not ours: `mlflow_tracking_uri` is filled by MLFLOW_TRACKING_URI."""

Settings = TypeVar("Settings", bound=Struct)


def load(kind: type[Settings], environ: Mapping[str, str]) -> Settings:
    """The settings of type `kind` from these variables: `RPS_PORT` fills `port`; raises SettingsError."""
    given = {name: text for name, text in environ.items() if name.startswith(PREFIX)}
    for name in given.keys() - KNOWN:
        near = get_close_matches(name, KNOWN, n=1)
        raise SettingsError(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else "."))
    wanted = {field.name: variable_of(field.name) for field in fields(kind)}
    values: dict[str, Any] = {name: environ[variable] for name, variable in wanted.items() if variable in environ}
    try:
        return convert(values, kind, strict=False)
    except ValidationError as error:
        raise SettingsError(_said(str(error), wanted)) from error


def variable_of(field: str) -> str:
    """The variable that fills a setting's field; those of other tools keep the name that these tools gave them."""
    return field.upper() if field.startswith(THEIRS) else PREFIX + field.upper()


def _said(fault: str, wanted: Mapping[str, str]) -> str:
    """The decoder's fault with the variable named in place of the field."""
    for field, variable in wanted.items():
        fault = fault.replace(f"`$.{field}`", variable)
        fault = variable + fault.removeprefix(field) if fault.startswith(f"{field} ") else fault
    return f"A setting cannot be used: {fault}. Unset it for its default; README.md, Settings, says what it takes."
