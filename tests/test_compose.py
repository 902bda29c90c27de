"""compose.yaml starts what there is, with the settings that there are, and gives no part more than it needs."""

import copy
import re
from collections.abc import Iterator
from shutil import copyfile, which
from subprocess import run
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types
from support.dockerfiles import PROCESSES, ROOT, stages

from game.settings import KNOWN, PREFIX, load, variable_of
from inference.settings import Settings as InferenceSettings
from server.settings import Settings as ServerSettings
from telemetry.release import VERSION
from trainer.settings import Settings as TrainerSettings

SETTINGS = {"server": ServerSettings, "inference": InferenceSettings, "trainer": TrainerSettings}
TEXT = (ROOT / "compose.yaml").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
K8S = ROOT / "k8s" / "compose"
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|CREDENTIAL")
GIVEN = re.compile(r"\$\{(\w+)(:[?-][^}]*)?\}")
OPENTELEMETRYS = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER_ARG"}


def filled(text: str, **given: str) -> str:
    """The text as compose would fill it in: with what is given, else with its default."""
    return GIVEN.sub(lambda found: given.get(found[1], (found[2] or "").removeprefix(":-")), text)


def environment(name: str) -> dict[str, str]:
    return {key: str(value) for key, value in SERVICES[name].get("environment", {}).items()}


def faults(services: dict[str, dict[str, Any]]) -> list[str]:
    """What no service may be."""
    return [f"{name}: {fault}" for name, service in services.items() for fault in _of(service)]


def _of(service: dict[str, Any]) -> Iterator[str]:
    if service.get("read_only") is not True:
        yield "its root can be written"
    if service.get("cap_drop") != ["ALL"] or service.get("cap_add") or service.get("privileged"):
        yield "it has capabilities"
    if service.get("security_opt") != ["no-new-privileges:true"]:
        yield "it may gain privileges"
    if not service.get("mem_limit") or not service.get("pids_limit"):
        yield "nothing limits it"
    if not re.search(r":(v?\d+\.\d+\.\d+|\d+\.\d+-|RELEASE\.\d{4})", filled(service["image"])):
        yield "its image is not pinned"
    if any(str(volume).startswith("/") for volume in service.get("volumes", [])):
        yield "it mounts a place of this machine alone"
    for key, value in service.get("environment", {}).items():
        if SECRET.search(key) and not GIVEN.fullmatch(str(value)):
            yield f"{key} is written out"
        if re.search(r"://[^/@:]*:[^/@]+@", GIVEN.sub("", str(value))):
            yield f"{key} has a password in its address"


def test_no_service_may_do_more_than_it_needs_and_no_secret_is_written_out() -> None:
    assert faults(SERVICES) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"read_only": False},
        {"cap_drop": []},
        {"cap_add": ["NET_ADMIN"]},
        {"privileged": True},
        {"security_opt": []},
        {"mem_limit": None},
        {"pids_limit": None},
        {"image": "postgres"},
        {"image": "postgres:latest"},
        {"volumes": ["/var/run/docker.sock:/s"]},
        {"environment": {"POSTGRES_PASSWORD": "hunter2"}},
        {"environment": {"RPS_DATABASE_URL": "postgresql://rps:hunter2@postgres/rps"}},
    ],
    ids=str,
)
def test_a_service_that_may_do_more_is_seen(broken: dict[str, Any]) -> None:
    assert len(faults({"one": copy.deepcopy(SERVICES["postgres"]) | broken})) == 1


@pytest.mark.parametrize("process", PROCESSES)
def test_every_variable_is_a_setting_of_its_process(process: str) -> None:
    fields = {variable_of(field) for field in SETTINGS[process].__struct_fields__}
    ours = {name for name in environment(process) if name.startswith(PREFIX)}
    assert ours <= KNOWN & fields
    assert environment(process).keys() - ours <= OPENTELEMETRYS


@pytest.mark.parametrize("process", PROCESSES)
def test_the_processes_can_read_their_settings(process: str) -> None:
    secret = "0123456789abcdef0123"
    given = {name: filled(text, **dict.fromkeys(needed(), secret)) for name, text in environment(process).items()}
    settings = load(SETTINGS[process], stages(process)[-1].variables() | given)
    if process != "inference":
        assert settings.database_url == f"postgresql://rps:{secret}@postgres:5432/rps"
        assert settings.stream_url == "nats://nats:4222"
    if process != "server":
        assert settings.store.endpoint == "minio:9000"
        assert (settings.store.bucket, settings.store.secure) == ("rps-quest", False)
        assert settings.bundle_key == secret


def split(volume: str) -> list[str]:
    return volume.split(":")


def needed() -> set[str]:
    """The variables without which compose does not start."""
    return {found[1] for found in GIVEN.finditer(TEXT) if (found[2] or "").startswith(":?")}


def test_what_addresses_name_are_services_at_the_ports_that_they_listen_on() -> None:
    named = {
        (found[1], int(found[2]))
        for name in SERVICES
        for value in environment(name).values()
        for found in re.finditer(r"(?:@|//)([a-z]+):(\d+)", GIVEN.sub("x", value))
    }
    listens = {("postgres", 5432), ("nats", 4222), ("minio", 9000), ("prometheus", 9090)}
    assert named == listens
    assert '":9000"' in TEXT and ":9000" in SERVICES["minio"]["command"]
    assert environment("trainer")["RPS_INFERENCE_HOST"] in SERVICES


def test_only_players_are_let_in_from_outside() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published.pop("server") == [f"${{PLAYERS_PORT:-{ServerSettings().port}}}:{ServerSettings().port}"]
    assert published.keys() == {"prometheus", "grafana"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    outside = {name for name, service in SERVICES.items() if "outside" in service["networks"]}
    assert outside == {"server", *published}
    assert COMPOSE["networks"]["inside"]["internal"] is True


@pytest.mark.parametrize("process", PROCESSES)
def test_the_processes_are_built_by_their_dockerfiles(process: str) -> None:
    build = SERVICES[process]["build"]
    assert (ROOT / build["context"]).resolve() == ROOT
    assert build["dockerfile"] == f"k8s/images/{process}.Dockerfile"
    asked = {argument for stage in stages(process) for argument in stage.all("ARG")}
    assert build["args"].keys() <= asked
    assert filled(SERVICES[process]["image"]) == f"rps-quest/{process}:{VERSION}"


def test_server_and_sidecar_meet_at_one_socket_in_memory_that_is_their_users_own() -> None:
    sockets = {environment(name)["RPS_INFERENCE_SOCKET"] for name in ("server", "inference")}
    assert sockets == {"/run/rps/inference.sock"}
    assert all("meet:/run/rps" in SERVICES[name]["volumes"] for name in ("server", "inference"))
    options = COMPOSE["volumes"]["meet"]["driver_opts"]
    uid, gid = stages("server")[-1].all("USER")[0].split(":")
    assert options["type"] == "tmpfs"
    assert {f"uid={uid}", f"gid={gid}", "mode=0700"} <= set(options["o"].split(","))


def test_volumes_and_dependencies_exist_and_wait_for_what_can_be_waited_for() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists(), f"{name}: {source}"
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], f"{name} waits for {other}"


def test_every_volume_is_used() -> None:
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert COMPOSE["volumes"].keys() <= used


def test_the_server_is_given_the_time_that_its_drain_takes() -> None:
    assert int(SERVICES["server"]["stop_grace_period"].removesuffix("s")) >= 2 * ServerSettings().drain_s + 1


def test_the_example_names_every_variable_and_holds_no_secret() -> None:
    example = dict(re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.M))
    assert needed() <= example.keys()
    assert not any(text for name, text in example.items() if SECRET.search(name))
    arguments = {name for process in PROCESSES for name in SERVICES[process]["build"]["args"]}
    assert example.keys() <= {found[1] for found in GIVEN.finditer(TEXT)} | arguments


@pytest.mark.skipif(which("promtool") is None, reason="needs promtool, of Debian's package prometheus")
def test_prometheus_reads_its_configuration_with_the_rules(tmp_path) -> None:
    mounted = {found[1]: ROOT / found[0] for found in map(split, SERVICES["prometheus"]["volumes"]) if len(found) == 3}
    for inside, outside in mounted.items():
        copyfile(outside, tmp_path / inside.rpartition("/")[2])
    done = run(["promtool", "check", "config", tmp_path / "prometheus.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 rule files found" in done.stdout


def test_prometheus_scrapes_the_ports_that_answer_under_the_names_that_the_rules_know() -> None:
    asked = yaml.safe_load((K8S / "prometheus.yml").read_text())["scrape_configs"]
    usual = yaml.safe_load((ROOT / "k8s" / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    found = {job["job_name"]: (job["dns_sd_configs"][0]["names"], job["dns_sd_configs"][0]["port"]) for job in asked}
    assert found == {
        "rps-quest/server": (["server"], ServerSettings().port),
        "rps-quest/inference": (["inference"], InferenceSettings().inference_port),
    }
    assert {job["job_name"] for job in usual} - found.keys() == {"rps-quest/trainer"}
    assert environment("trainer")["OTEL_EXPORTER_OTLP_ENDPOINT"].startswith("http://prometheus:9090/")
    assert "--web.enable-otlp-receiver" in SERVICES["prometheus"]["command"]


def test_grafana_is_given_the_dashboards_and_where_to_ask() -> None:
    [provider] = yaml.safe_load((K8S / "grafana" / "dashboards.yml").read_text())["providers"]
    [source] = yaml.safe_load((K8S / "grafana" / "datasources.yml").read_text())["datasources"]
    mounted = {found[1]: found[0] for found in map(split, SERVICES["grafana"]["volumes"]) if len(found) == 3}
    boards = ROOT / mounted[provider["options"]["path"]]
    assert {path.name for path in boards.glob("*.json")} >= {"game.json", "models.json", "resources.json"}
    assert (source["type"], source["url"], source["isDefault"]) == ("prometheus", "http://prometheus:9090", True)
