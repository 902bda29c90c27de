"""Tasks for tests, in a module that other processes find by name."""

import os
import signal
from pathlib import Path
from threading import Event


def add(common: int, number: int) -> int:
    return common + number


def pid(common: None) -> int:
    return os.getpid()


def after(folder: Path, name: str, other: str) -> str:
    """Is over when the other has left its name behind; both at a time or never."""
    (folder / name).touch()
    while not (folder / other).exists():
        Event().wait(0.01)
    return name


def fail(common: None, number: int) -> int:
    if number == 1:
        raise ValueError("one is not wanted")
    return number


def die(common: None, number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def endless(folder: Path, number: int) -> None:
    """Does not end when it is asked to, and ignores a terminal's Ctrl-C as all tasks do."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (folder / f"{number}.pid").write_text(str(os.getpid()))
    Event().wait()


def unsendable(common: None) -> object:
    return lambda: None


def threads(common: None) -> list[int]:
    """Of every library that counts its own."""
    import numpy  # noqa: F401 - it brings one such library
    from threadpoolctl import threadpool_info

    return [one["num_threads"] for one in threadpool_info()]
