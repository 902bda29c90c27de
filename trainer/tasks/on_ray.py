"""Tasks on a Ray cluster, whose nodes hold this program in the same version. Ray is loaded only where it is asked for.

Ray decides where and when a task runs; each asks it for one core. What all tasks share is sent to a node once.
"""

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import Any, TypeVar

from trainer.errors import NoCluster
from trainer.tasks import Ended, Job, Results
from trainer.tasks.local import THREADS, alone

Found = TypeVar("Found")

LOCAL = "local"
"""The address of a cluster of one's own on this machine, for as long as it is used."""
_KNOCK_S = 5.0


class RayTasks:
    """On the cluster at an address, as Ray writes it; raises NoCluster where it cannot be used."""

    elsewhere = True

    def __init__(self, address: str) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody outside is told of what is done here
        self._ray = _library()
        own = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"} if address == LOCAL else {}
        try:
            knock(address)
            self._ray.init(address=address, log_to_driver=False, configure_logging=False, **own)
        except (ConnectionError, OSError, ValueError, RuntimeError) as error:
            raise NoCluster(
                f"No Ray cluster answers at {address} ({_line(error)}). Start one with `ray start --head`, correct "
                "RPS_RAY_ADDRESS, set RAY_AUTH_MODE=token where the cluster asks for a token, or leave the address "
                "empty to fit on this machine."
            ) from error
        self._task = self._ray.remote(num_cpus=THREADS, max_retries=0)(_told)
        self._running: dict[Any, tuple[int, str]] = {}

    def map(self, function: Callable[..., Found], common: Any, jobs: Sequence[Job]) -> Results[Found]:
        shared = self._ray.put(common)
        for number, job in enumerate(jobs):
            self._running[self._task.remote(function, shared, job.arguments)] = number, job.name
        try:
            while self._running:
                ready, _ = self._ray.wait(list(self._running))
                for one in ready:
                    number, name = self._running.pop(one)
                    yield self._ended(number, name, one)
        finally:
            self._end()

    def close(self) -> None:
        self._end()
        self._ray.shutdown()

    def _ended(self, number: int, name: str, one: Any) -> Ended[Any]:
        errors = self._ray.exceptions
        try:
            return Ended(number, name, self._ray.get(one))
        except errors.RayTaskError as error:  # it carries the traceback of the node
            return Ended(number, name, fault=str(error))
        except errors.RayError as error:
            return Ended(number, name, fault=f"Its process was lost before it was done: {_line(error)}")

    def _end(self) -> None:
        while self._running:
            one, _ = self._running.popitem()
            with suppress(self._ray.exceptions.RayError):
                self._ray.cancel(one, force=True)


def knock(address: str) -> None:
    """Raise OSError where nobody listens, for Ray itself would try for minutes and then end this process."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK_S).close()


def _told(function: Callable[..., Found], common: Any, arguments: tuple[Any, ...]) -> Found:
    """What runs on the node."""
    return alone(function, common, arguments)


def _library() -> ModuleType:
    try:
        return import_module("ray")
    except ImportError as error:
        raise NoCluster(
            f"RPS_RAY_ADDRESS is set and Ray cannot be loaded ({error}). Install it with `pip install "
            "'rps-quest[cluster]'`, or leave the variable empty to fit on this machine."
        ) from error


def _line(error: BaseException) -> str:
    """The first line of what it says."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
