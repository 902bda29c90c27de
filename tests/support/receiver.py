"""An OTLP receiver over HTTP that shares no code with the exporters but the protocol's own messages."""

import gzip
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

Labels = frozenset[tuple[str, str]]
Series = tuple[str, str]


class Receiver:
    """What came, latest first for metrics: `values` by (service, instrument) and labels, all spans by service."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.hangs = False
        self.released = Event()
        self.requests = 0
        self.headers: dict[str, str] = {}
        self.values: dict[Series, dict[Labels, float]] = defaultdict(dict)
        self.units: dict[Series, str] = {}
        self.exemplars: dict[Series, list[str]] = defaultdict(list)
        self.resources: dict[str, dict[str, str]] = {}
        self.spans: dict[str, list[Span]] = defaultdict(list)

    def value(self, service: str, name: str, **labels: str) -> float:
        """The sum over all series of the instrument that have these labels; of a histogram, how many values it took."""
        series = self.values.get((service, name), {})
        return sum(value for found, value in series.items() if labels.items() <= dict(found).items())

    def take(self, path: str, body: bytes) -> None:
        if path == "/v1/metrics":
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                self._metrics(resource)
        elif path == "/v1/traces":
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = _said(resource.resource.attributes)["service.name"]
                for scope in resource.scope_spans:
                    self.spans[service] += scope.spans
        else:
            raise ValueError(f"nothing is received at {path}")

    def _metrics(self, resource: Any) -> None:
        said = _said(resource.resource.attributes)
        service = said["service.name"]
        self.resources[service] = said
        for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
            kind = metric.WhichOneof("data")
            key = service, metric.name
            self.units[key] = metric.unit
            for point in getattr(metric, kind).data_points:
                labels = frozenset(_said(point.attributes).items())
                if kind == "histogram":
                    self.values[key][labels] = point.count
                    self.exemplars[key] += [one.trace_id.hex() for one in point.exemplars]
                else:
                    self.values[key][labels] = point.as_double or point.as_int


def _said(attributes: Any) -> dict[str, str]:
    found = {}
    for one in attributes:
        value = getattr(one.value, one.value.WhichOneof("value"))
        found[one.key] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of the loopback; set its `OTEL_EXPORTER_OTLP_ENDPOINT` to `url`."""
    receiver = Receiver()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.requests += 1
            receiver.headers = {name.lower(): text for name, text in self.headers.items()}
            body = self.rfile.read(int(self.headers["content-length"]))
            if receiver.hangs:
                receiver.released.wait(60)
            if receiver.status == 200:
                receiver.take(self.path, gzip.decompress(body) if "content-encoding" in self.headers else body)
            self.send_response(receiver.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
