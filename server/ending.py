"""The end of tasks that go on until they are cancelled."""

import asyncio
from collections.abc import Iterable

AGAIN_S = 1.0


async def ended(tasks: Iterable["asyncio.Task[None]"]) -> list[BaseException]:
    """Cancel them all and wait until they are over; the faults that they ended with.

    One that goes on is cancelled again: libraries wait by `asyncio.wait_for`, which before Python 3.12 forgets a
    cancellation that comes together with what it waits for. Whoever is cancelled while it waits here waits on, and is
    cancelled when they are over.
    """
    every, told_again = list(tasks), None
    while left := [task for task in every if not task.done()]:
        for task in left:
            task.cancel()
        try:
            await asyncio.wait(left, timeout=AGAIN_S)
        except asyncio.CancelledError as error:
            told_again = error
    if told_again is not None:
        raise told_again
    faults = [task.exception() for task in every if not task.cancelled()]
    return [fault for fault in faults if fault is not None]
