"""What each image installs: every distribution at one version, with the digests of its wheels.

Asked of pip, with whatever index pip is set to. The wheels are those for Python 3.11 on Linux with glibc 2.36, which is
what the images stand on.
"""

import json
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
IMAGES = Path(__file__).parent
CONSTRAINTS = ROOT / "constraints.txt"

GLIBC = 36
"""The minor version of glibc 2 in the images."""
OWN_LINE = "torch"
"""Its processor-only build is on an index of its own, so that it has a line of its own in the Dockerfile."""


@dataclass(frozen=True)
class Contents:
    """What an image is to hold: these extras of pyproject.toml, for these machines."""

    extras: tuple[str, ...]
    machines: tuple[str, ...]


CONTENTS = {
    "server": Contents(("server",), ("x86_64", "aarch64")),
    "inference": Contents(("inference",), ("x86_64", "aarch64")),
    "trainer": Contents(("trainer", "cluster"), ("x86_64",)),
}


class LockError(Exception):
    """A lock could not be made; the text says why."""


def path_of(process: str) -> Path:
    """Where the lock of this process's image is."""
    return IMAGES / f"{process}.lock"


def made(process: str) -> str:
    """The lock's text, made anew; takes up to a minute, and raises LockError."""
    if sys.version_info[:2] != (3, 11) or (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise LockError("Locks are made with Python 3.11 on Linux and x86_64, whose markers they were resolved by.")
    contents = CONTENTS[process]
    resolved = _asked("--constraint", str(CONSTRAINTS), *requirements(contents.extras))
    pins = {name: version for name, (version, _) in resolved.items() if name != OWN_LINE}
    digests: dict[str, set[str]] = {name: set() for name in pins}
    for machine in contents.machines:
        for name, (_, digest) in _asked(*_wheels_for(machine), *map("==".join, pins.items())).items():
            digests[name].add(digest)
    return written(process, pins, digests)


def requirements(extras: Sequence[str]) -> list[str]:
    """What pyproject.toml asks for with these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional: dict[str, list[str]] = project["optional-dependencies"]
    return [*project["dependencies"], *(each for extra in extras for each in optional[extra])]


def written(process: str, pins: Mapping[str, str], digests: Mapping[str, set[str]]) -> str:
    """The lock as pip reads it: names in order, each with its digests in order."""
    lines = [
        f"# What the image of {process} installs, on {' and '.join(CONTENTS[process].machines)}.",
        "# Made by `python -m k8s.images lock` from pyproject.toml and constraints.txt.",
    ]
    for name, version in sorted(pins.items()):
        lines.append(
            " \\\n    ".join((f"{name}=={version}", *(f"--hash=sha256:{each}" for each in sorted(digests[name]))))
        )
    return "\n".join(lines) + "\n"


def pins_of(text: str) -> dict[str, str]:
    """Normal name → version of every pin in a lock or in a file of constraints."""
    pins = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", text, re.M)
    return {normal(name): version for name, version in pins}


def normal(name: str) -> str:
    """A distribution's name as indices compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _wheels_for(machine: str) -> list[str]:
    """Options that make pip choose as it would on this machine, whatever it runs on."""
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC, 16, -1)]
    platforms += [f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"manylinux1_{machine}", f"linux_{machine}"]
    options = ["--no-deps", "--target", "unused", "--python-version", "3.11", "--implementation", "cp"]
    options += [word for abi in ("cp311", "abi3", "none") for word in ("--abi", abi)]
    return options + [word for each in (*platforms, "any") for word in ("--platform", each)]


def _asked(*arguments: str) -> dict[str, tuple[str, str]]:
    """What pip would install: normal name → (version, SHA-256 of the wheel)."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--dry-run"]
    command += ["--ignore-installed", "--only-binary", ":all:", "--report", "-", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["pip said nothing"]
        raise LockError(f"pip found no answer: {lines[-1]}")
    installed: list[dict[str, Any]] = json.loads(done.stdout)["install"]
    return {normal(each["metadata"]["name"]): (each["metadata"]["version"], _digest(each)) for each in installed}


def _digest(installed: Mapping[str, Any]) -> str:
    digest: str = installed["download_info"]["archive_info"]["hashes"]["sha256"]
    return digest
