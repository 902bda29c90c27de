"""A request from its arrival to its answer: counted by its result, timed by its stages, traced where its sender traces.

Times are by the desk's clock. A request that is not traced costs one look at an empty text more than its counting.
"""

import time
from collections.abc import Sequence

from game.ask import Request
from inference.meters import Meters
from inference.replies import FULL, LATE, OVERLOADED, UNSOUND
from telemetry.traces import Span, Traces

RESULTS = {None: "answered", LATE: "late", OVERLOADED: "overloaded", FULL: "overloaded", UNSOUND: "unsound"}
"""By the error of the response; any other is `refused`."""
UNKNOWN = "unknown"
"""A family that nothing serves: names that somebody makes up are no attribute's values."""

Since = tuple[float, Span | None]
"""When a request came, and its open span if it is traced. A plain tuple, because there is one for every request."""


class Accounts:
    """Of all requests on one socket."""

    def __init__(self, meters: Meters, traces: Traces) -> None:
        self._meters = meters
        self._traces = traces

    def opened(self, request: Request, now: float) -> Since:
        """The request has come."""
        if not request.trace:
            return now, None
        return now, self._traces.remote(request.trace, "predict", rps_family=request.family[:40])

    def ran(self, family: str, batch: Sequence[Since], began: float, ended: float) -> None:
        """One run answered all of these."""
        duration, size = self._meters.duration, len(batch)
        for came, span in batch:
            duration.record(began - came, family, "waited", trace=None if span is None else span.ids)
            if span is not None:
                _show(span, size, began - came, ended - began)
        duration.record(ended - began, family, "ran", trace=next((span.ids for _, span in batch if span), None))
        self._meters.batch_size.record(size, family)

    def told(self, family: str, since: Since, error: str | None) -> None:
        """The request has got its answer; `family` is one that is served, or `UNKNOWN`."""
        result = RESULTS.get(error, "refused")
        self._meters.requests.add(family, result)
        if (span := since[1]) is not None:
            if error is not None:
                span.fail(result)
            span.end()

    def gone(self, since: Since) -> None:
        """Nobody waits for the request any more."""
        if (span := since[1]) is not None:
            span.fail("nobody waits")
            span.end()


def _show(span: Span, size: int, waited: float, ran: float) -> None:
    """Within the request's span the run, which is over now."""
    ended = time.time_ns()
    span.note(rps_waited=waited)
    span.child("run", began_ns=ended - round(ran * 1e9), rps_batch_size=size).end(ended)
