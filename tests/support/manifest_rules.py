"""What must hold of manifests, whatever is in them: each rule names what breaks it, in words."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from k8s.variants import Manifest
from support.manifests import containers, matches, named, of_kind, pods, ports

OPERATORS = {
    "rps-quest-admin": {"token"},
    "rps-quest-bundles": {"key"},
    "rps-quest-database": {"url"},
    "rps-quest-minio": {"user", "password"},
    "rps-quest-postgres": {"password"},
    "rps-quest-remote": {"endpoint", "user", "token"},
    "rps-quest-store": {"url"},
    "rps-quest-telemetry": set[str](),
    "rps-quest-tls": set[str](),
}
"""The Secrets that the operator makes, with the keys that are read one by one; k8s/README.md says how."""

ELSEWHERE = {53, 443, 4222, 5432, 9000}
"""Ports of services outside the cluster, or of the cluster's own: names, HTTPS, NATS, PostgreSQL and S3."""

Faults = Iterator[str]
Rule = Callable[[list[Manifest]], Faults]


def restricted(objects: list[Manifest]) -> Faults:
    """Pod Security Standard "restricted", and a little more: a read-only root and a user with a number."""
    for pod in pods(objects):
        said = pod.spec.get("securityContext", {})
        if said.get("runAsNonRoot") is not True or not said.get("runAsUser"):
            yield f"{pod.name} may run as root"
        if said.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{pod.name} has no seccomp profile"
        if pod.spec.get("automountServiceAccountToken") is not False:
            yield f"{pod.name} gets a token of the cluster"
        for field in {"hostNetwork", "hostPID", "hostIPC"} & pod.spec.keys():
            yield f"{pod.name} sets {field}"
        for volume in pod.spec.get("volumes", []):
            if not volume.keys() & {"emptyDir", "configMap", "secret", "persistentVolumeClaim"}:
                yield f"{pod.name} mounts {volume['name']}, of a kind that is not allowed"
    for pod, container in containers(objects):
        said = container.get("securityContext", {})
        wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        if {key: said.get(key) for key in wanted} != wanted or said.keys() - wanted.keys():
            yield f"{pod.name}/{container['name']} is not confined"


def no_injected_variables(objects: list[Manifest]) -> Faults:
    for pod in pods(objects):
        if pod.spec.get("enableServiceLinks") is not False:
            yield f"{pod.name} gets variables named after services"


def bounded(objects: list[Manifest]) -> Faults:
    """Every container says what it needs and has a limit, and every scratch volume a size."""
    for pod, container in containers(objects):
        for side in ("requests", "limits"):
            if missing := {"cpu", "memory", "ephemeral-storage"} - container.get("resources", {}).get(side, {}).keys():
                yield f"{pod.name}/{container['name']} has no {side} of {', '.join(sorted(missing))}"
    for pod in pods(objects):
        for volume in pod.spec.get("volumes", []):
            if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
                yield f"{pod.name}'s volume {volume['name']} has no size"


def no_literal_secrets(objects: list[Manifest]) -> Faults:
    """No value is one, unless `$(NAME)` takes it from a variable that a Secret fills."""
    telling = re.compile(r"(TOKEN|PASSWORD|SECRET|BUNDLE_KEY|SALT|HEADERS|CREDENTIAL)", re.I)
    for each in of_kind(objects, "Secret"):
        yield f"Secret {each['metadata']['name']} is in the manifests"
    variables = [
        (one["name"], one["value"]) for _, c in containers(objects) for one in c.get("env", []) if "value" in one
    ]
    for each in of_kind(objects, "ConfigMap"):
        variables += [(key, value) for key, value in each["data"].items() if "." not in key]
    for name, value in variables:
        if telling.search(name) or re.search(r"://[^/\s:]*:(?!\$\()[^/\s]*@", value):
            yield f"{name} has a value that looks like a credential"


def references_resolve(objects: list[Manifest]) -> Faults:
    there = {(each["kind"], each["metadata"]["name"]) for each in objects}
    for what, name, key in _references(objects):
        if what == "Secret" and name in OPERATORS:
            if key and key not in OPERATORS[name]:
                yield f"Secret {name} has no documented key {key}"
        elif (what, name) not in there:
            yield f"{what} {name} is nowhere"


def _references(objects: list[Manifest]) -> Iterator[tuple[str, str, str]]:
    """(kind, name, key) of all that pods and Ingresses refer to."""
    for _, container in containers(objects):
        for source in container.get("envFrom", []):
            for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                if field in source:
                    yield kind, source[field]["name"], ""
        for one in container.get("env", []):
            if reference := one.get("valueFrom", {}).get("secretKeyRef"):
                yield "Secret", reference["name"], reference["key"]
    for pod in pods(objects):
        for volume in pod.spec.get("volumes", []):
            if "configMap" in volume:
                yield "ConfigMap", volume["configMap"]["name"], ""
            if "persistentVolumeClaim" in volume:
                yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], ""
    for each in of_kind(objects, "Ingress"):
        for tls in each["spec"].get("tls", []):
            yield "Secret", tls["secretName"], ""
    for each in of_kind(objects, "HorizontalPodAutoscaler"):
        yield each["spec"]["scaleTargetRef"]["kind"], each["spec"]["scaleTargetRef"]["name"], ""


def mounts_resolve(objects: list[Manifest]) -> Faults:
    for pod, container in containers(objects):
        claims = [one["metadata"]["name"] for one in pod.owner["spec"].get("volumeClaimTemplates", [])]
        volumes = {one["name"] for one in pod.spec.get("volumes", [])} | set(claims)
        for mount in container.get("volumeMounts", []):
            if mount["name"] not in volumes:
                yield f"{pod.name}/{container['name']} mounts {mount['name']}, which is no volume"


def selectors_select(objects: list[Manifest]) -> Faults:
    """Workloads select their own pods and nobody else's; all other selectors select somebody."""
    everybody = list(pods(objects))
    for pod in everybody:
        if (selector := pod.owner["spec"].get("selector")) is not None:
            selected = [one.name for one in everybody if matches(selector, one.labels)]
            if selected != [pod.name]:
                yield f"{pod.name} selects {selected}"
    selectors: list[tuple[str, dict[str, Any]]] = []
    for each in of_kind(objects, "Service"):
        selectors.append((f"Service {each['metadata']['name']}", {"matchLabels": each["spec"]["selector"]}))
    for each in of_kind(objects, "PodDisruptionBudget"):
        selectors.append((f"the budget {each['metadata']['name']}", each["spec"]["selector"]))
    for pod in everybody:
        for spread in pod.spec.get("topologySpreadConstraints", []):
            selectors.append((f"the spread of {pod.name}", spread["labelSelector"]))
    for policy in of_kind(objects, "NetworkPolicy"):
        spec, name = policy["spec"], f"the policy {policy['metadata']['name']}"
        rules = [*spec.get("ingress", []), *spec.get("egress", [])]
        peers = [peer for rule in rules for peer in [*rule.get("from", []), *rule.get("to", [])]]
        selectors += [(name, spec["podSelector"])]
        selectors += [(name, peer["podSelector"]) for peer in peers if "namespaceSelector" not in peer]
    for name, selector in selectors:
        if not any(matches(selector, pod.labels) for pod in everybody):
            yield f"{name} selects nobody"


def services_lead_somewhere(objects: list[Manifest]) -> Faults:
    for each in of_kind(objects, "Service"):
        selector, name = {"matchLabels": each["spec"]["selector"]}, each["metadata"]["name"]
        open_ports = {port for pod in pods(objects) if matches(selector, pod.labels) for port in ports(pod).values()}
        for port in each["spec"]["ports"]:
            if port["targetPort"] not in open_ports:
                yield f"Service {name} leads to {port['targetPort']}, which nobody has"
    services = {each["metadata"]["name"]: each for each in of_kind(objects, "Service")}
    for each in of_kind(objects, "Ingress"):
        for path in (path for rule in each["spec"]["rules"] for path in rule["http"]["paths"]):
            to = path["backend"]["service"]
            known = services.get(to["name"], {"spec": {"ports": []}})["spec"]["ports"]
            if to["port"]["name"] not in [port["name"] for port in known]:
                yield f"{path['path']} leads to no port of Service {to['name']}"


def nothing_is_open_by_itself(objects: list[Manifest]) -> Faults:
    everything = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    if everything not in [each["spec"] for each in of_kind(objects, "NetworkPolicy")]:
        yield "no policy denies everything that is not allowed"


def allowed_ports_are_listened_on(objects: list[Manifest]) -> Faults:
    everybody = list(pods(objects))
    for policy in of_kind(objects, "NetworkPolicy"):
        spec, name = policy["spec"], policy["metadata"]["name"]
        selected = [pod for pod in everybody if matches(spec["podSelector"], pod.labels)]
        for rule in spec.get("ingress", []):
            yield from _unheard(name, rule, {port for pod in selected for port in ports(pod)})
        for rule in spec.get("egress", []):
            inside = [peer["podSelector"] for peer in rule.get("to", []) if "namespaceSelector" not in peer]
            heard = {
                port for pod in everybody if any(matches(one, pod.labels) for one in inside) for port in ports(pod)
            }
            yield from _unheard(name, rule, heard if inside else ELSEWHERE)


def _unheard(name: str, rule: dict[str, Any], heard: set[int]) -> Faults:
    if not rule.get("ports"):
        yield f"the policy {name} allows every port"
    for one in rule.get("ports", []):
        if one["port"] not in heard:
            yield f"the policy {name} allows {one['port']}, on which nobody listens"


def images_are_pinned(objects: list[Manifest]) -> Faults:
    for pod, container in containers(objects):
        tag = container["image"].rpartition("/")[2].partition(":")[2]
        if tag in ("", "latest") or not re.search(r"\d", tag):
            yield f"{pod.name}/{container['name']} runs whatever {container['image']} is that day"


def autoscaled_have_no_number(objects: list[Manifest]) -> Faults:
    """Else every `apply` would set back what the autoscaler has set."""
    for each in of_kind(objects, "HorizontalPodAutoscaler"):
        target = each["spec"]["scaleTargetRef"]
        if "replicas" in named(objects, target["kind"], target["name"])["spec"]:
            yield f"{target['name']} says how many it is, which is its autoscaler's matter"


RULES: tuple[Rule, ...] = (
    restricted,
    no_injected_variables,
    bounded,
    no_literal_secrets,
    references_resolve,
    mounts_resolve,
    selectors_select,
    services_lead_somewhere,
    nothing_is_open_by_itself,
    allowed_ports_are_listened_on,
    images_are_pinned,
    autoscaled_have_no_number,
)
