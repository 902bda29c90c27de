"""How far a command is, on standard error: a bar with the time left on a terminal, else a plain line for each tenth."""

import logging
import sys
from collections.abc import Callable
from time import monotonic
from typing import Any, TextIO

from tqdm import tqdm

_OFTEN_S = 0.1
_ENOUGH = 0.03
"""The share that must be done before it is said how long the rest will take."""
_BAR = "{percentage:3.0f} % |{bar:30}| {elapsed}, {remaining} left: {desc}"

Tell = Callable[[str, float], None]
"""(what is being done, the share in [0, 1] of the whole that is done)."""


def untold(what: str, share: float) -> None:
    """For callers who do not want to know."""


class Bar:
    """`with Bar() as tell: tell("what is being done", 0.5)`.

    Lines for people who read a file later go to `say`, or to standard error. No colour is used anywhere.
    """

    def __init__(self, say: Callable[[str], None] | None = None, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._say = say or self._line
        self._live = self._out.isatty()
        self._began = monotonic()
        self._told = ("", -1)

    def __enter__(self) -> "Bar":
        if self._live:
            # `total` of 1 and steps of a float: what is told is a share
            self._bar = tqdm(total=1.0, bar_format=_BAR, file=self._out, leave=False, mininterval=_OFTEN_S)
            self._above = [(handler, handler.setStream(_Above(self._out))) for handler in _handlers(self._out)]
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._bar.close()
            for handler, stream in self._above:
                handler.setStream(stream)

    def __call__(self, what: str, share: float) -> None:
        if self._live:
            anew = what != self._told[0]
            self._told = (what, 0)
            if share < self._bar.n:
                self._bar.reset()
            self._bar.set_description_str(what, refresh=False)
            self._bar.update(share - self._bar.n)
            if anew:
                self._bar.refresh()
        elif (step := (what, int(10 * share))) != self._told:
            self._told = step
            self._say(self._text(what, share))

    def _text(self, what: str, share: float) -> str:
        left = (monotonic() - self._began) / share * (1 - share) if _ENOUGH < share < 1 else 0
        return f"{100 * share:3.0f} % {what}" + (f", some {left:.0f} s left" if left else "")

    def _line(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()


class _Above:
    """Where log lines go meanwhile: above the bar, which is drawn again below them."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> None:
        tqdm.write(text, file=self._out, end="")

    def flush(self) -> None:
        self._out.flush()


def _handlers(out: TextIO) -> list[Any]:
    root = logging.getLogger().handlers
    return [one for one in root if isinstance(one, logging.StreamHandler) and one.stream is out]
