"""What is installed, held against pyproject.toml's bounds and against the versions that were tested together."""

from importlib import metadata
from pathlib import Path

from telemetry.doctor import Found, failed, ok, warning
from telemetry.release import VERSION

NAME = "rps-quest"
CONSTRAINTS = Path(__file__).parent.parent / "constraints.txt"


def packages(extras: tuple[str, ...], name: str = NAME, constraints: Path = CONSTRAINTS) -> Found:
    """Whether everything is there that the process needs; `extras` are pyproject.toml's."""
    try:
        wanted, told = metadata.requires(name) or [], metadata.version(name)
    except metadata.PackageNotFoundError:  # run from a folder, as in an image, which was filled by a lock
        return ok(f"{NAME} {VERSION} runs from its folder, as in an image; what it needs is not listed here")
    install = f"python -m pip install --constraint constraints.txt --editable '.[{','.join(extras)}]'"
    there, faults = _held(wanted, extras)
    if faults:
        return failed("; ".join(faults), install)
    if told != VERSION:
        return warning(f"{NAME} {VERSION} was installed when it was {told}; what it needs may have changed", install)
    tested = _pins(constraints)
    other = [
        f"{one} {is_} instead of {tested[one]}" for one, is_ in sorted(there.items()) if tested.get(one, is_) != is_
    ]
    if other:
        return warning(f"not tested together: {', '.join(other)}", install)
    return ok(f"{NAME} {VERSION} for {', '.join(extras)}, {len(there)} packages as tested")


def _held(wanted: list[str], extras: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """(the versions by normal name, what is missing or too old)."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name
    from packaging.version import Version

    there, faults = dict[str, str](), []
    for requirement in map(Requirement, wanted):
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            faults.append(f"{requirement.name} is missing")
            continue
        there[canonicalize_name(requirement.name)] = Version(version).public  # without the name of a build: +cpu
        if not requirement.specifier.contains(version, prereleases=True):
            faults.append(f"{requirement.name} {version} is not {requirement.specifier}")
    return there, faults


def _pins(constraints: Path) -> dict[str, str]:
    from packaging.utils import canonicalize_name

    if not constraints.exists():
        return {}
    pins = (line.split("==") for line in constraints.read_text().splitlines() if "==" in line and line[0] != "#")
    return {canonicalize_name(name): version for name, version in pins}
