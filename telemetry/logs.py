"""Log lines, for a person at a terminal or as JSON for a collector: with trace ids, and never too many of a kind."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Literal

from opentelemetry import trace
from pythonjsonlogger.json import JsonFormatter

Form = Literal["console", "json"]

BURST, WINDOW_S = 20, 10.0
"""So many lines of a kind are written in so many seconds; the next one after that says how many were left out."""
KINDS = 1000
"""Kinds of lines that are told apart; when there are more, all begin anew."""

_CONSOLE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def log_to_stderr(level: str, form: Form, service: str) -> None:
    """Write this process's lines from now on; `service` stands in each line of JSON."""
    handler = logging.StreamHandler()
    handler.addFilter(traced)
    handler.addFilter(Restraint())
    handler.setFormatter(_json(service) if form == "json" else Console(_CONSOLE))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)  # what is tried again is not worth a line


def _json(service: str) -> JsonFormatter:
    return JsonFormatter(
        "{levelname}{name}{message}",
        style="{",
        timestamp=True,
        rename_fields={"levelname": "level", "name": "logger"},
        static_fields={"service": service},
    )


class Console(logging.Formatter):
    """A line for a person; what the filters found stands behind the message."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # the base class's name
        told = vars(record)
        left_out = f" ({told['left_out']} more like this were left out)" if "left_out" in told else ""
        trace_id = f" [trace {told['trace_id']}]" if "trace_id" in told else ""
        return super().formatMessage(record) + left_out + trace_id


def traced(record: logging.LogRecord) -> bool:
    """A filter that leaves nothing out, but gives a line the ids of the span it was written in."""
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        vars(record).update(trace_id=f"{context.trace_id:032x}", span_id=f"{context.span_id:016x}")
    return True


class Restraint(logging.Filter):
    """Leaves out what is said too often, and says so later. A kind of line is its logger, level and wording."""

    def __init__(self, burst: int = BURST, window_s: float = WINDOW_S, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._burst = burst
        self._window_s = window_s
        self._clock = clock
        self._kinds: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, kind = self._clock(), (record.name, record.levelno, str(record.msg))
        if len(self._kinds) >= KINDS and kind not in self._kinds:
            self._kinds.clear()
        began, lines = self._kinds.get(kind, (now, 0))
        if now - began > self._window_s:
            if lines > self._burst:
                vars(record)["left_out"] = lines - self._burst
            began, lines = now, 0
        self._kinds[kind] = began, lines + 1
        return lines < self._burst
