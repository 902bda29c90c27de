"""Telemetry of one process, from its start to its end."""

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import getpid
from threading import Lock, Thread
from time import monotonic
from typing import Literal

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from telemetry import process
from telemetry.exports import Batches, Exports, Pulled, Pushed
from telemetry.release import VERSION
from telemetry.settings import TelemetrySettings
from telemetry.tallies import Tallies
from telemetry.traces import NO_TRACES, Traces, traced

log = logging.getLogger(__name__)

Service = Literal["server", "inference", "trainer"]
NAMESPACE = "rps-quest"
FRESH_S = 0.5
"""However often it is asked for, the page is made no more often than this."""
LAST_S = 3.0
"""How long the last batches may take when the process stops; then they are given up."""


class Telemetry:
    """What the rest of a process needs of it."""

    def __init__(self, traces: Traces, pulled: Pulled | None) -> None:
        self.traces = traces
        self._pulled = pulled
        self._page, self._made_at = b"", float("-inf")
        self._one_by_one = Lock()  # of two who ask at once the SDK may give one nothing and the other all of it twice

    def exposition(self) -> tuple[bytes, str]:
        """All metrics in Prometheus' text format, no older than `FRESH_S`, and its media type.

        Takes some milliseconds: not for a loop.
        """
        with self._one_by_one:
            if self._pulled is not None and monotonic() - self._made_at >= FRESH_S:
                self._page, self._made_at = generate_latest(self._pulled.registry), monotonic()
            return self._page, CONTENT_TYPE_PLAIN_0_0_4


@contextmanager
def told(settings: TelemetrySettings, service: Service, *tallies: Tallies) -> Iterator[Telemetry]:
    """Tell of these tallies and of the process until this is closed, within `LAST_S` seconds."""
    if settings.otel_sdk_disabled:
        for one in tallies:
            one.silence()
        yield Telemetry(NO_TRACES, None)
        return
    resource = resource_of(service)
    exports = Exports()
    told_of = (exports.tallies, *tallies)
    pulled = Pulled(told_of)
    readers = [pulled, Pushed(exports, told_of)] if settings.otel_exporter_otlp_endpoint else [pulled]
    meters = MeterProvider(readers, resource, shutdown_on_exit=False)
    process.measure(meters.get_meter("rps.process"))
    stops: list[Callable[[], None]] = [meters.shutdown]
    traces = NO_TRACES
    if settings.otel_exporter_otlp_endpoint:
        traces, spans = traced(Batches(exports), resource, settings.otel_traces_sampler_arg)
        stops.append(spans.shutdown)
    try:
        yield Telemetry(traces, pulled)
    finally:
        _stop(stops)


def resource_of(service: Service) -> Resource:
    """Who tells: OTEL_RESOURCE_ATTRIBUTES may say more, or otherwise, of everything but the service's name."""
    said = dict(OTELResourceDetector().detect().attributes)
    ours = {
        "service.namespace": NAMESPACE,
        "service.version": VERSION,
        "service.instance.id": f"{socket.gethostname()}-{getpid()}",
    }
    return Resource.create({**ours, **said, "service.name": service})


def _stop(stops: list[Callable[[], None]]) -> None:
    """Let all end side by side; a receiver that hangs must not hold up the process."""
    began = monotonic()
    threads = [Thread(target=stop, daemon=True) for stop in stops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, LAST_S - (monotonic() - began)))
    if any(thread.is_alive() for thread in threads):
        log.warning("The telemetry receiver did not take the last batches within %g s; they are lost.", LAST_S)
