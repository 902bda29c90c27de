"""Kubernetes manifests as values: the pods in them, what is reachable, and how much everything may take."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from shutil import which
from typing import Any, NamedTuple

import pytest

from k8s.variants import Manifest, manifests, rendered

needs_kubectl = pytest.mark.skipif(which("kubectl") is None, reason="needs kubectl, whose kustomize renders manifests")

TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
UNITS = {"": 1.0, "m": 0.001, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}


class Pod(NamedTuple):
    """What a workload makes, and how many of it at least."""

    owner: Manifest
    labels: dict[str, str]
    spec: dict[str, Any]
    replicas: int

    @property
    def name(self) -> str:
        return str(self.owner["metadata"]["name"])

    @property
    def containers(self) -> list[dict[str, Any]]:
        """Those that run together, native sidecars included."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


@cache
def _made(variant: str) -> list[Manifest]:
    return manifests(rendered(variant))


def objects(variant: str) -> list[Manifest]:
    """The variant's objects, which the caller may change."""
    return deepcopy(_made(variant))


def of_kind(objects: list[Manifest], kind: str) -> list[Manifest]:
    return [each for each in objects if each["kind"] == kind]


def named(objects: list[Manifest], kind: str, name: str) -> Manifest:
    (found,) = [each for each in of_kind(objects, kind) if each["metadata"]["name"] == name]
    return found


def pods(objects: list[Manifest]) -> Iterator[Pod]:
    """One of each workload."""
    for each in objects:
        if each["kind"] in TEMPLATES:
            template: Any = each
            for step in TEMPLATES[each["kind"]]:
                template = template[step]
            labels = template.get("metadata", {}).get("labels", {})
            yield Pod(each, labels, template["spec"], each["spec"].get("replicas", 1))


def containers(objects: list[Manifest]) -> Iterator[tuple[Pod, dict[str, Any]]]:
    for pod in pods(objects):
        for container in pod.containers:
            yield pod, container


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a label selector selects these labels; only `In` of the operators is known."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In", rule
        if labels.get(rule["key"]) not in rule["values"]:
            return False
    return True


def quantity(text: str) -> float:
    """Bytes, or cores."""
    digits = text.rstrip("mKiMG")
    return float(digits) * UNITS[text.removeprefix(digits)]


def environment(container: dict[str, Any], objects: list[Manifest]) -> dict[str, str]:
    """The variables whose values the manifests hold; those of Secrets and of the pod's own fields are left out."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", []):
        if "configMapRef" in source:
            found |= named(objects, "ConfigMap", source["configMapRef"]["name"])["data"]
    return found | {one["name"]: one["value"] for one in container.get("env", []) if "value" in one}


def ports(pod: Pod) -> dict[int, str]:
    """The ports that a pod's containers say they listen on, with their names."""
    return {port["containerPort"]: port["name"] for one in pod.containers for port in one.get("ports", [])}


def _open(objects: list[Manifest], pod: Pod, way: str, other: Pod, port: int) -> bool:
    """Whether the policies let `pod` have traffic with `other` in that direction."""
    kind, peers = ("Ingress", "from") if way == "ingress" else ("Egress", "to")
    policies = [
        each["spec"]
        for each in of_kind(objects, "NetworkPolicy")
        if kind in each["spec"]["policyTypes"] and matches(each["spec"]["podSelector"], pod.labels)
    ]
    for rule in (rule for policy in policies for rule in policy.get(way, [])):
        fits = [
            peer
            for peer in rule.get(peers, [])
            if "namespaceSelector" not in peer and matches(peer["podSelector"], other.labels)
        ]
        if (peers not in rule or fits) and any(one["port"] == port for one in rule["ports"]):
            return True
    return not policies


def reaches(objects: list[Manifest], source: str, target: str, port: int) -> bool:
    """Whether the policies let the pods of one workload open connections to another's port."""
    by_name = {pod.name: pod for pod in pods(objects)}
    here, there = by_name[source], by_name[target]
    return _open(objects, here, "egress", there, port) and _open(objects, there, "ingress", here, port)
