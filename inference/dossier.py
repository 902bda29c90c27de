"""What the versions of a family make of one player, up to some round of the player's past.

Everything here follows from the past alone: a dossier is only kept so that no round need be read twice.
"""

from collections import deque
from collections.abc import Sequence
from time import thread_time_ns
from typing import NamedTuple, Self

import numpy as np

from game.features import NAMES, unpack
from game.moves import MOVES
from game.past import LONGEST, PastRound, place, recall, values_at
from game.points import TARGET
from inference.loaded import Floats
from inference.model import Shares, counted
from inference.reader import Reader, Said, alone
from models.experts.reading import Reading

_VALUES = [NAMES.index(f"{move}_pts") for move in MOVES]
_LEAD = NAMES.index("score_diff")


class Coming(NamedTuple):
    """A round that is about to be played: the low move, the base as an index, the player's lead in tenths."""

    low: int
    base: int
    lead: int

    @classmethod
    def told(cls, features: bytes) -> Self:
        """The round of this packed vector; raises ValueError where it tells of none."""
        numbers = unpack(features)
        try:
            values = {move: round(numbers[at] * 10) for move, at in zip(MOVES, _VALUES, strict=True)}
            low, base = place(values)
            lead = round(numbers[_LEAD] * 10)
        except OverflowError as error:
            raise ValueError("an infinite number") from error
        if values != values_at(low, base) or abs(lead) > 2 * TARGET:
            raise ValueError("no values or no lead of any round")
        return cls(low, base, lead)


class Panel:
    """Versions that read a player side by side: each has a game of the same `Reading`."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self.readers = tuple(readers)
        self.prior: Floats = np.stack([reader.prior for reader in readers])


class Dossier:
    """`past` is what it is to be read up to, and `behind` how many rounds of it are still to be read."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.past = b""
        self._ahead: deque[PastRound] = deque()
        self._reading = Reading(panel.prior, LONGEST)
        self._memories = [reader.nothing_yet() for reader in panel.readers]
        self._foreseen: tuple[Coming, list[Floats]] | None = None

    @property
    def behind(self) -> int:
        return len(self._ahead)

    def extend(self, past: bytes) -> None:
        """Go on to this past, which begins with the one until now."""
        self._ahead.extend(recall(past, len(self.past)))
        self.past = past

    def read_on(self) -> None:
        """Read the next round. The gates are run again only if it is not the one they were asked about last."""
        played = self._ahead.popleft()
        coming = Coming(played.low, played.base, played.lead)
        if self._foreseen is None or self._foreseen[0] != coming:
            self._foresee(coming)
        assert self._foreseen is not None
        self._memories, self._foreseen = self._foreseen[1], None
        self._reading.learn(self._each(played.player), self._each(played.bot))

    def ask(self, coming: Coming) -> Shares:
        """What each version of the panel expects in the round after the past, as `inference.model.ask` tells it.

        Every version counts its run; not those of earlier rounds, which were served before.
        """
        said, times = self._foresee(coming)
        return counted(self.panel.readers, [one.shares for one in said], times)

    def _foresee(self, coming: Coming) -> tuple[list[Said], list[int]]:
        low, base, lead = map(self._each, coming)
        evidence = self._reading.expect(low, base, lead)
        said, times = [], [thread_time_ns()]
        for game, (reader, memory) in enumerate(zip(self.panel.readers, self._memories, strict=True)):
            said.append(reader.run(alone(evidence, game), memory))
            times.append(thread_time_ns())
        self._foreseen = coming, [one.memory for one in said]
        return said, times

    def _each(self, number: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        return np.full(len(self.panel.readers), number)
