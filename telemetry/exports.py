"""The ways out: OTLP over HTTP, pushed, and Prometheus' text format, pulled. What could not be sent is counted.

Nothing here is waited for by whoever plays: batches leave from threads of the SDK's, queues are bounded, and a receiver
that is down, slow or hanging costs what was meant for it and nothing else. Metrics are cumulative, so one that was not
sent is made good by the next.
"""

from collections.abc import Sequence
from typing import Any

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData, PeriodicExportingMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from prometheus_client import CollectorRegistry

from telemetry.readout import joined
from telemetry.tallies import Reading, Tallies

SPANS = 2048
"""Ended spans that may wait to be sent; what comes beyond them is dropped."""
METRICS, TRACES = "metrics", "traces"


class Exports:
    """What was sent of either signal, and what was lost."""

    def __init__(self) -> None:
        self.tallies = Tallies("rps.telemetry")
        self._batches = self.tallies.counter(
            "rps.exports", "{batch}", "Batches sent to the OTLP receiver, by what became of them.", "signal", "result"
        )
        self.tallies.total(
            "rps.exports.dropped",
            "{item}",
            "Data points and spans that did not reach the receiver; later points make good for lost ones.",
            "signal",
            read=self._dropped,
        )
        self._failed = {METRICS: 0, TRACES: 0}
        self._ended = self._taken = self._overflowed = 0

    def sent(self, signal: str, items: int, well: bool) -> None:
        """A batch was handed to the receiver, or could not be."""
        self._batches.add(signal, "ok" if well else "failed")
        if not well:
            self._failed[signal] += items

    def taken(self, spans: int) -> None:
        """So many spans wait no more: they are being handed over."""
        self._taken += spans

    def ended(self) -> None:
        """A span waits to be sent from now on, or is dropped because too many do."""
        self._ended += 1
        self._overflowed = max(self._overflowed, self._ended - self._taken - SPANS)

    def _dropped(self) -> list[Reading]:
        return [((METRICS,), self._failed[METRICS]), ((TRACES,), self._failed[TRACES] + self._overflowed)]


class _Metrics(OTLPMetricExporter):
    def __init__(self, exports: Exports) -> None:
        super().__init__()
        self._exports = exports

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **more: Any
    ) -> MetricExportResult:
        result = super().export(metrics_data, timeout_millis, **more)
        points = sum(
            len(metric.data.data_points)
            for resource in metrics_data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        )
        self._exports.sent(METRICS, points, result is MetricExportResult.SUCCESS)
        return result


class _Spans(OTLPSpanExporter):
    def __init__(self, exports: Exports) -> None:
        super().__init__()
        self._exports = exports

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._exports.taken(len(spans))
        result = super().export(spans)
        self._exports.sent(TRACES, len(spans), result is SpanExportResult.SUCCESS)
        return result


class Batches(BatchSpanProcessor):
    """Ended spans on their way to the OTLP receiver."""

    def __init__(self, exports: Exports) -> None:
        super().__init__(_Spans(exports), max_queue_size=SPANS)
        self._exports = exports

    def on_end(self, span: ReadableSpan) -> None:
        self._exports.ended()
        super().on_end(span)


class Pushed(PeriodicExportingMetricReader):
    """The SDK's metrics and these tallies, sent to the OTLP receiver now and then (OTEL_METRIC_EXPORT_INTERVAL)."""

    def __init__(self, exports: Exports, told: Sequence[Tallies]) -> None:
        self._told = told  # first: the reader's thread starts within
        super().__init__(_Metrics(exports))

    def _receive_metrics(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **more: Any) -> None:
        super()._receive_metrics(joined(metrics_data, self._told), timeout_millis, **more)


class Pulled(PrometheusMetricReader):
    """The same for whoever asks, in a registry of its own."""

    def __init__(self, told: Sequence[Tallies]) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._told = told
        super().__init__(scope_info_enabled=False, registry=self.registry)

    def _receive_metrics(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **more: Any) -> None:
        super()._receive_metrics(joined(metrics_data, self._told), timeout_millis, **more)
