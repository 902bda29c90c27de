"""Independent work done side by side: in this process, in processes of this machine, or on a Ray cluster.

A task is a module-level function of plain values that touches nothing else, so it gives the same wherever it runs.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

from trainer.errors import TaskFailed

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Job:
    """One task's own arguments, and the name by which people are told of it."""

    name: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Ended(Generic[Found]):
    """A task that is over, by the place of its job; `fault` says with a traceback why it has found nothing."""

    number: int
    name: str
    found: Found | None = None
    fault: str = ""

    def result(self) -> Found:
        """What it has found; raises TaskFailed."""
        if self.fault:
            raise TaskFailed(f"{self.name} failed.\n{self.fault}")
        return cast("Found", self.found)


Results = Generator[Ended[Found], None, None]
"""Tasks as they end; closing it ends what still runs."""


class Tasks(Protocol):
    """Where tasks are done; `elsewhere` is whether on machines that may hold another version of this program."""

    elsewhere: bool

    def map(self, function: Callable[..., Found], common: Any, jobs: Sequence[Job]) -> Results[Found]:
        """`function(common, *job.arguments)` of every job, told as each ends; one that fails stops no other."""

    def close(self) -> None:
        """Nothing runs any more."""


class InTurn:
    """One after the other in this process; an error is the caller's at once, as if there were no tasks."""

    elsewhere = False

    def map(self, function: Callable[..., Found], common: Any, jobs: Sequence[Job]) -> Results[Found]:
        for number, job in enumerate(jobs):
            yield Ended(number, job.name, function(common, *job.arguments))

    def close(self) -> None: ...
