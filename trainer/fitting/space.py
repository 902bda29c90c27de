"""What a sweep may try of a family: a range for each field of its configurations, as data."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Span(Struct, frozen=True):
    """Any number from `low` to `high`; `log` where factors matter and not differences."""

    low: float
    high: float
    log: bool = False


class Whole(Struct, frozen=True):
    """Any whole number from `low` to `high`, both included."""

    low: int
    high: int
    log: bool = False


class Choice(Struct, frozen=True):
    """One of these."""

    options: tuple[Any, ...]


Space = Mapping[str, Span | Whole | Choice]
"""By the name of the field; fields that are left out stay as in the family's first configuration."""
