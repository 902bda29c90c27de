"""When something that failed may be tried again: after a while, and twice as long after each further failure."""

from collections.abc import Callable
from time import monotonic

LEAST_S, LONGEST_S = 30.0, 3600.0


class Pause:
    """Over from the start, and after each success."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._length = LEAST_S
        self._until = 0.0

    @property
    def over(self) -> bool:
        return self._clock() >= self._until

    def failed(self) -> float:
        """Wait, longer each time; returns how long."""
        length, self._length = self._length, min(2 * self._length, LONGEST_S)
        self._until = self._clock() + length
        return length

    def succeeded(self) -> None:
        self._length, self._until = LEAST_S, 0.0
