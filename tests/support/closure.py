"""Which distributions a set of requirements comes to, as they are installed here."""

from collections.abc import Iterable
from importlib.metadata import distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def closure(requirements: Iterable[str]) -> dict[str, str]:
    """Normal name → version of everything that these requirements need here; raises PackageNotFoundError."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    ahead = [(Requirement(each), "") for each in requirements]
    while ahead:
        requirement, wanted_by = ahead.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": wanted_by}):
            continue
        name = canonicalize_name(requirement.name)
        needed = distribution(name)
        found[name] = needed.version
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                ahead += [(Requirement(each), extra) for each in needed.requires or ()]
    return found
