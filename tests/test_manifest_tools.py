"""Kubernetes' own schemas and checkov's rules have nothing to object to the manifests, and would."""

import os
import sys
from functools import cache
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types
from support.broken_manifests import SERVER, Change, changed
from support.manifests import needs_kubectl, objects

from k8s import check
from k8s.check import VERSIONS, rule_faults, schema_faults
from k8s.variants import LARGE, SMALL, VARIANTS, Manifest, rendered

CHECKOV = os.environ.get("CHECKOV") or which("checkov")
pytestmark = needs_kubectl


def distinct() -> list[Manifest]:
    """Every object of every variant, once."""
    return list({repr(each): each for variant in VARIANTS for each in objects(variant)}.values())


@cache
def schemas() -> Any:
    return pytest.importorskip("kubernetes_validate", reason="needs kubernetes-validate, from PyPI")


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_itself_would_take_them(version: str) -> None:
    validate = schemas().validate
    for each in distinct():
        assert validate(each, version, strict=True) == version


@pytest.mark.parametrize(
    "change",
    [
        changed("Deployment", "game", *SERVER, "resorces", to={}),
        changed("Deployment", "game", *SERVER, "lifecycle", "preStop", "sleep", "seconds", to="5 s"),
        changed("CronJob", "trainer", "spec", "concurrencyPolicy", to=1),
    ],
)
def test_kubernetes_would_refuse_a_misspelt_or_mistyped_field(change: Change) -> None:
    found = objects(f"{LARGE} trainer-cronjob")
    change(found)
    refused = 0
    for each in found:
        try:
            schemas().validate(each, VERSIONS[0], strict=True)
        except schemas().ValidationError:
            refused += 1
    assert refused == 1


if CHECKOV is not None:  # else there is no such test: it takes 400 MB of its own, which `make manifests` sets up

    def test_checkov_has_nothing_to_object_but_would(tmp_path: Path) -> None:
        good, bad = tmp_path / "good", tmp_path / "bad"
        good.mkdir()
        for variant in (SMALL, f"{LARGE} data-services alloy trainer-cronjob"):
            (good / f"{variant}.yaml").write_text(rendered(variant))
        assert rule_faults(str(CHECKOV), good) == ""
        bad.mkdir()
        broken = objects(LARGE)
        changed("Deployment", "game", *SERVER, "securityContext", to={"privileged": True})(broken)
        (bad / "all.yaml").write_text(yaml.safe_dump_all(broken))
        assert "CKV_K8S_16" in rule_faults(str(CHECKOV), bad)


@pytest.mark.parametrize(
    ("checkov", "code", "said"), [("content", 0, "nothing to object"), ("nowhere", 1, "nowhere is not there")]
)
def test_the_command_says_what_each_tool_found_and_which_is_missing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    checkov: str,
    code: int,
    said: str,
) -> None:
    """checkov's place takes a program that objects to nothing: its own verdict has its own test."""
    schemas()
    (content := tmp_path / "content").write_text("#!/bin/sh\nexit 0\n")
    content.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(check, "VARIANTS", {SMALL: ()})
    monkeypatch.setattr(sys, "argv", ["check", "--checkov", checkov, "--version", VERSIONS[-1]])
    assert check.main() == code
    first, second = capsys.readouterr().out.splitlines()
    assert f"Kubernetes {VERSIONS[-1]}" in first and first.endswith("nothing to object")
    assert "checkov" in second and said in second


def test_the_command_tells_of_a_field_that_kubernetes_does_not_know(tmp_path: Path) -> None:
    schemas()
    found = objects(SMALL)
    changed("Deployment", "game", *SERVER, "resorces", to={})(found)
    (path := tmp_path / "all.yaml").write_text(yaml.safe_dump_all(found))
    validator = str(Path(sys.executable).with_name("kubernetes-validate"))
    assert "resorces" in schema_faults(validator, VERSIONS[0], path)
    path.write_text(yaml.safe_dump_all(objects(SMALL)))
    assert schema_faults(validator, VERSIONS[0], path) == ""
