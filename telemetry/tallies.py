"""Counting, cheap enough for every message: plain numbers, read out only when somebody collects them.

OpenTelemetry's own instruments take 5 to 11 µs for a count or a duration, and a round has a dozen of them; these take
a few tenths. What they hold is exported by the SDK all the same (`telemetry.readout`): names, units and attributes
follow OpenTelemetry's conventions, and counts and histograms are cumulative from the start of the process.

Attributes are few and their values too: never a match or a player. An instrument keeps `MOST` series at most; what
comes beyond them is added up in one series of its own, as OpenTelemetry's specification says.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from time import time_ns
from typing import NamedTuple

Labels = tuple[str | bool, ...]
"""Values of an instrument's attributes, in their order."""
Reading = tuple[Labels, float]
"""What one series of a gauge is at this moment."""

MOST = 500
OVERFLOW: Labels = ("\0overflow",)
"""Stands for all series beyond the first `MOST`."""

SECONDS = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
"""Bounds of durations in the game: a twentieth of a round's budget is told from a tenth, and 100 ms is one of them."""
LONG = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
"""Bounds of durations in training, in seconds."""
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0)
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


class Exemplar(NamedTuple):
    """One measurement that a trace tells more about; ids are 128 and 64 bits."""

    value: float
    at_ns: int
    trace: int
    span: int


class Described:
    """What every instrument says of itself: an OpenTelemetry name, a UCUM unit, a sentence, its attributes' names."""

    def __init__(self, name: str, unit: str, about: str, attributes: Sequence[str] = ()) -> None:
        self.name = name
        self.unit = unit
        self.about = about
        self.attributes = tuple(attributes)


class Counter(Described):
    """Something that only ever grows, by its attributes' values."""

    def __init__(self, name: str, unit: str, about: str, attributes: Sequence[str] = ()) -> None:
        super().__init__(name, unit, about, attributes)
        self.series: dict[Labels, float] = {}

    def add(self, *labels: str | bool, by: float = 1) -> None:
        """Count so much more; `labels` are the attributes' values."""
        series = self.series
        if labels not in series and len(series) >= MOST:
            labels = OVERFLOW
        series[labels] = series.get(labels, 0) + by


class Spread:
    """One series of a histogram: how many values fell into each bucket, their sum, and the last exemplar of each."""

    __slots__ = ("buckets", "exemplars", "high", "low", "sum")

    def __init__(self, buckets: int) -> None:
        self.buckets = [0] * buckets
        self.sum = 0.0
        self.low = float("inf")
        self.high = float("-inf")
        self.exemplars: dict[int, Exemplar] = {}


class Histogram(Described):
    """How values are spread, by the attributes' values; a value on a bound belongs to the bucket below it."""

    def __init__(
        self, name: str, unit: str, about: str, attributes: Sequence[str] = (), bounds: Sequence[float] = SECONDS
    ) -> None:
        super().__init__(name, unit, about, attributes)
        self.bounds = tuple(bounds)
        self.series: dict[Labels, Spread] = {}

    def record(self, value: float, *labels: str | bool, trace: tuple[int, int] | None = None) -> None:
        """Take in a value; `trace` is the (trace id, span id) that tells more about it, if it is traced."""
        spread = self.series.get(labels)
        if spread is None:
            if len(self.series) >= MOST:
                labels = OVERFLOW
            spread = self.series.setdefault(labels, Spread(len(self.bounds) + 1))
        bucket = bisect_left(self.bounds, value)
        spread.buckets[bucket] += 1
        spread.sum += value
        if value < spread.low:
            spread.low = value
        if value > spread.high:
            spread.high = value
        if trace is not None:
            spread.exemplars[bucket] = Exemplar(value, time_ns(), *trace)


class Gauge(Described):
    """What is asked for when somebody collects: a level, or with `total` a count that somebody else keeps.

    `read` is called in the collecting thread, must be quick, and may find nothing.
    """

    def __init__(
        self,
        name: str,
        unit: str,
        about: str,
        attributes: Sequence[str],
        read: Callable[[], Iterable[Reading]],
        total: bool = False,
    ) -> None:
        super().__init__(name, unit, about, attributes)
        self.read = read
        self.total = total


Instrument = Counter | Histogram | Gauge


class Tallies:
    """The instruments of one part of a process (`scope`), each made once."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.since_ns = time_ns()
        self.instruments: dict[str, Instrument] = {}

    def counter(self, name: str, unit: str, about: str, *attributes: str) -> Counter:
        made = Counter(name, unit, about, attributes)
        self._add(made)
        return made

    def histogram(
        self, name: str, unit: str, about: str, *attributes: str, bounds: Sequence[float] = SECONDS
    ) -> Histogram:
        made = Histogram(name, unit, about, attributes, bounds)
        self._add(made)
        return made

    def gauge(self, name: str, unit: str, about: str, *attributes: str, read: Callable[[], Iterable[Reading]]) -> Gauge:
        """A level that goes up and down, read when somebody collects."""
        made = Gauge(name, unit, about, attributes, read)
        self._add(made)
        return made

    def total(self, name: str, unit: str, about: str, *attributes: str, read: Callable[[], Iterable[Reading]]) -> Gauge:
        """A count that somebody else keeps, read when somebody collects; it never shrinks while the process lives."""
        made = Gauge(name, unit, about, attributes, read, total=True)
        self._add(made)
        return made

    def silence(self) -> None:
        """Count nothing from now on; gauges are never asked, since nobody collects."""
        for made in self.instruments.values():
            if isinstance(made, Counter):
                made.add = _nothing  # type: ignore[method-assign]  # costs nothing while it does count
            elif isinstance(made, Histogram):
                made.record = _nothing  # type: ignore[method-assign]

    def _add(self, made: Instrument) -> None:
        if made.name in self.instruments:
            raise ValueError(f"There is an instrument {made.name} already.")
        self.instruments[made.name] = made


def _nothing(*values: object, **more: object) -> None:
    """Takes the place of what counts."""


def always(value: Callable[[], float]) -> Callable[[], Iterable[Reading]]:
    """The reading of a gauge without attributes."""
    return lambda: [((), value())]
