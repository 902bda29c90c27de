"""The images hold what their process needs and nothing else, and run it as nobody in particular."""

import os
import platform
import re
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from shutil import which
from subprocess import CompletedProcess, run

import pytest
from starlette.routing import Route
from support.closure import closure
from support.dockerfiles import IMAGES, PROCESSES, ROOT, Stage, copied, ignored, lay_out, parsed, stages

from game.settings import KNOWN, PREFIX, variable_of
from inference.http import create_app as inference_app
from inference.settings import Settings as InferenceSettings
from inference.shelf import Window
from k8s.images import __main__ as command
from k8s.images.locks import CONTENTS, OWN_LINE, LockError, made, normal, path_of, pins_of, requirements, written
from server.api import Api
from server.settings import Settings as ServerSettings
from telemetry.page import metrics_route
from telemetry.release import VERSION
from trainer.settings import Settings as TrainerSettings

CONSTRAINTS = pins_of((ROOT / "constraints.txt").read_text())
OF_VENV = {"setuptools"}
"""What Python 3.11 puts into every virtual environment, so that constraints.txt need not name it."""
TRAINING = {
    "torch",
    "tensorflow-cpu",
    "keras",
    "xgboost-cpu",
    "scikit-learn",
    "mlflow-skinny",
    "scipy",
    "ray",
    "pyarrow",
}
SETTINGS = {"server": ServerSettings, "inference": InferenceSettings, "trainer": TrainerSettings}
PORT = {"server": "port", "inference": "inference_port", "trainer": "admin_port"}


def lock(process: str) -> dict[str, str]:
    return pins_of(path_of(process).read_text())


def image(process: str) -> Stage:
    return stages(process)[-1]


@pytest.mark.parametrize("process", PROCESSES)
def test_a_lock_pins_what_was_tested_together(process: str) -> None:
    for name, pinned in lock(process).items():
        assert pinned == CONSTRAINTS.get(name, version(name) if name in OF_VENV else None), name


@pytest.mark.skipif(
    (sys.version_info[:2], sys.platform, platform.machine()) != ((3, 11), "linux", "x86_64"),
    reason="another Python or machine needs other distributions",
)
@pytest.mark.parametrize("process", PROCESSES)
def test_a_lock_is_all_that_its_process_needs_and_nothing_else(process: str) -> None:
    needed = closure(requirements(CONTENTS[process].extras))
    assert lock(process).keys() == needed.keys() - {OWN_LINE}


@pytest.mark.parametrize("process", PROCESSES)
def test_every_pin_has_a_digest_for_each_machine(process: str) -> None:
    text = path_of(process).read_text()
    blocks = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(blocks) == len(lock(process))
    for block in blocks:
        digests = re.findall(r"--hash=sha256:([0-9a-f]{64})(?:\s|$)", block)
        assert 1 <= len(digests) <= len(CONTENTS[process].machines), block


@pytest.mark.parametrize("process", PROCESSES)
def test_a_lock_is_written_as_the_command_writes_it(process: str) -> None:
    text = path_of(process).read_text()
    digests = {
        normal(block.partition("==")[0]): set(re.findall(r"sha256:(\w+)", block))
        for block in re.split(r"\n(?=[a-z0-9])", text)[1:]
    }
    assert written(process, lock(process), digests) == text


def test_the_server_has_no_numpy_and_only_the_trainer_the_training_libraries() -> None:
    assert not lock("server").keys() & (TRAINING | {"numpy", "onnxruntime", "ai-edge-litert", "pillow", "minio"})
    assert not lock("inference").keys() & TRAINING
    assert lock("trainer").keys() >= TRAINING - {"torch"}


def test_torch_comes_by_its_own_line_at_the_version_that_was_tested() -> None:
    assert "torch" not in lock("trainer")
    installed = re.findall(r"torch==(\S+)", " ".join(stages("trainer")[0].all("RUN")))
    assert installed == [f"{CONSTRAINTS['torch']}+cpu"]


@pytest.mark.parametrize("process", PROCESSES)
def test_everything_is_installed_by_digest(process: str) -> None:
    runs = " && ".join(stages(process)[0].all("RUN")).split("&&")
    installs = [run for run in runs if "install" in run and "torch==" not in run]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "--no-deps" in installs[0]
    assert installs[0].rstrip().endswith(f"-r /tmp/{process}.lock")


@pytest.mark.parametrize("process", PROCESSES)
def test_what_is_copied_is_there_and_is_not_kept_out(process: str) -> None:
    for source, _ in copied(stages(process)[0]):
        origin = ROOT / source
        assert origin.exists(), source
        assert not ignored(origin), source


@pytest.mark.parametrize(
    ("process", "packages"),
    [
        ("server", {"game", "telemetry", "server", "web"}),
        ("inference", {"game", "telemetry", "models", "inference"}),
        ("trainer", {"game", "telemetry", "models", "trainer", "web"}),
    ],
)
def test_an_image_holds_its_own_packages_alone(process: str, packages: set[str]) -> None:
    assert {source for source, to in copied(stages(process)[0]) if not to.startswith("/")} == packages | {"LICENSE"}


def test_neither_tests_nor_tools_of_the_browser_client_are_copied(tmp_path: Path) -> None:
    lay_out("server", tmp_path)
    there = {str(path.relative_to(tmp_path / "web")) for path in (tmp_path / "web").rglob("*")}
    assert {"index.html", "main.js", "style.css"} <= there
    assert not [name for name in there if name.startswith(("tests", "node_modules", "package"))]
    assert not list(tmp_path.rglob("*.pyc"))


def test_the_shipped_models_come_along(tmp_path: Path) -> None:
    lay_out("inference", tmp_path)
    shipped = sorted((ROOT / "models").glob("shipped*/**/model.onnx"))
    assert shipped
    for model in shipped:
        assert (tmp_path / model.relative_to(ROOT)).read_bytes() == model.read_bytes()


@pytest.mark.parametrize("process", ["inference", "trainer"])
def test_what_reads_hands_is_fetched_while_it_is_built(process: str) -> None:
    assert "python -m models.hands.fetch" in stages(process)[0].all("RUN")


@pytest.mark.parametrize("process", PROCESSES)
def test_the_base_is_pinned_and_is_the_python_that_the_project_asks_for(process: str) -> None:
    text = (IMAGES / f"{process}.Dockerfile").read_text()
    pinned = re.search(r"^ARG PYTHON=(\d+\.\d+)\.\d+-slim-[a-z]+$", text, re.M)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert pinned is not None
    assert project["requires-python"] == f">={pinned[1]}"
    assert [stage.base for stage in stages(process)] == ["python:${PYTHON} AS builder", "python:${PYTHON}"]


@pytest.mark.parametrize("process", PROCESSES)
def test_the_image_names_the_projects_licence_and_version(process: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    labels = " ".join(image(process).all("LABEL"))
    assert re.search(rf'licenses="{project["license"]}( AND [^"]+)?"', labels)
    assert image(process).all("ARG") == [f"VERSION={VERSION}"]


def faults(stage: Stage) -> list[str]:
    """What a last stage must not be."""
    found = []
    ran = " ".join(stage.all("RUN"))
    found += [f"it runs {tool}" for tool in ("apt-get", "pip", "gcc", "curl", "chmod 777") if tool in ran]
    users = stage.all("USER")
    if not users or not re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]):
        found.append("its user is no number, or is root")
    if stage.all("ADD"):
        found.append("it adds what may come from anywhere")
    if not all(rest.startswith("--from=builder ") for rest in stage.all("COPY")):
        found.append("it copies past the builder")
    found += [f"{word} is not in JSON" for word in ("ENTRYPOINT",) if not "".join(stage.all(word)).startswith("[")]
    if stage.variables().get("PYTHONDONTWRITEBYTECODE") != "1":
        found.append("it would write bytecode")
    return found


@pytest.mark.parametrize("process", PROCESSES)
def test_the_image_is_fit_for_a_read_only_root_and_for_nobody(process: str) -> None:
    assert faults(image(process)) == []
    assert image(process).all("USER") == ["10001:10001"]
    assert image(process).command("ENTRYPOINT") == ["python", "-m", process]
    assert image(process).variables()["RPS_DATA_DIR"] == "/data"
    assert image(process).all("VOLUME") == ["/data"]


GOOD = "FROM x\nENV PYTHONDONTWRITEBYTECODE=1\nCOPY --from=builder /a /a\nUSER 1:1\n" + 'ENTRYPOINT ["a"]\n'


@pytest.mark.parametrize(
    ("what", "broken"),
    [
        ("USER 1:1", "USER 0:0"),
        ("USER 1:1", "USER nobody"),
        ("USER 1:1\n", ""),
        ("--from=builder /a", "a"),
        ('ENTRYPOINT ["a"]', "ENTRYPOINT a"),
        ("=1", "=0"),
        ("USER", "RUN apt-get install gcc\nUSER"),
        ("USER", "ADD https://example.org/a /a\nUSER"),
    ],
)
def test_an_image_that_is_not_fit_is_seen(what: str, broken: str) -> None:
    assert faults(parsed(GOOD)[-1]) == []
    assert faults(parsed(GOOD.replace(what, broken))[-1])


@pytest.mark.parametrize("process", PROCESSES)
def test_every_variable_of_an_image_is_a_setting_of_its_process(process: str) -> None:
    ours = {name for name in image(process).variables() if name.startswith(PREFIX)}
    fields = {variable_of(field) for field in SETTINGS[process].__struct_fields__}
    assert ours <= KNOWN & fields


@pytest.mark.parametrize("process", PROCESSES)
def test_the_ports_are_those_that_the_process_listens_on_by_itself(process: str) -> None:
    port = getattr(SETTINGS[process](), PORT[process])
    assert image(process).variables()[variable_of(PORT[process])] == str(port)
    assert image(process).all("EXPOSE") == ([] if process == "trainer" else [str(port)])


def routes_of(process: str) -> list[str]:
    if process == "server":
        api = Api(log=None, standings=None, lifecycle=None, counters=None, faults=None)
        return [route.path for route in api.routes()]
    if process == "inference":
        return [route.path for route in inference_app(Window(), None).routes if isinstance(route, Route)]
    return [metrics_route(None).path]


@pytest.mark.parametrize("process", PROCESSES)
def test_the_health_check_asks_what_the_process_answers_at_its_own_port(process: str) -> None:
    [asked] = re.findall(r"'GET', '([^']+)'", image(process).command("HEALTHCHECK")[-1])
    assert asked in routes_of(process)
    [port] = re.findall(r"os\.environ\['(\w+)'\]", image(process).command("HEALTHCHECK")[-1])
    assert port == variable_of(PORT[process])


def test_check_tells_what_lock_would_change_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["k8s.images", "check", "server"])
    monkeypatch.setattr(command, "made", lambda process: path_of(process).read_text())
    assert command.main() == 0
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(command, "made", lambda process: path_of(process).read_text().replace("anyio==", "anyio==9"))
    assert command.main() == 1
    assert "+anyio==9" in capsys.readouterr().out


def test_a_lock_that_cannot_be_made_is_told_of_in_a_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name, text in {"CONFIG_FILE": os.devnull, "NO_INDEX": "1", "CACHE_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(f"PIP_{name}", text)
    with pytest.raises(LockError, match=r"pip found no answer: .+"):
        made("server")


def make_images(folder: Path, engine: str, *words: str) -> CompletedProcess[str]:
    """`make images` where `docker` is this shell script."""
    (folder / "docker").write_text(f"#!/bin/sh\n{engine}\n")
    (folder / "docker").chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    return run(["make", "images", *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(which("make") is None, reason="needs make")
def test_make_images_builds_all_three_and_says_what_is_missing(tmp_path: Path) -> None:
    index, calls = "TORCH_INDEX=https://torch.example.org", tmp_path / "calls"
    silent = make_images(tmp_path, "exit 1", index)
    assert silent.returncode != 0
    assert "No container engine answers" in silent.stdout
    unnamed = make_images(tmp_path, "exit 0", "TORCH_INDEX=")
    assert unnamed.returncode != 0
    assert "TORCH_INDEX" in unnamed.stdout
    assert make_images(tmp_path, f'[ "$1" = build ] && echo "$@" >> {calls}; exit 0', index).returncode == 0
    built = calls.read_text().splitlines()
    assert [re.findall(r"--file k8s/images/(\w+)\.Dockerfile", line) for line in built] == [
        [name] for name in PROCESSES
    ]
    assert [re.findall(r"--build-arg (TORCH_INDEX=\S+)", line) for line in built] == [[], [], [index]]
    assert all(line.endswith(" .") for line in built)
    failed = make_images(tmp_path, '[ "$1" != build ]', index)
    assert failed.returncode != 0
