"""Traces of matches and rounds, whichever process they pass through.

The ids of a match's trace and of a round's, and whether they are sampled, follow from the match's id. So every process
comes to the same without a word, a match that another server takes over goes on in its trace, and a match is traced
with all its rounds or not at all. What is not sampled costs a hash.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from hashlib import sha256
from types import TracebackType
from typing import Self

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, StatusCode, TraceFlags, Tracer

Kind = trace.SpanKind
Value = str | bool | int | float
Ids = tuple[int, int]
"""(trace id, span id)"""

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_SCALE = 1 << 56
_wanted: ContextVar[Ids | None] = ContextVar("wanted ids", default=None)


class _Given(RandomIdGenerator):
    """Random ids, but where a root's are given."""

    def generate_trace_id(self) -> int:
        ids = _wanted.get()
        return super().generate_trace_id() if ids is None else ids[0]

    def generate_span_id(self) -> int:
        ids = _wanted.get()
        return super().generate_span_id() if ids is None else ids[1]


def ids_of(match: str, round: int | None = None) -> Ids:
    """The ids of the root span of a match's trace, or of a round's."""
    digest = sha256(f"{match}:{'match' if round is None else round}".encode()).digest()
    return int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])


class Span:
    """An open span. As a context manager it ends itself, and log lines within carry its ids."""

    def __init__(self, tracer: Tracer, span: trace.Span) -> None:
        self._tracer = tracer
        self._span = span
        self._token: Token[Context] | None = None

    @property
    def ids(self) -> Ids:
        """What `telemetry.tallies.Histogram.record` takes as `trace`."""
        context = self._span.get_span_context()
        return context.trace_id, context.span_id

    @property
    def parent(self) -> str:
        """The W3C traceparent for another process that goes on from here."""
        trace_id, span_id = self.ids
        return f"00-{trace_id:032x}-{span_id:016x}-01"

    def child(self, name: str, kind: Kind = Kind.INTERNAL, began_ns: int | None = None, **attributes: Value) -> "Span":
        """A span within this one, begun now unless told otherwise (nanoseconds since 1970)."""
        return _begun(self._tracer, name, trace.set_span_in_context(self._span), kind, began_ns, attributes)

    def note(self, **attributes: Value) -> None:
        """Add attributes; `rps_round` stands for `rps.round`."""
        self._span.set_attributes(_dotted(attributes))

    def fail(self, reason: str) -> None:
        """What this span is about has failed."""
        self._span.set_status(StatusCode.ERROR, reason)

    def end(self, ended_ns: int | None = None) -> None:
        self._span.end(ended_ns)

    @contextmanager
    def within(self) -> Iterator[None]:
        """Log lines within the block carry its ids; it goes on after that."""
        token = attach(trace.set_span_in_context(self._span))
        try:
            yield
        finally:
            detach(token)

    def __enter__(self) -> Self:
        self._token = attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._token is not None:
            detach(self._token)
        if error is not None:
            self.fail(f"{type(error).__name__}: {error}")
        self.end()


class Traces:
    """Where spans begin. Without a tracer nothing is traced."""

    def __init__(self, tracer: Tracer | None, share: float) -> None:
        """`share` is how many of all matches are traced."""
        self._tracer = tracer
        self._share = share if tracer is not None else 0.0

    def sampled(self, match: str) -> bool:
        """Whether this match and its rounds are traced."""
        return self._share > 0 and ids_of(match)[0] % _SCALE < self._share * _SCALE

    def round(self, match: str, number: int) -> Span | None:
        """The root of a round's own trace, linked to its match; None where that is not sampled."""
        if self._tracer is None or not self.sampled(match):
            return None
        link = Link(_context(ids_of(match)))
        attributes: dict[str, Value] = {"rps_match": match, "rps_round": number}
        return _root(self._tracer, "round", ids_of(match, number), attributes, [link])

    def match(self, match: str, name: str, **attributes: Value) -> Span | None:
        """The root of the match's trace if it is called `match`, else a span below it; None where it is not sampled."""
        if self._tracer is None or not self.sampled(match):
            return None
        if name == "match":
            return _root(self._tracer, name, ids_of(match), {"rps_match": match, **attributes}, ())
        below = trace.set_span_in_context(NonRecordingSpan(_context(ids_of(match))))
        return _begun(self._tracer, name, below, Kind.INTERNAL, None, {"rps_match": match, **attributes})

    def begin(self, name: str, **attributes: Value) -> Span | None:
        """The root of a trace of something that is no play, which is always sampled; None while nothing is traced."""
        if self._tracer is None or not self._share:
            return None
        return _begun(self._tracer, name, Context(), Kind.INTERNAL, None, attributes)

    def remote(
        self, traceparent: str, name: str, kind: Kind = Kind.SERVER, began_ns: int | None = None, **attributes: Value
    ) -> Span | None:
        """A span below another process's; None where there is no such span or it is not sampled."""
        found = _TRACEPARENT.fullmatch(traceparent) if traceparent and self._tracer is not None else None
        if self._tracer is None or found is None or not int(found[3], 16) & TraceFlags.SAMPLED:
            return None
        below = trace.set_span_in_context(NonRecordingSpan(_context((int(found[1], 16), int(found[2], 16)))))
        return _begun(self._tracer, name, below, kind, began_ns, attributes)


NO_TRACES = Traces(None, 0.0)


def traced(processor: SpanProcessor, resource: Resource, share: float) -> tuple[Traces, TracerProvider]:
    """Traces whose ended spans go to this processor, and the provider to be shut down at the end."""
    provider = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False, id_generator=_Given())
    provider.add_span_processor(processor)
    return Traces(provider.get_tracer("rps"), share), provider


def _context(ids: Ids) -> SpanContext:
    return SpanContext(*ids, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _root(tracer: Tracer, name: str, ids: Ids, attributes: Mapping[str, Value], links: Sequence[Link]) -> Span:
    token = _wanted.set(ids)
    try:
        return Span(tracer, tracer.start_span(name, Context(), attributes=_dotted(attributes), links=links))
    finally:
        _wanted.reset(token)


def _begun(
    tracer: Tracer, name: str, below: Context, kind: Kind, began_ns: int | None, attributes: Mapping[str, Value]
) -> Span:
    return Span(tracer, tracer.start_span(name, below, kind, _dotted(attributes), start_time=began_ns))


def _dotted(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {name.replace("_", "."): value for name, value in attributes.items()}
