"""Which installations the manifests make: an overlay, and components that an operator may add to it."""

import os
from pathlib import Path
from shutil import which
from subprocess import run
from tempfile import TemporaryDirectory
from typing import Any

import yaml  # type: ignore[import-untyped]  # it ships no types

K8S = Path(__file__).parent

SMALL, LARGE = "k3s-4gb", "production"
VARIANTS: dict[str, tuple[str, ...]] = {
    SMALL: (),
    f"{SMALL} alloy": ("alloy",),
    f"{SMALL} trainer-cronjob": ("trainer-cronjob",),
    f"{SMALL} alloy trainer-cronjob": ("alloy", "trainer-cronjob"),
    LARGE: (),
    f"{LARGE} data-services": ("data-services",),
    f"{LARGE} alloy": ("alloy",),
    f"{LARGE} trainer-cronjob": ("trainer-cronjob",),
    f"{LARGE} data-services alloy": ("data-services", "alloy"),
    f"{LARGE} data-services alloy trainer-cronjob": ("data-services", "alloy", "trainer-cronjob"),
}
"""The components of each, by a name that begins with its overlay."""

Manifest = dict[str, Any]


class RenderError(Exception):
    """kubectl is not there, or refuses a kustomization."""


def rendered(variant: str) -> str:
    """Everything that `kubectl apply -k` would send for this variant, as YAML; raises RenderError."""
    if (kubectl := which("kubectl")) is None:
        raise RenderError("kubectl is not there: its `kustomize` renders the manifests.")
    with TemporaryDirectory() as folder:
        above = Path(os.path.relpath(K8S, Path(folder).resolve()))
        wanted = {
            "resources": [str(above / "overlays" / variant.partition(" ")[0])],
            "components": [str(above / "components" / name) for name in VARIANTS[variant]],
        }
        Path(folder, "kustomization.yaml").write_text(yaml.safe_dump(wanted))
        done = run([kubectl, "kustomize", folder], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RenderError(f"{variant}: {done.stderr.strip()}")
    return done.stdout


def manifests(text: str) -> list[Manifest]:
    """The objects in rendered YAML."""
    return [each for each in yaml.safe_load_all(text) if each is not None]
