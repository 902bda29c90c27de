"""The version stands in one place."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from telemetry.release import VERSION
from telemetry.start import resource_of

ROOT = Path(__file__).parents[2]


def test_the_project_takes_it_from_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"] and "version" not in project["project"]
    source = ROOT / project["tool"]["hatch"]["version"]["path"]
    assert re.findall(r'^VERSION = "(.+)"$', source.read_text(), re.M) == [VERSION]


def test_make_takes_it_from_there() -> None:
    asked = "ask:\n\t@echo $(VERSION)\ninclude Makefile\n"
    done = subprocess.run(["make", "-s", "-f", "-", "ask"], input=asked, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == VERSION


def test_telemetry_tells_it_unless_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resource_of("server").attributes["service.version"] == VERSION
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.version=9.9.9")
    assert resource_of("server").attributes["service.version"] == "9.9.9"
