"""Tallies as OpenTelemetry's data model, as the SDK's exporters take it."""

import logging
from collections.abc import Iterable, Sequence
from time import time_ns

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from telemetry import tallies
from telemetry.tallies import OVERFLOW, Described, Instrument, Labels, Spread, Tallies

log = logging.getLogger(__name__)

CUMULATIVE = AggregationTemporality.CUMULATIVE
UNKNOWN_NS = 0
"""What OpenTelemetry's data model says for a beginning that is not known."""
LATELY_NS = 120 * 10**9
"""An exemplar is told of twice at least, and then no more: receivers refuse old ones."""


def joined(data: MetricsData, told: Sequence[Tallies]) -> MetricsData:
    """The SDK's own metrics, with these beside them as of the same resource."""
    now, (first, *others) = time_ns(), data.resource_metrics
    scopes = [*first.scope_metrics, *(scope(one, now) for one in told)]
    return MetricsData([ResourceMetrics(first.resource, scopes, first.schema_url), *others])


def scope(one: Tallies, now_ns: int) -> ScopeMetrics:
    """All instruments of one scope that have anything to tell."""
    made = (metric(instrument, one.since_ns, now_ns) for instrument in list(one.instruments.values()))
    return ScopeMetrics(InstrumentationScope(one.scope), [found for found in made if found is not None], "")


def metric(instrument: Instrument, since_ns: int, now_ns: int) -> Metric | None:
    """What the instrument says now; None where that is nothing."""
    data: Sum | Gauge | Histogram
    if isinstance(instrument, tallies.Histogram):
        spreads = list(instrument.series.items())
        data = Histogram([_spread(instrument, *one, since_ns, now_ns) for one in spreads], CUMULATIVE)
    elif isinstance(instrument, tallies.Counter):
        data = Sum(_points(instrument, list(instrument.series.items()), since_ns, now_ns), CUMULATIVE, True)
    else:
        began = UNKNOWN_NS if instrument.total else since_ns  # of what somebody else counts, perhaps for years
        points = _points(instrument, _read(instrument), began, now_ns)
        data = Sum(points, CUMULATIVE, True) if instrument.total else Gauge(points)
    return Metric(instrument.name, instrument.about, instrument.unit, data) if data.data_points else None


def _read(gauge: tallies.Gauge) -> Iterable[tallies.Reading]:
    try:
        return list(gauge.read())
    except Exception:  # the collecting thread's edge: one gauge that fails must not silence all others
        log.exception("The gauge %s could not be read.", gauge.name)
        return ()


def _points(
    instrument: Described, readings: Iterable[tallies.Reading], since_ns: int, now_ns: int
) -> list[NumberDataPoint]:
    return [
        NumberDataPoint(_attributes(instrument, labels), since_ns, now_ns, +value, [])  # OTLP knows no truth values
        for labels, value in readings
    ]


def _spread(
    instrument: tallies.Histogram, labels: Labels, spread: Spread, since_ns: int, now_ns: int
) -> HistogramDataPoint:
    buckets = list(spread.buckets)
    exemplars = [
        Exemplar({}, one.value, one.at_ns, one.span, one.trace)
        for one in list(spread.exemplars.values())
        if now_ns - one.at_ns < LATELY_NS
    ]
    return HistogramDataPoint(
        attributes=_attributes(instrument, labels),
        start_time_unix_nano=since_ns,
        time_unix_nano=now_ns,
        count=sum(buckets),
        sum=spread.sum,
        bucket_counts=buckets,
        explicit_bounds=instrument.bounds,
        min=spread.low,
        max=spread.high,
        exemplars=exemplars,
    )


def _attributes(instrument: Described, labels: Labels) -> dict[str, str | bool]:
    if labels == OVERFLOW:
        return {"otel.metric.overflow": True}
    return dict(zip(instrument.attributes, labels, strict=True))
