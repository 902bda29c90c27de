"""Manifests with one fault each, the rule that must name it, and a word that it must say."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from k8s.variants import Manifest
from support.manifests import named

Change = Callable[[list[Manifest]], None]


def changed(kind: str, name: str, *path: str | int, to: Any) -> Change:
    """Set what is at the path in one object."""

    def change(objects: list[Manifest]) -> None:
        at: Any = named(objects, kind, name)
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = to

    return change


POD = ("spec", "template", "spec")
SERVER = (*POD, "containers", 0)
SIDECAR = (*POD, "initContainers", 0)
OUTWARD = ("spec", "rules", 0, "http", "paths", 0)


def added(manifest: Manifest) -> Change:
    return lambda objects: objects.append(deepcopy(manifest))


def without(kind: str, name: str) -> Change:
    return lambda objects: objects.remove(named(objects, kind, name))


BROKEN: list[tuple[str, Change, str]] = [
    ("restricted", changed("Deployment", "game", *POD, "securityContext", "runAsUser", to=0), "root"),
    ("restricted", changed("Deployment", "game", *POD, "securityContext", "seccompProfile", to={}), "seccomp"),
    ("restricted", changed("Deployment", "game", *POD, "automountServiceAccountToken", to=True), "token"),
    ("restricted", changed("Deployment", "game", *POD, "hostNetwork", to=True), "hostNetwork"),
    ("restricted", changed("Deployment", "game", *SERVER, "securityContext", "privileged", to=True), "not confined"),
    ("restricted", changed("StatefulSet", "nats", *SERVER, "securityContext", to={}), "not confined"),
    (
        "restricted",
        changed("Deployment", "game", *POD, "volumes", 0, to={"name": "host", "hostPath": {"path": "/"}}),
        "not allowed",
    ),
    ("no_injected_variables", changed("Deployment", "trainer", *POD, "enableServiceLinks", to=True), "variables"),
    ("bounded", changed("Job", "minio-bucket", *SERVER, "resources", "limits", to={"cpu": "1"}), "memory"),
    ("bounded", changed("Deployment", "game", *SIDECAR, "resources", to={}), "requests"),
    ("bounded", changed("Deployment", "game", *POD, "volumes", 0, "emptyDir", to={}), "no size"),
    (
        "no_literal_secrets",
        added({"kind": "Secret", "metadata": {"name": "own"}, "data": {"password": "eA=="}}),
        "Secret own",
    ),
    (
        "no_literal_secrets",
        changed("Deployment", "trainer", *SERVER, "env", 0, to={"name": "RPS_ADMIN_TOKEN", "value": "sixteen letters"}),
        "RPS_ADMIN_TOKEN",
    ),
    (
        "no_literal_secrets",
        changed("Deployment", "trainer", *SERVER, "env", 0, to={"name": "X", "value": "nats://me:secret@nats:4222"}),
        "X has",
    ),
    (
        "references_resolve",
        changed("Deployment", "game", *SERVER, "envFrom", 0, "configMapRef", "name", to="other"),
        "ConfigMap other",
    ),
    (
        "references_resolve",
        changed("StatefulSet", "minio", *SERVER, "env", 3, "valueFrom", "secretKeyRef", "key", to="name"),
        "no documented key",
    ),
    ("references_resolve", without("PersistentVolumeClaim", "trainer"), "PersistentVolumeClaim trainer"),
    ("references_resolve", changed("Ingress", "game", "spec", "tls", 0, "secretName", to="other"), "Secret other"),
    ("mounts_resolve", changed("Deployment", "game", *SERVER, "volumeMounts", 0, "name", to="other"), "other"),
    (
        "selectors_select",
        changed("Deployment", "game", "spec", "selector", "matchLabels", to={"app.kubernetes.io/part-of": "rps-quest"}),
        "game selects",
    ),
    (
        "selectors_select",
        changed("PodDisruptionBudget", "game", "spec", "selector", "matchLabels", to={"app": "game"}),
        "the budget game",
    ),
    (
        "selectors_select",
        changed("NetworkPolicy", "trainer", "spec", "podSelector", "matchLabels", to={"app": "trainer"}),
        "the policy trainer",
    ),
    ("services_lead_somewhere", changed("Service", "game", "spec", "ports", 0, "targetPort", to="web"), "leads to web"),
    (
        "services_lead_somewhere",
        changed("Ingress", "game", *OUTWARD, "backend", "service", "port", "name", to="web"),
        "no port",
    ),
    ("nothing_is_open_by_itself", without("NetworkPolicy", "default-deny"), "no policy"),
    (
        "allowed_ports_are_listened_on",
        changed("NetworkPolicy", "players", "spec", "ingress", 0, "ports", 0, "port", to=8080),
        "8080",
    ),
    ("allowed_ports_are_listened_on", changed("NetworkPolicy", "names", "spec", "egress", to=[{}]), "every port"),
    (
        "allowed_ports_are_listened_on",
        changed("NetworkPolicy", "nats-clients", "spec", "egress", 0, "ports", 0, "port", to=4223),
        "4223",
    ),
    ("images_are_pinned", changed("Deployment", "game", *SERVER, "image", to="rps-quest/server"), "that day"),
    ("images_are_pinned", changed("StatefulSet", "nats", *SERVER, "image", to="nats:latest"), "that day"),
    ("autoscaled_have_no_number", changed("Deployment", "game", "spec", "replicas", to=2), "game says"),
    (
        "probes_ask_what_is_answered",
        changed("Deployment", "game", *SERVER, "readinessProbe", "httpGet", "path", to="/ready"),
        "server has no /ready",
    ),
    (
        "probes_ask_what_is_answered",
        changed("Deployment", "game", *SIDECAR, "startupProbe", "httpGet", "port", to="http"),
        "does not listen",
    ),
    (
        "probes_ask_what_is_answered",
        changed(
            "Deployment", "trainer", *SERVER, "readinessProbe", "exec", "command", to=["http://127.0.0.1:8003/metrics"]
        ),
        "8003",
    ),
    (
        "probes_ask_what_is_answered",
        changed("StatefulSet", "nats", *SERVER, "livenessProbe", "httpGet", "path", to="/live"),
        "nats has no",
    ),
    (
        "listens_where_it_is_asked",
        changed("Deployment", "game", *SERVER, "env", to=[{"name": "RPS_PORT", "value": "8000"}]),
        "nobody reaches",
    ),
    (
        "listens_where_it_is_asked",
        changed("Deployment", "game", *SERVER, "ports", 0, "containerPort", to=8080),
        "listens on 8000",
    ),
    (
        "settings_can_be_read",
        changed("Deployment", "game", *SERVER, "env", 0, to={"name": "RPS_PROT", "value": "8000"}),
        "RPS_PROT",
    ),
    (
        "settings_can_be_read",
        changed("Deployment", "game", *SERVER, "env", to=[{"name": "RPS_DRAIN_S", "value": "soon"}]),
        "RPS_DRAIN_S",
    ),
    (
        "settings_can_be_read",
        changed("Deployment", "game", *SERVER, "env", 0, to={"name": "OTEL_ENDPOINT", "value": "x"}),
        "OTEL_ENDPOINT",
    ),
    (
        "settings_can_be_read",
        changed("Deployment", "game", *SERVER, "env", to=[{"name": "RPS_PORT", "value": "8000"}] * 2),
        "RPS_PORT twice",
    ),
    (
        "server_and_sidecar_meet",
        changed("Deployment", "game", *SIDECAR, "volumeMounts", 0, "name", to="tmp"),
        "not shared",
    ),
    ("there_is_time_to_stop", changed("Deployment", "game", *SERVER, "lifecycle", to={}), "still sent"),
    ("there_is_time_to_stop", changed("Deployment", "game", *POD, "terminationGracePeriodSeconds", to=20), "killed"),
    (
        "the_world_may_ask_for_pages_alone",
        changed("Ingress", "game", *OUTWARD, "pathType", to="Prefix"),
        "/metrics is open",
    ),
    ("the_world_may_ask_for_pages_alone", changed("Ingress", "game", *OUTWARD, "path", to="/x"), "/ is not reached"),
]
