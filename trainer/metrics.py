"""What the trainer measures of itself, sent by OTLP over HTTP where `OTEL_EXPORTER_OTLP_ENDPOINT` names a receiver.

Names and units follow OpenTelemetry's conventions. The SDK reads its further settings itself: headers, the interval.
Nothing here is waited for: what cannot be sent is told of in the log and dropped.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from msgspec import Struct
from opentelemetry.metrics import CallbackOptions, MeterProvider, NoOpMeterProvider, Observation
from opentelemetry.sdk import metrics as sdk
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from trainer.cycle import Progress
from trainer.lifecycle.ledger import Entry

SERVICE = "rps-quest-trainer"

Callback = Callable[[CallbackOptions], Iterable[Observation]]


class _Now(Struct):
    """What the gauges show when they are asked."""

    progress: Progress | None = None
    unlearned: int = 0


class Metrics:
    """The trainer's instruments."""

    def __init__(self, provider: MeterProvider) -> None:
        meter = provider.get_meter("trainer")
        self._now = _Now()
        self._decisions = meter.create_counter(
            "rps.trainer.decisions", "{decision}", "Entries of the ledger, by kind and family."
        )
        for name, unit, of, about in (
            ("rps.trainer.cycle.progress", "%", "percent", "How far the cycle under way is."),
            ("rps.trainer.cycle.remaining", "s", "eta_s", "How long it will still take."),
            ("rps.trainer.cycle.number", "{cycle}", "cycle", "The cycle under way, or the next."),
        ):
            meter.create_observable_gauge(name, [self._observed(of)], unit, about)
        meter.create_observable_gauge(
            "rps.trainer.rounds.unlearned", [self._unlearned], "{round}", "Rounds played since the last finished cycle."
        )

    def decided(self, entry: Entry) -> None:
        """An entry of the ledger was made."""
        self._decisions.add(1, {"kind": str(entry.kind), "family": entry.family or "all"})

    def progressed(self, progress: Progress) -> None:
        self._now.progress = progress

    def waiting(self, unlearned: int) -> None:
        self._now.unlearned = unlearned

    def _observed(self, field: str) -> Callback:
        def observed(options: CallbackOptions) -> Iterable[Observation]:
            progress = self._now.progress
            value = None if progress is None else getattr(progress, field)
            return [] if progress is None or value is None else [Observation(value, {"phase": progress.phase})]

        return observed

    def _unlearned(self, options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(self._now.unlearned)]


@contextmanager
def exported(endpoint: str) -> Iterator[Metrics]:
    """Instruments that are exported while this is open; where there is no endpoint they lead nowhere."""
    if not endpoint:
        yield Metrics(NoOpMeterProvider())
        return
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    logging.getLogger("opentelemetry").setLevel(logging.ERROR)
    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    provider = sdk.MeterProvider([reader], resource=Resource.create({"service.name": SERVICE}))
    try:
        yield Metrics(provider)
    finally:
        provider.shutdown()
