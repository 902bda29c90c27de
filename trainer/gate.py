"""The decision to publish, and what it does to a family's aliases."""

from collections.abc import Mapping

from game.assignment import Alias
from models.store import Pin


def passes(candidate: float, production: float | None) -> bool:
    """Whether a candidate with this log-loss may replace production, judged on the same held-out rounds."""
    return production is None or candidate <= production


def promoted(aliases: Mapping[Alias, Pin], candidate: Pin) -> dict[Alias, Pin]:
    """The family's aliases with the candidate in production and every other moved one place down."""
    line = [candidate, *(aliases[alias] for alias in Alias if alias in aliases)]
    return {alias: line[min(place, len(line) - 1)] for place, alias in enumerate(Alias)}
