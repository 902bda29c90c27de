"""What must hold between the manifests and the processes that they start: routes, ports, settings, time to stop."""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any
from unittest.mock import MagicMock

from msgspec import Struct
from starlette.applications import Starlette
from starlette.routing import Match

from game.settings import KNOWN, SettingsError, load
from inference.http import create_app as inference_app
from inference.settings import Settings as Inference
from k8s.variants import Manifest
from server.app import create_app as server_app
from server.settings import Settings as Server
from support.manifest_rules import Faults
from support.manifests import containers, environment, of_kind, pods, ports
from telemetry.page import metrics_route
from telemetry.start import LAST_S
from trainer.lifecycle.admin import Admin
from trainer.settings import Settings as Trainer

SETTINGS: dict[str, type[Struct]] = {"server": Server, "inference": Inference, "trainer": Trainer}
PORT = {"server": "RPS_PORT", "inference": "RPS_INFERENCE_PORT", "trainer": "RPS_ADMIN_PORT"}
HOST = {"server": "RPS_HOST", "inference": "RPS_INFERENCE_HOST"}
OTEL = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_PROTOCOL"}
THEIRS = {
    "nats": {"/healthz"},
    "minio": {"/minio/health/live", "/minio/health/ready"},
    "alloy": {"/-/healthy", "/-/ready"},
}
"""What the programs of others answer, by their documentation."""
INWARD = {"/metrics", "/livez", "/readyz"}
"""Routes of the server that are not for the world."""


def apps() -> dict[str, Starlette]:
    """The processes' real applications; only what stands behind their routes is missing."""
    pages = [metrics_route(MagicMock())]
    return {
        "server": server_app(MagicMock(), pages),
        "inference": inference_app(MagicMock(), MagicMock(), pages),
        "trainer": Admin(Trainer(), open_to_all=pages).app(),
    }


def answers(app: Starlette, path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    return any(route.matches(scope)[0] is Match.FULL for route in app.routes)


def probes_ask_what_is_answered(objects: list[Manifest]) -> Faults:
    known = apps()
    for pod, container in containers(objects):
        name = container["name"]
        for port, path in _probed(container):
            numbers: dict[str | int, int] = {called: number for number, called in ports(pod).items()}
            number = numbers.get(port, port)
            bare = path.partition("?")[0]
            if not (answers(known[name], bare) if name in known else bare in THEIRS.get(name, ())):
                yield f"{name} has no {path}"
            if name in PORT and str(number) != environment(container, objects).get(PORT[name]):
                yield f"{name} is asked on port {port}, on which it does not listen"
            if name not in PORT and number not in ports(pod):
                yield f"{name} is asked on port {port}, which it does not have"


def _probed(container: dict[str, Any]) -> Iterator[tuple[str | int, str]]:
    """The (port, path) of each probe over HTTP, be it made by the kubelet or in the container."""
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = container.get(kind, {})
        if "httpGet" in probe:
            yield probe["httpGet"]["port"], probe["httpGet"]["path"]
        for word in probe.get("exec", {}).get("command", []):
            for port, path in re.findall(r"http://127\.0\.0\.1:(\d+)(/[\w/?=&-]*)", word):
                yield int(port), path


def listens_where_it_is_asked(objects: list[Manifest]) -> Faults:
    """Who is asked from without must not listen on the loopback alone, nor on another port than it says."""
    for pod, container in containers(objects):
        name = container["name"]
        if name in HOST:
            said = environment(container, objects)
            if said.get(HOST[name]) != "0.0.0.0":
                yield f"{name} listens where nobody reaches it"
            own = [str(port["containerPort"]) for port in container["ports"]]
            if own != [said.get(PORT[name])]:
                yield f"{pod.name}/{name} says {own} and listens on {said.get(PORT[name])}"


def settings_can_be_read(objects: list[Manifest]) -> Faults:
    """The processes' own types take the variables, and no name of one is misspelt."""
    for _, container in containers(objects):
        name = container["name"]
        if name not in SETTINGS:
            continue
        said = environment(container, objects)
        names = [one["name"] for one in container["env"]]
        for unknown in sorted(set(names) - KNOWN - OTEL - {"HOME"}):
            yield f"{name} has no setting {unknown}"
        for twice in sorted({one for one in names if names.count(one) > 1}):
            yield f"{name} is told {twice} twice"
        try:
            load(SETTINGS[name], said)
        except (SettingsError, ValueError) as error:
            yield f"{name}: {error}"


def server_and_sidecar_meet(objects: list[Manifest]) -> Faults:
    """The same socket, in the same volume in memory, as the same user."""
    for pod, container in containers(objects):
        if container["name"] not in HOST:
            continue
        socket = PurePosixPath(environment(container, objects).get("RPS_INFERENCE_SOCKET", "/"))
        volumes = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
        found = [one for one in pod.spec["volumes"] if one["name"] == volumes.get(str(socket.parent))]
        if socket.name != "inference.sock" or [one.get("emptyDir", {}).get("medium") for one in found] != ["Memory"]:
            yield f"{container['name']} looks for the socket at {socket}, where it is not shared"


def there_is_time_to_stop(objects: list[Manifest]) -> Faults:
    """The pause, the drain, uvicorn's own patience after it, the last telemetry, and then the sidecar's end."""
    for pod in pods(objects):
        for container in (one for one in pod.containers if one["name"] == "server"):
            pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            drain = load(Server, environment(container, objects)).drain_s
            needed = pause + drain + (int(drain) + 1) + LAST_S + (1 + LAST_S)
            if not pause:
                yield f"{pod.name} stops while players are still sent to it"
            if pod.spec.get("terminationGracePeriodSeconds", 30) < needed:
                yield f"{pod.name} is killed before the {needed:g} s that a drain may take"


def the_world_may_ask_for_pages_alone(objects: list[Manifest]) -> Faults:
    """Every route of the server leads through the Ingress but those that are for whoever runs it."""
    routes = {str(getattr(route, "path", "")) for route in apps()["server"].routes}
    asked = {path.replace("{id}", "x").replace("/static", "/static/app.js") for path in routes - INWARD}
    for each in of_kind(objects, "Ingress"):
        paths = [path for rule in each["spec"]["rules"] for path in rule["http"]["paths"]]
        for path in sorted(asked | INWARD | {"/admin/aliases", "/v2/models"}):
            if any(_leads(one, path) for one in paths) != (path in asked):
                yield f"{path} is {'not reached' if path in asked else 'open to the world'}"


def _leads(path: dict[str, str], asked: str) -> bool:
    if path["pathType"] == "Exact":
        return asked == path["path"]
    prefix = path["path"].rstrip("/")
    return asked == prefix or asked.startswith(f"{prefix}/")


ROUTES: tuple[Callable[[list[Manifest]], Faults], ...] = (
    probes_ask_what_is_answered,
    listens_where_it_is_asked,
    settings_can_be_read,
    server_and_sidecar_meet,
    there_is_time_to_stop,
    the_world_may_ask_for_pages_alone,
)
