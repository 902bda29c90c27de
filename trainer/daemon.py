"""The daemon: wait for enough new rounds, retrain in a child process, wait again.

The child holds the learning libraries and gives their memory back by ending. It dies with its parent, and changes
what others read only in its last steps (`trainer/cycle.py`), so that ending it at any point is safe.
"""

import logging
import os
import signal
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event, Thread

from trainer import position
from trainer.errors import NoLog
from trainer.log import opened, played_since
from trainer.settings import Settings

log = logging.getLogger(__name__)

Task = Callable[[Settings], None]
"""One cycle; a module-level function, because it runs in a fresh process."""

_NICENESS = 10
"""The game on the same machine goes before its training."""
_LOOK_S = 0.2
"""How often a running child is looked at; also how soon a stop is noticed then."""
_END_S = 1.0
"""How long a child may take to end when told to, before it is killed."""
_LEAST_PAUSE_S, _LONGEST_PAUSE_S = 30.0, 3600.0
"""After a cycle that failed, the next one waits; twice as long after each further failure."""


def follow(settings: Settings, task: Task, stop: Event) -> None:
    """Retrain whenever `retrain_rounds` new rounds are there, until `stop` is set."""
    waiting, pause = False, _LEAST_PAUSE_S
    while not stop.is_set():
        try:
            new = new_rounds(settings.database, settings.position)
        except NoLog as error:
            if not waiting:
                log.info("%s Waiting for it.", error)
            waiting, new = True, 0
        if new < settings.retrain_rounds:
            stop.wait(settings.poll_s)
            continue
        log.info("%d new rounds: retraining.", new)
        if retrain(settings, task, stop):
            pause = _LEAST_PAUSE_S
        elif not stop.is_set():
            log.error("The retraining failed; trying again in %.0f s.", pause)
            stop.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)


def new_rounds(database: Path, position_file: Path) -> int:
    """How many rounds were played since the last finished cycle; raises NoLog."""
    with opened(database) as connection:
        return played_since(connection, position.load(position_file))


def retrain(settings: Settings, task: Task, stop: Event) -> bool:
    """Run the task in a child to its end, or end the child when `stop` is set; whether it succeeded."""
    child = get_context("spawn").Process(target=_child, args=(settings, task), name="trainer-cycle")
    child.start()
    while child.is_alive() and not stop.is_set():
        child.join(_LOOK_S)
    _end(child)
    return child.exitcode == 0


def _end(child: BaseProcess) -> None:
    if child.is_alive():
        child.terminate()
        child.join(_END_S)
    if child.is_alive():
        child.kill()
        child.join()


def _child(settings: Settings, task: Task) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches both; the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.nice(_NICENESS)
    Thread(target=_die_with_parent, daemon=True).start()
    task(settings)


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
