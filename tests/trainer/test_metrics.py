"""Metrics as a collector receives them, over real HTTP; and none where no collector is named."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from trainer.cycle import Progress
from trainer.lifecycle.ledger import Entry, Kind
from trainer.metrics import SERVICE, exported


class Collector(BaseHTTPRequestHandler):
    """Keeps what is posted to it."""

    received: list[tuple[str, ExportMetricsServiceRequest]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((self.path, ExportMetricsServiceRequest.FromString(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Collector]]:
    handler = type("Handler", (Collector,), {"received": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    yield handler
    server.shutdown()
    server.server_close()


def entry(kind: Kind, family: str) -> Entry:
    return Entry(
        number=1, at=0, kind=kind, family=family, by="test", reason="", position=0, generation=1,
        before={}, after={}, evidence={}, previous="",
    )  # fmt: skip


def test_progress_and_decisions_reach_a_collector(collector: type[Collector]) -> None:
    with exported("named by the variable") as metrics:
        metrics.progressed(Progress("fitting wide", 37.5, 120.0, 4))
        metrics.waiting(1234)
        for kind in (Kind.PROMOTED, Kind.PROMOTED, Kind.TRAINED):
            metrics.decided(entry(kind, "" if kind is Kind.TRAINED else "logan"))
    ((path, request),) = collector.received
    assert path == "/v1/metrics"
    (of,) = request.resource_metrics
    assert {one.key: one.value.string_value for one in of.resource.attributes}["service.name"] == SERVICE
    found = {
        (metric.name, *sorted(attribute.value.string_value for attribute in point.attributes)): (
            point.as_double or point.as_int
        )
        for metric in of.scope_metrics[0].metrics
        for point in (*metric.gauge.data_points, *metric.sum.data_points)
    }
    assert found == {
        ("rps.trainer.cycle.progress", "fitting wide"): 37.5,
        ("rps.trainer.cycle.remaining", "fitting wide"): 120.0,
        ("rps.trainer.cycle.number", "fitting wide"): 4,
        ("rps.trainer.rounds.unlearned",): 1234,
        ("rps.trainer.decisions", "logan", "promoted"): 2,
        ("rps.trainer.decisions", "all", "trained"): 1,
    }


def test_without_an_endpoint_nothing_is_sent(collector: type[Collector]) -> None:
    with exported("") as metrics:
        metrics.waiting(1)
        metrics.decided(entry(Kind.TRAINED, ""))
    assert collector.received == []


def test_a_collector_that_is_down_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    with exported("named by the variable") as metrics:
        metrics.waiting(1)
