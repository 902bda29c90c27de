"""What editors, development containers and hooks are told is there, and is what make does."""

import json
import re
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import yaml

from inference.settings import Settings as Inference
from server.settings import Settings as Server
from trainer.settings import Settings as Trainer

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text()
TOOLS = Path(sys.prefix) / "bin"


def told(path: str) -> Any:
    return json.loads((ROOT / path).read_text())


def in_environment(command: str) -> bool:
    """Whether a program below `.venv/bin` is one that set-up installs."""
    folder, _, name = command.rpartition("/")
    return folder.removeprefix("${workspaceFolder}/") == ".venv/bin" and (TOOLS / name).exists()


def test_the_editor_calls_tools_of_the_environment() -> None:
    settings = told(".vscode/settings.json")
    paths = [settings["python.defaultInterpreterPath"], *settings["ruff.path"], *settings["mypy-type-checker.path"]]
    assert [path for path in paths if not in_environment(path)] == []
    assert all((ROOT / path).is_dir() for path in settings["python.testing.pytestArgs"])


def test_the_editor_starts_each_process_and_all_together() -> None:
    launch = told(".vscode/launch.json")
    modules = {one["name"]: one["module"] for one in launch["configurations"]}
    ours = {name for name, module in modules.items() if (ROOT / module / "__main__.py").exists()}
    assert ours == {"server", "inference", "trainer"}
    assert {name: set(modules) >= set(found) for name, found in compounds(launch).items()} == {
        "everything": True,
        "play": True,
    }
    assert set(compounds(launch)["everything"]) == ours


def compounds(launch: Any) -> dict[str, list[str]]:
    return {one["name"]: one["configurations"] for one in launch["compounds"]}


def test_the_container_has_the_python_that_is_required_and_opens_the_usual_ports() -> None:
    container = told(".devcontainer/devcontainer.json")
    dockerfile = (ROOT / ".devcontainer" / container["build"]["dockerfile"]).read_text()
    (needed,) = re.findall(r'^requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text(), re.M)
    assert f"\nFROM python:{needed}-bookworm\n" in dockerfile
    assert container["forwardPorts"] == [Server().port, Inference().inference_port, Trainer().admin_port]
    assert set(container["portsAttributes"]) == {str(port) for port in container["forwardPorts"]}
    extensions = container["customizations"]["vscode"]["extensions"]
    assert extensions == told(".vscode/extensions.json")["recommendations"]


def test_the_container_is_set_up_by_what_make_and_the_modules_know() -> None:
    made, fetched, packages = told(".devcontainer/devcontainer.json")["postCreateCommand"].split(" && ")
    targets = made.removeprefix("make ").split()
    known = MAKEFILE.replace("$(VENV)", ".venv")
    assert [one for one in targets if not re.search(rf"^{re.escape(one)}:", known, re.M)] == []
    python, flag, module = fetched.split()
    assert in_environment(python) and flag == "-m" and (ROOT / module.replace(".", "/")).with_suffix(".py").exists()
    assert (ROOT / packages.removeprefix("npm ci --prefix ") / "package-lock.json").exists()


def test_hooks_call_tools_of_the_environment_as_lint_does() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    entries = {hook["id"]: hook["entry"] for hook in repository["hooks"]}
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    assert [entry for entry in entries.values() if not in_environment(entry.split()[0])] == []
    (typed,) = re.findall(r"^\t\$\(VENV\)/bin/(mypy .+)$", MAKEFILE, re.M)
    assert entries["mypy"] == f".venv/bin/{typed}"


def test_editors_keep_the_length_and_the_indents_that_lint_asks_for() -> None:
    config = ConfigParser()
    config.read_string("[top]\n" + (ROOT / ".editorconfig").read_text())
    (length,) = re.findall(r"^line-length = (\d+)$", (ROOT / "pyproject.toml").read_text(), re.M)
    assert config["top"]["root"] == "true"
    assert (config["*.py"]["indent_size"], config["*.py"]["max_line_length"]) == ("4", length)
    assert config["{Makefile,*.mk}"]["indent_style"] == "tab"
    assert told(".vscode/settings.json")["[python]"]["editor.rulers"] == [int(length)]
