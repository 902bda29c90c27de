"""Tasks in processes of this machine, a fresh one for each: it gives its memory back by ending, and dies alone."""

import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Thread
from traceback import format_exc
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from trainer.tasks import Ended, Job, Results

Found = TypeVar("Found")

THREADS = 1
"""Of each task, so that so many processes ask for so many cores."""
_END_S = 1.0
"""How long a process may take to end when told to, before it is killed."""


class LocalTasks:
    """At most so many processes at a time; `processes` of one still keeps a task's memory out of this process."""

    elsewhere = False

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._running: dict[int, _Process] = {}

    def map(self, function: Callable[..., Found], common: Any, jobs: Sequence[Job]) -> Results[Found]:
        waiting = list(enumerate(jobs))[::-1]
        try:
            while waiting or self._running:
                while waiting and len(self._running) < self._processes:
                    number, job = waiting.pop()
                    self._running[number] = _Process(job.name, function, common, job.arguments)
                wait([process.ear for process in self._running.values()])
                for number, process in list(self._running.items()):
                    if process.ear.poll():
                        found, fault = process.heard()
                        del self._running[number]
                        yield Ended(number, process.name, found, fault)
        finally:
            self.close()

    def close(self) -> None:
        while self._running:
            _, process = self._running.popitem()
            process.end()


class _Process:
    """One task under way; its ear is ready when it has said what it found, and when it is dead."""

    def __init__(self, name: str, function: Callable[..., Any], common: Any, arguments: tuple[Any, ...]) -> None:
        context = get_context("spawn")
        self.ear, mouth = context.Pipe(duplex=False)
        self.name = name
        self._process: BaseProcess = context.Process(
            target=_work, args=(function, common, arguments, mouth), name=f"task-{name}"
        )
        self._process.start()
        mouth.close()

    def heard(self) -> tuple[Any, str]:
        """(what it found, why it found nothing); the process is over."""
        try:
            said: tuple[Any, str] = self.ear.recv()
        except (EOFError, OSError):
            self._process.join(_END_S)
            said = None, f"Its process {_death(self._process.exitcode)} before it was done."
        self.end()
        return said

    def end(self) -> None:
        """Make sure that it is over."""
        self._process.join(0 if self._process.exitcode is None else _END_S)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.ear.close()


def _death(code: int | None) -> str:
    return f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with status {code}"


def _work(function: Callable[..., Any], common: Any, arguments: tuple[Any, ...], mouth: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches both; the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_die_with_parent, daemon=True).start()
    try:
        mouth.send((alone(function, common, arguments), ""))
    except BaseException:  # noqa: BLE001 - the process's outermost loop: whatever it is belongs to the task, told to who asked
        mouth.send((None, format_exc()))


def alone(function: Callable[..., Found], common: Any, arguments: tuple[Any, ...]) -> Found:
    """What the function gives, on no more threads than a task may have, in libraries loaded already and later ones."""
    number = str(THREADS)
    os.environ.update(OMP_NUM_THREADS=number, OPENBLAS_NUM_THREADS=number, MKL_NUM_THREADS=number)
    with threadpool_limits(THREADS):
        return function(common, *arguments)


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
