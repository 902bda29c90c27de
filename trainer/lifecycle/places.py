"""A family's four places as a line, best first: every change moves one version to one place, the others close up."""

from collections.abc import Mapping

from game.assignment import Alias
from models.store import Pin

ORDER = tuple(Alias)
"""Production, B, shadow1, shadow2."""


def moved(pins: Mapping[Alias, Pin], pin: Pin, place: Alias) -> dict[Alias, Pin]:
    """The places with this version at `place`; what does not fit any more falls off the end."""
    line = [pins[alias] for alias in ORDER if alias in pins and pins[alias].version != pin.version]
    line.insert(min(ORDER.index(place), len(line)), pin)
    return _filled(line)


def without(pins: Mapping[Alias, Pin], version: str) -> dict[Alias, Pin]:
    """The places with this version gone and all below it one up; unchanged where there is no other version."""
    line = [pins[alias] for alias in ORDER if alias in pins and pins[alias].version != version]
    return _filled(line) if line else dict(pins)


def _filled(line: list[Pin]) -> dict[Alias, Pin]:
    """Four places; the last version of a shorter line takes all that are left."""
    return {alias: line[min(index, len(line) - 1)] for index, alias in enumerate(ORDER)}
