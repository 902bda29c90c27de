"""Starting a coroutine at once, as `asyncio.eager_task_factory` does from Python 3.12 on.

Most sends fill a socket's buffer and are done; only one that has to wait is worth a task and a turn of the loop.
"""

import asyncio
from collections.abc import Coroutine, Generator
from functools import partial
from types import coroutine
from typing import Any


def begun(started: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Run a coroutine until it waits; the task of what is left of it, None if it is done."""
    try:
        waiting = started.send(None)
    except StopIteration:
        return None
    return asyncio.create_task(_rest(started, waiting))


@coroutine
def _rest(started: Coroutine[Any, Any, None], waiting: Any) -> Generator[Any, Any, None]:
    """Go on with a coroutine that waits for `waiting`."""
    while True:
        try:
            answer = yield waiting
        except BaseException as error:  # noqa: BLE001 - a cancellation or a failed future belongs to the coroutine
            go_on = partial(started.throw, error)
        else:
            go_on = partial(started.send, answer)
        try:
            waiting = go_on()
        except StopIteration:
            return
