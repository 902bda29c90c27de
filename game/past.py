"""A player's latest rounds one by one, a byte each: what models that follow a player are told.

A byte tells both throws and the round's values; one before a match's first round tells where it begins. Only whole
matches are forgotten, and only when another begins: within a match the past grows at its end alone, so who has read a
part of it can go on from there. It is let grow to `FULL` and then cut to `KEPT`, so that most matches begin so too.
"""

from collections.abc import Iterator
from itertools import product

from msgspec import Struct

from game.moves import BEATS, INDEX, MOVES, Move, outcome
from game.points import BASES, HIGH_STEP, LOW, Values, gains

KEPT = 400
"""Rounds and match beginnings, at most, that are left when older matches are forgotten: some twenty-five matches."""
FULL = 600
"""So many when a match begins are too many."""
LONGEST = FULL + 32
"""Bytes of the longest past there can be: no match has more than 20 rounds, because each gives 10 or more."""
BEGINS = 255
"""The byte before a match's first round."""

_CHOICES = range(len(MOVES)), range(len(MOVES)), range(len(MOVES)), range(len(BASES))


class PastRound(Struct, frozen=True):
    """A round as models see it: indices into `MOVES` for the throws and the low move, the base as an index into
    `BASES`, the player's lead in tenths before it, and whether a match begins with it.
    """

    player: int
    bot: int
    low: int
    base: int
    lead: int
    first: bool


def begun(past: bytes) -> bytes:
    """The past as a match begins: if it is full, older matches are left out."""
    if len(past) >= FULL:
        later = past.find(BEGINS, len(past) - KEPT)
        past = past[later:] if later >= 0 else b""
    return past + bytes([BEGINS])


def lengthened(past: bytes, player: Move, bot: Move, values: Values) -> bytes:
    """The past once this round has been played too."""
    low, base = place(values)
    code = ((INDEX[player] * len(MOVES) + INDEX[bot]) * len(MOVES) + low) * len(BASES) + base
    return past + bytes([code])


def place(values: Values) -> tuple[int, int]:
    """(the low move, the base) of these values, as in `PastRound`."""
    low = min(MOVES, key=values.__getitem__)
    return INDEX[low], BASES.index(sorted(values.values())[1])


def values_at(low: int, base: int) -> Values:
    """The values that `place` tells so."""
    lowest = MOVES[low]
    highest = BEATS[lowest]
    return {lowest: LOW, highest: BASES[base] + HIGH_STEP, BEATS[highest]: BASES[base]}


def _gained(player: int, bot: int, low: int, base: int) -> int:
    """What the player gained beyond the bot."""
    mine, theirs = MOVES[player], MOVES[bot]
    ours, others = gains(mine, theirs, outcome(mine, theirs), values_at(low, base))
    return ours - others


_ROUNDS = [(*told, _gained(*told)) for told in product(*_CHOICES)]
"""What each byte tells of its round, and what the player gained beyond the bot in it."""
_CODES = bytes([*range(len(_ROUNDS)), BEGINS])


def is_past(given: bytes) -> bool:
    """Whether these bytes can be a past."""
    return len(given) <= LONGEST and not given.translate(None, _CODES)


def recall(past: bytes, start: int = 0) -> Iterator[PastRound]:
    """The rounds of a past from byte `start` on, the oldest first."""
    lead, first = 0, False
    for at in range(max(past.rfind(BEGINS, 0, start), 0), len(past)):
        code = past[at]
        if code == BEGINS:
            lead, first = 0, True
            continue
        player, bot, low, base, gained = _ROUNDS[code]
        if at >= start:
            yield PastRound(player, bot, low, base, lead, first)
        lead, first = lead + gained, False
