"""Telemetry as a process has it: sent to a real receiver, asked for by Prometheus, and never in the way."""

from threading import Event, Lock, Thread
from time import monotonic

import pytest
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from support.receiver import Receiver, receiving

from telemetry import start
from telemetry.exports import SPANS, Exports
from telemetry.settings import TelemetrySettings
from telemetry.start import Telemetry, resource_of, told
from telemetry.tallies import Tallies


def sends(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> TelemetrySettings:
    """Settings and variables that send everything there, gzipped, with a header."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Basic%20abc")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    return TelemetrySettings(otel_exporter_otlp_endpoint=receiver.url, otel_traces_sampler_arg=1.0)


def page(telemetry: Telemetry) -> dict[str, float]:
    """What Prometheus reads, by name and labels."""
    body, kind = telemetry.exposition()
    assert kind.startswith("text/plain")
    return {
        sample.name + "".join(f" {name}={text}" for name, text in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def some() -> Tallies:
    tallies = Tallies("rps.server")
    tallies.counter("rps.rounds", "{round}", "Rounds.", "outcome").add("win", by=3)
    tallies.histogram("rps.round.duration", "s", "Durations.").record(0.02, trace=(5, 6))
    tallies.gauge("rps.log.size", "By", "Size.", read=lambda: [((), 12)])
    tallies.gauge("rps.connected", "{connection}", "Whether.", "line", read=lambda: [(("rounds",), True)])
    return tallies


def test_what_is_counted_and_traced_reaches_the_receiver(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        with told(sends(monkeypatch, receiver), "server", some()) as telemetry:
            span = telemetry.traces.round("m1", 1)
            assert span is not None
            span.end()
        assert receiver.value("server", "rps.rounds", outcome="win") == 3
        assert receiver.value("server", "rps.round.duration") == 1
        assert receiver.units["server", "rps.round.duration"] == "s"
        assert receiver.value("server", "rps.connected", line="rounds") == 1, "a truth value is a number there"
        assert receiver.exemplars["server", "rps.round.duration"] == [f"{5:032x}"]
        assert receiver.value("server", "process.memory.usage") > 1e6
        assert [one.name for one in receiver.spans["server"]] == ["round"]
        assert receiver.headers["authorization"] == "Basic abc"
        assert receiver.headers["content-encoding"] == "gzip"
        assert receiver.resources["server"]["service.namespace"] == "rps-quest"


def test_prometheus_reads_the_same_by_its_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "FRESH_S", 0.0)
    with told(TelemetrySettings(), "inference", some()) as telemetry:
        read = page(telemetry)
        assert read["rps_rounds_total outcome=win"] == 3
        assert read["rps_round_duration_seconds_count"] == 1
        assert read["rps_round_duration_seconds_bucket le=0.1"] == 1
        assert read["rps_log_size_bytes"] == 12
        assert read["process_memory_usage_bytes"] > 1e6
        assert any(name.startswith("target_info") and "service_name=inference" in name for name in read)
        assert page(telemetry)["rps_rounds_total outcome=win"] == 3, "asking twice counts nothing twice"


def test_a_page_is_made_once_however_often_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "FRESH_S", 60.0)
    tallies = some()
    rounds = tallies.counter("rps.more", "{round}", "Rounds.")
    with told(TelemetrySettings(), "server", tallies) as telemetry:
        first = telemetry.exposition()
        rounds.add()
        assert telemetry.exposition() == first
        monkeypatch.setattr(start, "FRESH_S", 0.0)
        assert page(telemetry)["rps_more_total"] == 1


def test_who_asks_while_another_is_answered_waits_for_that(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, met, make, pages = Lock(), Event(), start.generate_latest, list[bytes]()

    def made(registry: CollectorRegistry) -> bytes:
        if not alone.acquire(blocking=False):
            met.set()
            return make(registry)
        try:
            met.wait(0.3)  # long enough for the other one, if nothing keeps it out
            return make(registry)
        finally:
            alone.release()

    monkeypatch.setattr(start, "generate_latest", made)
    monkeypatch.setattr(start, "FRESH_S", 0.0)
    with told(TelemetrySettings(), "server", some()) as telemetry:
        threads = [Thread(target=lambda: pages.append(telemetry.exposition()[0])) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not met.is_set()
    assert [page.count(b'rps_rounds_total{outcome="win"} 3.0') for page in pages] == [1, 1]


def test_without_an_endpoint_nothing_is_traced() -> None:
    with told(TelemetrySettings(otel_traces_sampler_arg=1.0), "server") as telemetry:
        assert telemetry.traces.round("m1", 1) is None


def test_a_disabled_sdk_counts_and_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        settings = TelemetrySettings(otel_exporter_otlp_endpoint=receiver.url, otel_sdk_disabled=True)
        tallies = some()
        with told(settings, "server", tallies) as telemetry:
            assert telemetry.exposition()[0] == b""
            assert telemetry.traces.round("m1", 1) is None
        assert receiver.requests == 0


def test_what_a_receiver_refuses_is_counted_as_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        receiver.status = 400
        exports = Exports()
        monkeypatch.setattr(start, "Exports", lambda: exports)
        with told(sends(monkeypatch, receiver), "server", some()) as telemetry:
            for number in range(5):
                span = telemetry.traces.round("m1", number)
                assert span is not None
                span.end()
        lost = {labels[0]: value for labels, value in exports._dropped()}
        assert lost["traces"] == 5 and lost["metrics"] > 3


def test_spans_beyond_the_queue_are_counted_as_dropped() -> None:
    exports = Exports()
    for _ in range(SPANS):
        exports.ended()
    exports.taken(512)  # they are under way, and their places are free
    for _ in range(512 + 7):
        exports.ended()
    exports.taken(SPANS)
    exports.sent("traces", SPANS, well=True)
    assert dict(exports._dropped())["traces",] == 7


@pytest.mark.parametrize("broken", ["hanging", "away"])
def test_a_receiver_that_hangs_or_is_away_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    with receiving() as receiver:
        receiver.hangs = broken == "hanging"
        settings = sends(monkeypatch, receiver)
        if broken == "away":
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
        monkeypatch.setattr(start, "LAST_S", 0.3)
        with told(settings, "server", some()) as telemetry:
            span = telemetry.traces.round("m1", 1)
            assert span is not None
            span.end()
            began = monotonic()
        assert monotonic() - began < 5
        if receiver.hangs:
            assert "did not take the last batches" in caplog.text


def test_who_tells_can_be_said_more_of_but_not_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "service.name=mine,service.namespace=arcade,deployment.environment.name=prod"
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", said)
    attributes = resource_of("trainer").attributes
    assert isinstance(resource_of("trainer"), Resource)
    assert attributes["service.name"] == "trainer" and attributes["service.namespace"] == "arcade"
    assert attributes["deployment.environment.name"] == "prod" and attributes["service.instance.id"]
