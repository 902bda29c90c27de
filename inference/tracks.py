"""Where the hand was last in each stream, so that the next frame need not be searched for it."""

from collections import OrderedDict
from collections.abc import Hashable

from models.hands.sight import Track

STREAMS = 256
FORGOTTEN_S = 2.0
"""After so long a hand is elsewhere."""


class Tracks:
    """The tracks of the streams that were seen last, `STREAMS` at most."""

    def __init__(self) -> None:
        self._tracks: OrderedDict[Hashable, tuple[float, Track]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tracks)

    def take(self, stream: Hashable, now: float) -> Track | None:
        """The stream's track, if it is not older than `FORGOTTEN_S`."""
        at, track = self._tracks.pop(stream, (now, None))
        return track if now - at <= FORGOTTEN_S else None

    def keep(self, stream: Hashable, track: Track, now: float) -> None:
        """The stream's track from now on; those that nobody asked for in time are let go."""
        self._tracks[stream] = now, track
        while len(self._tracks) > STREAMS or now - next(iter(self._tracks.values()))[0] > FORGOTTEN_S:
            self._tracks.popitem(last=False)
