"""A bar for who watches, sparse lines for who does not."""

import io
import logging

import pytest

from telemetry.progress import Bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_where_nobody_watches_there_is_a_line_for_each_tenth_and_no_control_character() -> None:
    out = io.StringIO()
    with Bar(out=out) as tell:
        for number in range(1001):
            tell("reading", number / 1000)
    lines = out.getvalue().splitlines()
    assert len(lines) == 11 and lines[0] == "  0 % reading" and lines[-1] == "100 % reading"
    assert out.getvalue().replace("\n", "").isprintable()


def test_lines_may_go_to_a_log() -> None:
    told: list[str] = []
    with Bar(told.append) as tell:
        tell("reading", 0.0)
        tell("writing", 0.05)
    assert [line.split(" % ")[1].split(",")[0] for line in told] == ["reading", "writing"]


def test_on_a_terminal_there_is_a_bar_without_colour() -> None:
    out = Terminal()
    with Bar(out=out) as tell:
        tell("reading", 0.0)
        assert out.getvalue().endswith("left: reading")
        tell("reading", 0.5)
    assert "|" in out.getvalue() and " left" in out.getvalue() and "\x1b[3" not in out.getvalue()


def test_log_lines_stand_above_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    handler = logging.StreamHandler(out)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    with Bar(out=out) as tell:
        tell("reading", 0.1)
        logging.getLogger("x").warning("a word")
    assert any(line.endswith("a word") for line in out.getvalue().replace("\r", "\n").splitlines())
    assert handler.stream is out


def test_a_share_that_falls_begins_the_bar_again() -> None:
    with Bar(out=Terminal()) as tell:
        tell("one", 0.9)
        tell("two", 0.1)
        assert tell._bar.n == pytest.approx(0.1)
