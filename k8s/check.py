"""`python -m k8s.check` holds the manifests against Kubernetes' own schemas and against checkov's rules.

Every variant is rendered as `kubectl apply -k` would send it. The tools are kubernetes-validate and checkov, both from
PyPI; checkov pins much, so it may live in an environment of its own: `--checkov PATH`. A tool that is not there is said
to be missing and the exit code is 1, as for a fault.
"""

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from subprocess import run
from tempfile import TemporaryDirectory
from time import monotonic

import yaml  # type: ignore[import-untyped]  # it ships no types
from msgspec import Struct

from k8s.variants import K8S, VARIANTS, Manifest, RenderError, manifests, rendered
from telemetry.commandline import Parser, add_json, ending, finished, print_result

VERSIONS = ("1.30", "1.32", "1.34", "1.37")
"""1.30 is the first in which the pause before a stop (`preStop.sleep`) works without being asked for."""

RULES = K8S / "checkov.yaml"


def schema_faults(validator: str, version: str, objects: Path) -> str:
    """What the schemas of this version of Kubernetes refuse in the file, empty if nothing."""
    command = [validator, "--kubernetes-version", version, "--strict", "--quiet", str(objects)]
    done = run(command, capture_output=True, text=True, timeout=600)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()


def rule_faults(checkov: str, folder: Path) -> str:
    """What checkov holds against the files in the folder, empty if nothing."""
    command = [checkov, "--directory", str(folder), "--config-file", str(RULES)]
    done = run(command, capture_output=True, text=True, timeout=600)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()


class Told(Struct, frozen=True):
    """What one tool said of all variants; empty where it had nothing to object."""

    by: str
    said: str
    seconds: float


def parser() -> Parser:
    """The command line."""
    line = Parser(
        "python -m k8s.check",
        description="Hold the manifests of every variant against Kubernetes' own schemas and against checkov's rules.",
        epilog=ending(
            examples=["python -m k8s.check --version 1.34"],
            exits="0 nothing to object, 1 a fault, or a tool is not there.",
        ),
    )
    line.add_argument(
        "--validator", metavar="PATH", help="kubernetes-validate (default: beside python, or on the PATH)"
    )
    line.add_argument("--checkov", metavar="PATH", help="checkov (default: beside python, or on the PATH)")
    line.add_argument("--version", choices=VERSIONS, action="append", help="of Kubernetes, repeatable (default: all)")
    add_json(line)
    return line


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 where both tools find nothing."""
    given = parser().parse_args(arguments)
    validator = given.validator or _beside_python("kubernetes-validate")
    checkov = given.checkov or _beside_python("checkov")
    told = []
    with TemporaryDirectory() as folder:
        try:
            objects = _written(Path(folder))
        except RenderError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        for version in given.version or VERSIONS:
            began = monotonic()
            said = _missing(validator) or schema_faults(validator, version, objects)
            told.append(_told(given, f"the schemas of Kubernetes {version}", said, monotonic() - began))
        began = monotonic()
        said = _missing(checkov) or rule_faults(checkov, Path(folder))
        told.append(_told(given, "checkov's rules", said, monotonic() - began))
    if given.json:
        print_result(given, {"variants": len(VARIANTS), "checks": told}, [])
    return int(any(one.said for one in told))


def _written(folder: Path) -> Path:
    """Write each variant into the folder; the file beside it that has every object of all of them once."""
    distinct: dict[str, Manifest] = {}
    for variant in VARIANTS:
        text = rendered(variant)
        (folder / f"{variant.replace(' ', '+')}.yaml").write_text(text)
        distinct |= {repr(each): each for each in manifests(text)}
    everything = folder / "everything"
    everything.write_text(yaml.safe_dump_all(distinct.values()))
    return everything


def _beside_python(tool: str) -> str:
    """The tool of this environment, else the one on the PATH."""
    own = Path(sys.executable).with_name(tool)
    return str(own) if own.exists() else tool


def _missing(tool: str) -> str:
    return "" if which(tool) else f"{tool} is not there; pip can install it."


def _told(given: Namespace, what: str, said: str, seconds: float) -> Told:
    """The outcome, printed at once for people."""
    if not given.json:
        sys.stdout.write(f"{len(VARIANTS)} variants, {what}, {seconds:.1f} s: {said or 'nothing to object'}\n")
    return Told(what, said, seconds)


if __name__ == "__main__":
    sys.exit(finished(main, "dev"))
