"""The Kubernetes manifests fit each other, the processes that they start, and Kubernetes itself."""

import re
from collections.abc import Callable
from pathlib import Path
from shutil import which
from subprocess import run
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types
from support.broken_manifests import BROKEN, Change
from support.manifest_routes import ROUTES
from support.manifest_rules import OPERATORS, RULES
from support.manifests import (
    containers,
    environment,
    named,
    needs_kubectl,
    objects,
    of_kind,
    pods,
    quantity,
    reaches,
)

from k8s.boards.files import boards
from k8s.variants import K8S, LARGE, SMALL, VARIANTS, Manifest, RenderError, rendered
from telemetry.release import VERSION

ROOT = Path(__file__).parent.parent
NODE = 3.4 * 2**30
"""What all may take of a node of 4 GiB, in bytes."""
EVERYTHING = f"{LARGE} data-services alloy"

pytestmark = needs_kubectl


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("rule", [*RULES, *ROUTES], ids=lambda rule: rule.__name__)
def test_every_rule_holds(rule: Callable[[list[Manifest]], Any], variant: str) -> None:
    assert list(rule(objects(variant))) == []


@pytest.mark.parametrize(("name", "change", "said"), BROKEN, ids=[f"{name} {said}" for name, _, said in BROKEN])
def test_a_rule_names_what_breaks_it(name: str, change: Change, said: str) -> None:
    (rule,) = [one for one in [*RULES, *ROUTES] if one.__name__ == name]
    broken = objects(EVERYTHING)
    change(broken)
    assert any(said in fault for fault in rule(broken))


def test_every_rule_is_shown_to_fail() -> None:
    assert {name for name, _, _ in BROKEN} == {rule.__name__ for rule in [*RULES, *ROUTES]}


def memory(variant: str) -> float:
    """All memory limits together, in bytes; a job counts as if it ran."""
    each = (quantity(one["resources"]["limits"]["memory"]) * pod.replicas for pod, one in containers(objects(variant)))
    return sum(each)


@pytest.mark.parametrize("variant", [one for one in VARIANTS if one.startswith(SMALL)])
def test_all_of_a_small_node_fits_into_its_memory(variant: str) -> None:
    assert {pod.name for pod in pods(objects(variant))} >= {"game", "trainer", "minio", "minio-bucket"}
    assert memory(variant) <= NODE


def test_the_small_nodes_memory_is_documented() -> None:
    page = (ROOT / "docs/kubernetes.md").read_text()
    told = {name: float(number) for name, number in re.findall(r"^\| `(\w+)` \| (\d+) \|$", page, re.M)}
    limits = {one["name"]: one["resources"]["limits"]["memory"] for _, one in containers(objects(f"{SMALL} alloy"))}
    assert told == {name: quantity(limit) / 2**20 for name, limit in limits.items()}


def test_the_memory_of_a_large_installation_is_counted_and_too_much_for_a_small_node() -> None:
    assert memory(f"{LARGE} data-services") > NODE


def test_a_small_node_has_one_writer_of_its_database_and_keeps_it() -> None:
    found = objects(SMALL)
    game = named(found, "Deployment", "game")["spec"]
    assert (game["replicas"], game["strategy"]) == (1, {"type": "Recreate"})
    for pod in pods(found):
        for container in pod.containers:
            if container["name"] in ("server", "trainer"):
                assert environment(container, found)["RPS_DATA_DIR"] == "/data"
                (data,) = [one["name"] for one in container["volumeMounts"] if one["mountPath"] == "/data"]
                claims = {one["name"]: one.get("persistentVolumeClaim") for one in pod.spec["volumes"]}
                assert claims[data] == {"claimName": "data"}


def secrets_of(container: dict[str, Any]) -> dict[str, str]:
    """The Secret behind each variable."""
    found = {one["name"]: one.get("valueFrom", {}).get("secretKeyRef") for one in container["env"]}
    return {name: reference["name"] for name, reference in found.items() if reference}


def test_each_process_of_a_large_installation_reaches_what_it_needs_and_knows_no_other_secret() -> None:
    known = {one["name"]: one for _, one in containers(objects(LARGE))}
    database, store = ("RPS_DATABASE_URL", "rps-quest-database"), ("RPS_STORE_URL", "rps-quest-store")
    key, token = ("RPS_BUNDLE_KEY", "rps-quest-bundles"), ("RPS_ADMIN_TOKEN", "rps-quest-admin")
    assert secrets_of(known["server"]) == dict([database])
    assert secrets_of(known["inference"]) == dict([store, key])
    assert secrets_of(known["trainer"]) == dict([database, store, key, token])
    for name in ("server", "trainer"):
        assert environment(known[name], objects(LARGE))["RPS_STREAM_URL"] == "nats://nats:4222"


def test_a_large_installation_always_has_two_servers_and_loses_one_at_a_time() -> None:
    found = objects(LARGE)
    scaled = named(found, "HorizontalPodAutoscaler", "game")["spec"]
    assert scaled["minReplicas"] == 2
    assert [one["type"] for one in scaled["metrics"]] == ["Pods", "ContainerResource"]
    assert named(found, "PodDisruptionBudget", "game")["spec"]["maxUnavailable"] == 1
    rolling = named(found, "Deployment", "game")["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxUnavailable": 0, "maxSurge": 1}


@pytest.mark.parametrize("variant", [one for one in VARIANTS if "cronjob" in one])
def test_the_nightly_trainer_takes_the_daemons_place_with_all_its_settings(variant: str) -> None:
    nightly, daily = objects(variant), objects(variant.replace(" trainer-cronjob", ""))
    assert [pod.owner["kind"] for pod in pods(nightly) if pod.name == "trainer"] == ["CronJob"]
    (before,) = [one for _, one in containers(daily) if one["name"] == "trainer"]
    (after,) = [one for _, one in containers(nightly) if one["name"] == "trainer"]
    assert after == {**{key: value for key, value in before.items() if key != "readinessProbe"}, "args": ["cycle"]}
    job = named(nightly, "CronJob", "trainer")["spec"]
    assert job["concurrencyPolicy"] == "Forbid" and job["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"]
    assert quantity(after["resources"]["limits"]["memory"]) <= 4 * 2**30


WAYS = [
    ("game", "postgres", 5432, True),
    ("game", "nats", 4222, True),
    ("game", "minio", 9000, True),
    ("game", "alloy", 4318, True),
    ("trainer", "postgres", 5432, True),
    ("trainer", "nats", 4222, True),
    ("trainer", "minio", 9000, True),
    ("trainer", "alloy", 4318, True),
    ("trainer", "game", 8001, True),
    ("minio-bucket", "minio", 9000, True),
    ("trainer", "game", 8000, False),
    ("game", "trainer", 8002, False),
    ("game", "nats", 8222, False),
    ("minio-bucket", "postgres", 5432, False),
    ("postgres", "minio", 9000, False),
    ("alloy", "game", 8001, False),
]


@pytest.mark.parametrize(("source", "target", "port", "open"), WAYS, ids=str)
def test_pods_reach_what_they_need_and_nothing_else(source: str, target: str, port: int, open: bool) -> None:
    assert reaches(objects(EVERYTHING), source, target, port) is open


def test_without_the_policies_everything_is_reached() -> None:
    bare = [each for each in objects(EVERYTHING) if each["kind"] != "NetworkPolicy"]
    assert all(reaches(bare, source, target, port) for source, target, port, _ in WAYS)


def test_every_dashboard_and_the_rules_are_there() -> None:
    found = of_kind(objects(LARGE), "ConfigMap")
    shown = [each["data"] for each in found if each["metadata"]["labels"].get("grafana_dashboard") == "1"]
    assert {name: text for each in shown for name, text in each.items()} == {
        f"{name}.json": text for name, text in boards().items()
    }
    assert named(found, "ConfigMap", "rps-quest-rules")["data"] == {
        "rules.yml": (K8S / "prometheus/rules.yml").read_text()
    }


def test_the_images_are_of_this_version() -> None:
    for variant in VARIANTS:
        ours = {one["image"] for _, one in containers(objects(variant)) if one["image"].startswith("rps-quest/")}
        assert ours == {f"rps-quest/{name}:{VERSION}" for name in ("server", "inference", "trainer")}


def test_the_services_are_of_the_versions_that_compose_starts() -> None:
    started = {one["image"] for one in yaml.safe_load((ROOT / "compose.yaml").read_text())["services"].values()}
    found = containers(objects(f"{LARGE} data-services"))
    theirs = {one["image"] for _, one in found if not one["image"].startswith("rps-quest/")}
    assert len(theirs) == 3 and theirs <= started


def test_every_secret_that_the_operator_makes_is_documented_and_read() -> None:
    documented = set(re.findall(r"^\| `(rps-quest-\w+)` \|", (K8S / "README.md").read_text(), re.M))
    assert documented == OPERATORS.keys()
    everything = "".join(rendered(variant) for variant in (SMALL, EVERYTHING))
    assert [name for name in OPERATORS if f": {name}\n" not in everything] == []


def test_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", (K8S / "README.md").read_text()):
        assert (K8S / target).exists(), target


def test_what_kubectl_refuses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VARIANTS, "nowhere", ())
    with pytest.raises(RenderError, match=r"nowhere: .*overlays/nowhere"):
        rendered("nowhere")


@pytest.mark.skipif(which("promtool") is None, reason="needs promtool, of Debian's package prometheus")
def test_prometheus_can_read_how_pods_are_scraped(tmp_path: Path) -> None:
    """But for the discovery of pods, which Debian leaves out of its Prometheus."""
    jobs = yaml.safe_load((K8S / "prometheus" / "pods.yml").read_text())["scrape_configs"]
    assert [job.pop("kubernetes_sd_configs") for job in jobs] == [[{"role": "pod"}]] * 2
    path = tmp_path / "prometheus.yml"
    path.write_text(yaml.safe_dump({"scrape_configs": jobs}))
    done = run(["promtool", "check", "config", path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    game = named(objects(LARGE), "Deployment", "game")["spec"]["template"]["spec"]
    asked = {port["name"] for one in [*game["containers"], *game["initContainers"]] for port in one["ports"]}
    assert {job["relabel_configs"][0]["regex"] for job in jobs} == {f"game;{name}" for name in asked}
    usual = yaml.safe_load((K8S / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    assert {job["job_name"] for job in jobs} == {job["job_name"] for job in usual} - {"rps-quest/trainer"}


def test_the_adapter_gives_the_autoscaler_the_metric_that_it_asks_for() -> None:
    (rule,) = yaml.safe_load((K8S / "prometheus" / "adapter.yml").read_text())["rules"]
    asked = named(objects(LARGE), "HorizontalPodAutoscaler", "game")["spec"]["metrics"][0]["pods"]["metric"]["name"]
    assert rule["seriesQuery"].startswith(f"{asked}{{")
    told = re.findall(r"^\| `([\w.]+)` \| gauge \|", (ROOT / "docs/operations.md").read_text(), re.M)
    assert asked in {name.replace(".", "_") for name in told}
