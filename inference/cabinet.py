"""The dossiers of the players who are being followed: found by the player's past itself, and bounded in number.

A dossier is filed under the past that it was brought to last. The next question of the same player brings a past that
begins with that one. Where nothing is found, or only of somebody else, the past is read anew.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence

from msgspec import Struct

from inference.dossier import Dossier, Panel
from inference.reader import Reader

ROOM = 512
"""Players at once. One takes some 70 kB for each distinct version of the family, so that all may take 150 MB."""
AWAY_S = 600.0
"""Who has not been asked about for so long is forgotten."""
BUSY_S = 10.0
"""Who was asked about so lately is playing, and makes no room for others: if all were, each round of any of them would
have to be read from the beginning.
"""
_GAP = 24
"""Bytes by which a past may have grown since the last question: more than a whole match, if none came through."""

_Key = tuple[str, bytes]


class File(Struct, eq=False):
    """A player's dossier; while versions are new, their dossier is read up beside it, and takes its place."""

    dossier: Dossier
    asked_at: float
    heir: Dossier | None = None


class Cabinet:
    """The files of at most `room` players, the one asked about longest ago first."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._files: OrderedDict[_Key, File] = OrderedDict()
        self._panels: dict[str, Panel] = {}

    def __len__(self) -> int:
        return len(self._files)

    def file(
        self, family: str, readers: Sequence[Reader], past: bytes, now: float, taken: Callable[[Dossier], bool]
    ) -> File | None:
        """The player's file, its dossiers on the way to this past; None if there is no room for one more.

        Nobody's dossier that is `taken` goes on to a further past.
        """
        panel = self._panel(family, readers)
        file = self._found(family, past, taken)
        if file is None:
            if not self._make_room(now):
                return None
            file = File(Dossier(panel), now)
        file.asked_at = now
        file.dossier.extend(past)
        if file.dossier.panel is not panel:
            _bring_up(file, panel)
        self._files[family, past] = file
        return file

    def _panel(self, family: str, readers: Sequence[Reader]) -> Panel:
        panel = self._panels.get(family)
        if panel is None or set(panel.readers) != set(readers):
            panel = self._panels[family] = Panel(readers)
        return panel

    def _found(self, family: str, past: bytes, taken: Callable[[Dossier], bool]) -> File | None:
        for size in range(len(past), max(len(past) - _GAP, 0) - 1, -1):
            file = self._files.get((family, past[:size]))
            if file is not None and (size == len(past) or not taken(file.dossier)):
                return self._files.pop((family, past[:size]))
        return None

    def _make_room(self, now: float) -> bool:
        """Forget who is away; whether there is room then."""
        while self._files:
            key, oldest = next(iter(self._files.items()))
            idle = now - oldest.asked_at
            if idle < (AWAY_S if len(self._files) < self._room else BUSY_S):
                break
            del self._files[key]
        return len(self._files) < self._room


def _bring_up(file: File, panel: Panel) -> None:
    """Read the past with this panel too; until that is done the old one answers for the versions that still serve."""
    heir = file.heir if file.heir is not None and file.heir.panel is panel else Dossier(panel)
    heir.extend(file.dossier.past)
    serves = set(file.dossier.panel.readers) & set(panel.readers)
    if heir.behind <= file.dossier.behind or not serves:
        file.dossier, file.heir = heir, None
    else:
        file.heir = heir
