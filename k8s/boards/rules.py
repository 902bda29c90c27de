"""The rules as Prometheus reads them: what it records, and when it alerts."""

from typing import Any

import yaml  # type: ignore[import-untyped]  # it ships no types

from k8s.boards import burning, learning, playing
from k8s.boards.alert import Alert
from k8s.boards.objectives import Recording, recordings

_HEAD = "# Made by `python -m k8s.boards`; change k8s/boards instead.\n"


def alerts() -> list[Alert]:
    """All of them."""
    return [*burning.alerts(), *playing.alerts(), *learning.alerts()]


def text() -> str:
    """The rules file."""
    groups = [
        {"name": "rps-objectives", "rules": [_recording(one) for one in recordings()]},
        {"name": "rps-burn-rates", "rules": [_alert(one) for one in burning.alerts()]},
        {"name": "rps-play", "rules": [_alert(one) for one in playing.alerts()]},
        {"name": "rps-learning", "rules": [_alert(one) for one in learning.alerts()]},
    ]
    return _HEAD + str(yaml.dump({"groups": groups}, Dumper=_Readable, sort_keys=False, width=10_000))


def _recording(one: Recording) -> dict[str, Any]:
    found: dict[str, Any] = {"record": one.record, "expr": one.expr}
    return {**found, "labels": one.labels} if one.labels else found


def _alert(one: Alert) -> dict[str, Any]:
    return {
        "alert": one.name,
        "expr": one.expr,
        "for": one.after,
        "labels": {"severity": one.severity, **dict(one.labels)},
        "annotations": {"summary": one.summary, "description": one.description, "runbook_url": one.runbook},
    }


class _Readable(yaml.SafeDumper):  # type: ignore[misc]  # the same
    """Text of several lines as a block, and nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, data: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Readable.add_representer(str, _text)
