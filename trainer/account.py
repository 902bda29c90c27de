"""What is told of a cycle while it runs: counts and durations, and a trace with a span for each step."""

from time import monotonic

from telemetry.traces import Span, Traces
from trainer.meters import FAILED, OK, Meters

_LEFT = "It was ended before it was done."


class Account:
    """Of one cycle, by whoever drives it. What is over is not told twice."""

    def __init__(self, number: int, meters: Meters, traces: Traces) -> None:
        self._meters = meters
        self._trace = traces.begin("cycle", rps_cycle=number)
        self._span: Span | None = None
        self._step = ""
        self._since = 0.0

    def step_begun(self, step: str) -> None:
        self._step, self._since = step, monotonic()
        if self._trace is not None:
            self._span = self._trace.child(step, rps_step=step)

    def step_ended(self, succeeded: bool) -> None:
        """The step that began last has come to its own end."""
        self._meters.step(self._step, succeeded, monotonic() - self._since)
        _end(self._span, "" if succeeded else f"Step {self._step} failed.")
        self._span = None

    def over(self, succeeded: bool) -> None:
        """No step is left, or one has failed."""
        self._meters.cycles.add(OK if succeeded else FAILED)
        _end(self._trace, "" if succeeded else f"Step {self._step} failed.")
        self._trace = None

    def broken_off(self) -> None:
        """Whoever drove it stops; it is neither done nor failed, and can be taken up again."""
        _end(self._span, _LEFT)
        _end(self._trace, _LEFT)
        self._span = self._trace = None


def _end(span: Span | None, fault: str) -> None:
    if span is not None:
        if fault:
            span.fail(fault)
        span.end()
