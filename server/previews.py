"""What was seen in a socket's latest previews, which may speak against a throw."""

from collections import deque

from game import vote
from game.gestures import Look
from game.records import Input
from game.wire import Gesture

REMEMBERED = 16
"""More than come in the time that a vote reaches back."""


class Previews:
    """The looks of one round, each with its time."""

    def __init__(self) -> None:
        self._round: tuple[str, int] | None = None
        self._looks: deque[tuple[float, Look]] = deque(maxlen=REMEMBERED)

    def remember(self, gesture: Gesture, look: Look, now: float) -> None:
        """Only a camera's images follow each other."""
        if gesture.input is not Input.CAMERA:
            return
        if self._round != (gesture.match, gesture.round):
            self._round = gesture.match, gesture.round
            self._looks.clear()
        self._looks.append((now, look))

    def support(self, gesture: Gesture, look: Look, now: float) -> bool:
        """Whether those of the same round hold nothing against this look; a photo stands for itself."""
        if gesture.input is not Input.CAMERA or self._round != (gesture.match, gesture.round):
            return True
        return vote.supported(look, ((now - then, before) for then, before in self._looks))
