"""How many bytes of images this process holds at once: whoever finds no room is told so, nobody waits for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from game.codes import Code
from server.errors import Refusal

RETRY_MS = 500


class Room:
    """So many bytes and no more."""

    def __init__(self, size: int) -> None:
        self._free = size

    def take(self, size: int) -> bool:
        """Whether there was room, which is taken now."""
        if size > self._free:
            return False
        self._free -= size
        return True

    def leave(self, size: int) -> None:
        self._free += size

    @contextmanager
    def share(self) -> Iterator["Share"]:
        """A part of the room that grows as it is needed, and is free again at the end."""
        share = Share(self)
        try:
            yield share
        finally:
            self.leave(share.size)


class Share:
    """What one holder has taken."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.size = 0

    def grow(self, size: int) -> None:
        """Take more; raises Refusal where there is no room."""
        if not self._room.take(size):
            raise Refusal(Code.SLOW_DOWN, "Too many images are under way.", retry_after_ms=RETRY_MS)
        self.size += size
