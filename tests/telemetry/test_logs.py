"""Log lines: as a person reads them, and as a collector does."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from telemetry import logs
from telemetry.traces import ids_of, traced


@pytest.fixture(autouse=True)
def root() -> Iterator[None]:
    """The root logger is put back as it was."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def test_a_line_of_json_has_its_level_logger_service_and_the_ids_of_its_span(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.log_to_stderr("info", "json", "server")
    traces, _ = traced(SimpleSpanProcessor(InMemorySpanExporter()), Resource({}), 1.0)
    span = traces.round("m1", 2)
    assert span is not None
    with span:
        logging.getLogger("server.table").warning("Match %s is closed.", "m1")
    logging.getLogger("server.table").debug("nobody reads this")
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert told.pop("timestamp")
    trace_id, span_id = ids_of("m1", 2)
    assert told == {
        "level": "WARNING",
        "logger": "server.table",
        "message": "Match m1 is closed.",
        "service": "server",
        "trace_id": f"{trace_id:032x}",
        "span_id": f"{span_id:016x}",
    }


def test_an_error_stands_in_its_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.log_to_stderr("info", "json", "trainer")
    try:
        raise ValueError("odd")
    except ValueError:
        logging.getLogger("trainer").exception("The step failed.")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: odd" in json.loads(line)["exc_info"]


def test_a_line_for_a_person_ends_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    logs.log_to_stderr("info", "console", "server")
    logging.getLogger("server").info("Play at %s", "http://127.0.0.1:8000")
    traces, _ = traced(SimpleSpanProcessor(InMemorySpanExporter()), Resource({}), 1.0)
    with traces.begin("cycle") or pytest.fail("it is traced"):
        logging.getLogger("trainer").info("Cycle 1 begins.")
    plain, within = capsys.readouterr().err.splitlines()
    assert plain.endswith("INFO server: Play at http://127.0.0.1:8000")
    assert "INFO trainer: Cycle 1 begins. [trace " in within


def test_too_many_lines_of_a_kind_are_left_out_and_counted_in_a_later_one() -> None:
    said, now = io.StringIO(), [0.0]
    handler = logging.StreamHandler(said)
    handler.addFilter(logs.Restraint(burst=2, window_s=10, clock=lambda: now[0]))
    handler.setFormatter(logs.Console("%(message)s"))
    log = logging.Logger("flood")
    log.addHandler(handler)
    for number in range(5):
        log.warning("Frame %d is damaged.", number)
    log.warning("Something else.")
    now[0] = 11.0
    log.warning("Frame %d is damaged.", 9)
    assert said.getvalue().splitlines() == [
        "Frame 0 is damaged.",
        "Frame 1 is damaged.",
        "Something else.",
        "Frame 9 is damaged. (3 more like this were left out)",
    ]


def test_ever_new_kinds_of_lines_do_not_fill_the_memory() -> None:
    restraint = logs.Restraint(burst=1)
    for number in range(3 * logs.KINDS):
        assert restraint.filter(logging.LogRecord("a", logging.INFO, "", 0, f"kind {number}", (), None))
    assert len(restraint._kinds) <= logs.KINDS
