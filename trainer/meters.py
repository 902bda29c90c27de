"""What the trainer tells of itself in numbers. Names and units follow OpenTelemetry's conventions."""

from collections.abc import Callable, Iterable
from time import time
from typing import Final

from msgspec import Struct

from telemetry.tallies import LONG, Reading, Tallies
from trainer.progress import Progress
from trainer.scoreboard import instruments
from trainer.scoreboard.shown import Readings, Shown

OK: Final = "ok"
FAILED: Final = "failed"


class Now(Struct, frozen=True):
    """What the gauges show. It is replaced whole, because another thread reads it.

    `trained_at` is in milliseconds since 1970; tuples are readings by the attributes of their metric.
    """

    progress: Progress | None = None
    trained_at: int | None = None
    decisions: Readings = ()
    lag: Readings = ()
    e_values: Readings = ()
    pairs: Readings = ()
    board: Shown = Shown()


class Meters:
    """The trainer's instruments, each made once. Whoever holds the lease sets `now`, `leading` and `unlearned`."""

    def __init__(self) -> None:
        self.tallies = Tallies("rps.trainer")
        self.now = Now()
        self.leading = False
        self.unlearned: int | None = None
        counter, histogram = self.tallies.counter, self.tallies.histogram
        self._turns = counter("rps.trainer.turns", "{turn}", "Turns of the daemon's loop.", "result")
        self._turn_duration = histogram("rps.trainer.turn.duration", "s", "How long a turn takes.")
        self.cycles = counter("rps.trainer.cycles", "{cycle}", "Cycles that came to an end.", "status")
        self._steps = counter("rps.trainer.steps", "{step}", "Steps that came to an end.", "step", "status")
        about = "How long a step took."
        self._step_duration = histogram("rps.trainer.step.duration", "s", about, "step", "status", bounds=LONG)
        self._registry_calls = counter("rps.registry.calls", "{call}", "Times the registry was told.", "result")
        self._registry_duration = histogram("rps.registry.duration", "s", "How long that took.", bounds=LONG)
        about = "Calls of this process to the object store."
        self.store_calls = counter("rps.store.calls", "{call}", about, "operation", "result")
        self.orders = counter("rps.orders", "{order}", "What came on the admin port.", "order", "status")
        self._gauges()
        instruments.measure(self.tallies, lambda: self.now.board)

    def turn(self, succeeded: bool, seconds: float) -> None:
        """The daemon's loop went round once."""
        self._turns.add(_result(succeeded))
        self._turn_duration.record(seconds)

    def step(self, name: str, succeeded: bool, seconds: float) -> None:
        """A step came to its end after so long."""
        self._steps.add(name, _result(succeeded))
        self._step_duration.record(seconds, name, _result(succeeded))

    def registry(self, succeeded: bool, seconds: float) -> None:
        """The registry was told, or could not be, within so long."""
        self._registry_calls.add(_result(succeeded))
        self._registry_duration.record(seconds)

    def _gauges(self) -> None:
        gauge = self.tallies.gauge
        about = "1 while it holds the lease."
        gauge("rps.trainer.leading", "{trainer}", about, read=lambda: [((), int(self.leading))])
        about = "How far the cycle under way is."
        gauge("rps.trainer.cycle.progress", "%", about, "phase", read=self._progress(lambda one: one.percent))
        about = "How long it will still take."
        gauge("rps.trainer.cycle.remaining", "s", about, "phase", read=self._progress(lambda one: one.eta_s))
        about = "The cycle under way, or the next."
        gauge("rps.trainer.cycle.number", "{cycle}", about, "phase", read=self._progress(lambda one: one.cycle))
        about = "Rounds played that no finished cycle has learned from."
        gauge("rps.trainer.rounds.unlearned", "{round}", about, read=lambda: _known(self.unlearned))
        gauge("rps.trainer.trained.age", "s", "Since the last finished cycle.", read=self._age)
        about = "Entries of the ledger."
        self.tallies.total(
            "rps.trainer.decisions", "{decision}", about, "kind", "family", read=lambda: self.now.decisions
        )
        about = "Positions of the log not read yet."
        gauge("rps.trainer.stream.lag", "{record}", about, "reader", read=lambda: self.now.lag)
        about = "The evidence of comparisons under way."
        gauge("rps.promotion.e_value", "{E}", about, "family", "step", read=lambda: self.now.e_values)
        about = "The pairs that it rests on."
        gauge("rps.promotion.pairs", "{pair}", about, "family", "step", read=lambda: self.now.pairs)

    def _progress(self, of: Callable[[Progress], float | None]) -> Callable[[], Iterable[Reading]]:
        def read() -> Iterable[Reading]:
            progress = self.now.progress
            value = None if progress is None else of(progress)
            return [] if progress is None or value is None else [((progress.phase,), value)]

        return read

    def _age(self) -> Iterable[Reading]:
        at = self.now.trained_at
        return _known(None if at is None else time() - at / 1000)


def _result(succeeded: bool) -> str:
    return OK if succeeded else FAILED


def _known(value: float | None) -> list[Reading]:
    return [] if value is None else [((), value)]
