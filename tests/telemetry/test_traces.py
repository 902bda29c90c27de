"""Traces that follow from a match's id."""

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from telemetry.traces import NO_TRACES, Kind, Span, Traces, ids_of, traced


def kept(share: float = 1.0) -> tuple[Traces, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    traces, _ = traced(SimpleSpanProcessor(exporter), Resource({}), share)
    return traces, exporter


def ended(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def begun(span: Span | None) -> Span:
    assert span is not None
    return span


def test_a_rounds_trace_follows_from_its_match_and_links_to_it() -> None:
    traces, exporter = kept()
    with begun(traces.match("m1", "match", rps_opponent="logan")):
        begun(traces.round("m1", 3)).end()
    spans = ended(exporter)
    assert spans["round"].context is not None and spans["match"].context is not None
    assert (spans["round"].context.trace_id, spans["round"].context.span_id) == ids_of("m1", 3)
    assert (spans["match"].context.trace_id, spans["match"].context.span_id) == ids_of("m1")
    assert [link.context.span_id for link in spans["round"].links] == [ids_of("m1")[1]]
    assert spans["round"].parent is None and dict(spans["round"].attributes or {}) == {
        "rps.match": "m1",
        "rps.round": 3,
    }


def test_another_process_goes_on_in_the_same_trace() -> None:
    here, exporter = kept()
    there, others = kept()
    round_ = begun(here.round("m1", 1))
    ask = round_.child("inference", Kind.CLIENT)
    begun(there.remote(ask.parent, "predict", rps_family="logan")).end()
    ask.end()
    round_.end()
    predict, asked = ended(others)["predict"], ended(exporter)["inference"]
    assert predict.parent is not None and asked.context is not None and predict.context is not None
    assert predict.parent.span_id == asked.context.span_id
    assert predict.context.trace_id == ids_of("m1", 1)[0]


def test_what_another_process_says_of_a_match_stands_below_its_root() -> None:
    traces, exporter = kept()
    begun(traces.match("m1", "judge")).end()
    judge = ended(exporter)["judge"]
    assert judge.parent is not None and (judge.parent.trace_id, judge.parent.span_id) == ids_of("m1")


def test_a_match_is_traced_with_all_its_rounds_or_not_at_all_alike_in_every_process() -> None:
    one, _ = kept(0.25)
    other, _ = kept(0.25)
    matches = [f"match-{number}" for number in range(2000)]
    sampled = [match for match in matches if one.sampled(match)]
    assert 400 < len(sampled) < 600
    for match in matches:
        expected = match in sampled
        assert other.sampled(match) is expected
        assert (other.round(match, 1) is not None) is (other.match(match, "judge") is not None) is expected


def test_an_error_within_fails_the_span_and_goes_on() -> None:
    traces, exporter = kept()
    try:
        with begun(traces.begin("cycle")):
            raise ValueError("no rounds")
    except ValueError:
        pass
    status = ended(exporter)["cycle"].status
    assert (status.is_ok, status.description) == (False, "ValueError: no rounds")


def test_nothing_is_traced_without_a_tracer_or_a_share() -> None:
    none, _ = kept(0.0)
    for traces in (NO_TRACES, none):
        assert traces.round("m1", 1) is None and traces.match("m1", "match") is None and traces.begin("cycle") is None
    assert NO_TRACES.remote(f"00-{1:032x}-{1:016x}-01", "predict") is None


def test_a_traceparent_that_is_none_or_not_sampled_is_not_followed() -> None:
    traces, _ = kept()
    for text in ("", "nonsense", f"00-{1:032x}-{1:016x}-00", f"01-{1:032x}-{1:016x}-01"):
        assert traces.remote(text, "predict") is None
