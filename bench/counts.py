"""What a crowd has seen, and the figures that it comes to."""

from array import array
from collections import Counter
from enum import StrEnum
from math import ceil

from msgspec import Struct

from game.records import Source

_FAULTS_KEPT = 100


class Wait(StrEnum):
    """What is waited for: a throw's result, the next round after it, a welcome after hello, and after a lost connection
    the first round that can be played, from the attempt to connect that succeeded.
    """

    RESULT = "result"
    ROUND = "round"
    HELLO = "hello"
    RESUME = "resume"


class Latency(Struct, frozen=True):
    """Percentiles in ms of so many waits; zeros where there were none."""

    count: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    p999_ms: float


class Counts:
    """Counted from the start; `waits` in seconds. `trouble` is what went wrong on the way to the server and back, and
    `faults` what the server told that must never be told.
    """

    def __init__(self) -> None:
        self.waits = {wait: array("d") for wait in Wait}
        self.refused: Counter[str] = Counter()
        self.trouble: Counter[str] = Counter()
        self.faults: list[str] = []
        self.unsound = 0
        self.sources: Counter[Source] = Counter()
        self.rounds = 0
        self.matches = 0
        self.present = 0
        self.resumes_tried = 0
        self.resumes_succeeded = 0

    def fault(self, what: str) -> None:
        """Count a fault; the first hundred are told."""
        self.unsound += 1
        if len(self.faults) < _FAULTS_KEPT:
            self.faults.append(what)

    def lengths(self) -> dict[Wait, int]:
        """How many waits there have been."""
        return {wait: len(values) for wait, values in self.waits.items()}


def latency(values: "array[float]") -> Latency:
    """Percentiles by nearest rank."""
    ordered = sorted(values)

    def at(share: float) -> float:
        return ordered[max(ceil(share * len(ordered)) - 1, 0)] * 1e3 if ordered else 0.0

    return Latency(len(ordered), at(0.5), at(0.9), at(0.99), at(0.999))
