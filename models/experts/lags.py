"""The lags of g games: what the next context is made from, kept round by round."""

import numpy as np

from models.experts.layout import COLUMN, LAGS, UNKNOWN, Ints
from models.experts.specs import LONGEST

_OWN, _OPP = COLUMN["own1"], COLUMN["opp1"]
_OWNS, _OPPS = 5, 4
_OUT, _RANK, _OPP_RANK = COLUMN["out1"], COLUMN["rank1"], COLUMN["opprank1"]
_LOW, _BASE, _AHEAD, _STREAK = COLUMN["low"], COLUMN["base"], COLUMN["ahead"], COLUMN["streak"]
_LONGEST, _LENGTH = COLUMN[LONGEST[0]], COLUMN[f"{LONGEST[0]} length"]
_LEVEL = 1
_NEUTRAL = 1
_CLASS = np.array([0, 0, 1, 1, 2, 2, 2, 3])
"""Of a longest match, by its length."""
LONGEST_KNOWN = len(_CLASS) - 1
_FOLLOWING = [1, 1, 2]
"""Whose throw is looked up behind each stretch: the player's, and the opponent's behind the opponent's own."""


class Lags:
    """`lags` int64 [g, LAGS] as of the round to come."""

    def __init__(self, games: int, room: int) -> None:
        """`room` rounds at most will be recorded."""
        self.lags = np.full((games, len(LAGS)), UNKNOWN)
        self.lags[:, [_LOW, _BASE]] = 0
        self.lags[:, _AHEAD] = _LEVEL
        self.lags[:, _STREAK] = _NEUTRAL
        self.lags[:, _LENGTH : _LENGTH + len(LONGEST)] = 0
        self._run = np.zeros(games, np.int64)
        self._longest = _Longest(games, room)

    def open(self, low: Ints, base: Ints, lead: Ints) -> None:
        """The coming round's low move, the base of its values from 0, and the player's lead, each [g]."""
        self.lags[:, _LOW], self.lags[:, _BASE] = low, base
        self.lags[:, _AHEAD] = np.sign(lead) + _LEVEL

    def close(self, player: Ints, opponent: Ints) -> None:
        """What was thrown in it."""
        lags, low = self.lags, self.lags[:, _LOW]
        lags[:, _OWN + 1 : _OWN + _OWNS] = lags[:, _OWN : _OWN + _OWNS - 1].copy()
        lags[:, _OPP + 1 : _OPP + _OPPS] = lags[:, _OPP : _OPP + _OPPS - 1].copy()
        lags[:, _OUT + 1 : _OUT + 3] = lags[:, _OUT : _OUT + 2].copy()
        lags[:, _RANK + 1] = lags[:, _RANK]
        outcome = (opponent - player) % 3
        lags[:, _OWN], lags[:, _OPP], lags[:, _OUT] = player, opponent, outcome
        lags[:, _RANK], lags[:, _OPP_RANK] = (player - low) % 3, (opponent - low) % 3
        self._count_run(outcome)
        followed, length = self._longest.add(player, opponent)
        lags[:, _LONGEST : _LONGEST + len(LONGEST)] = followed
        lags[:, _LENGTH : _LENGTH + len(LONGEST)] = _CLASS[length]

    def _count_run(self, outcome: Ints) -> None:
        """Rounds lost in a row above zero, won in a row below; a draw ends either."""
        won, lost = outcome == 2, outcome == 1
        run = np.where(won, np.minimum(self._run, 0) - 1, np.where(lost, np.maximum(self._run, 0) + 1, 0))
        self._run = run
        self.lags[:, _STREAK] = np.clip(run, -1, 2) + 1


class _Longest:
    """The longest earlier stretch equal to the latest rounds: of both sides' throws, the player's, the opponent's."""

    def __init__(self, games: int, room: int) -> None:
        self._symbols = np.zeros((len(LONGEST), games, room), np.int8)
        self._equal = np.zeros((len(LONGEST), games, room), np.int8)
        self._rounds = 0

    def add(self, player: Ints, opponent: Ints) -> tuple[Ints, Ints]:
        """(the move that followed the latest longest stretch or none, its length), each [g, 3]."""
        last = self._rounds
        self._rounds += 1
        self._symbols[:, :, last] = 3 * player + opponent, player, opponent
        games = len(player)
        if not last:
            return np.full((games, len(LONGEST)), UNKNOWN), np.zeros((games, len(LONGEST)), np.int64)
        same = self._symbols[:, :, :last] == self._symbols[:, :, last, None]
        equal = np.zeros((len(LONGEST), games, last), np.int8)
        equal[:, :, 1:] = self._equal[:, :, : last - 1]
        equal = np.where(same, np.minimum(equal + 1, LONGEST_KNOWN), 0).astype(np.int8)
        self._equal[:, :, :last] = equal
        end = last - 1 - equal[:, :, ::-1].argmax(axis=2)
        length = np.take_along_axis(equal, end[:, :, None], axis=2)[:, :, 0].astype(np.int64)
        followed = np.take_along_axis(self._symbols[_FOLLOWING], end[:, :, None] + 1, axis=2)[:, :, 0].astype(np.int64)
        followed[length == 0] = UNKNOWN
        return followed.T, length.T
