"""Where in a cycle's work folder the fits that were done side by side are kept: one file for each, one for a family."""

from collections.abc import Iterable
from pathlib import Path

FOLDER = "fits"


def place(work: Path, family: str, configuration: str = "") -> Path:
    """The file of one fit, or of what came of all fits of the family together."""
    name = f"{family}.{configuration}" if configuration else family
    return work / FOLDER / f"{name}.msgpack"


def complete(work: Path, families: Iterable[str]) -> bool:
    """Whether all these families' fits are there, so that only the families' own steps are left."""
    return all(place(work, family).exists() for family in families)
