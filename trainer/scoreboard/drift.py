"""Whether players play otherwise than those the models learned from: the population stability index, by feature.

PSI = sum over bins of (r - q) ln(r / q), r and q being the shares of a bin in the recent rounds and in the reference,
each at least `FLOOR`. Below .1 is usually read as no change, above .25 as one to act on (Siddiqi, Credit Risk
Scorecards, 2006). Where nothing has changed, chance alone gives (bins - 1)(1/n + 1/m) in the mean (Yurdakul & Naranjo,
Statistical properties of the population stability index, 2020): .02 at most for windows of `LEAST` rounds.

The reference is what the models learned from: all rounds up to the last finished cycle's position, or before the first
cycle, when only shipped models serve, the first `FIRST` rounds of the log. Recent are the last `RECENT` rounds after
it: the windows share no round. Whoever played counts, programs too: a wave of them is a change.

Both windows begin and end at whole steps of `STEP` rounds, at which the counts so far are kept: half a byte a round.
So nothing but the log decides what is kept, whenever cycles finish.
"""

from bisect import bisect_right
from collections.abc import Sequence
from math import log

from msgspec import Struct, field

from game.moves import INDEX, MOVES, OUTCOMES
from game.points import BASES, Rank, Values
from game.records import Input, Played

FIRST, RECENT, STEP = 2000, 2000, 500
LEAST = 500
"""Rounds that both windows must hold; before that there is no value."""
LEAST_OF_GROUP = 200
"""Rounds of each window that a group must know; most know nearly all. With fewer, chance alone would come near .1."""
FLOOR = 1e-4

GROUPS: dict[str, int] = {
    "move": len(MOVES),
    "rank": len(Rank),  # low, mid, high
    "outcome": len(OUTCOMES),
    "base": len(BASES),
    "response": 3,  # to the player's own last move in the match: stays, goes up to what beats it, goes down
    "score": 5,
    "round": 5,
    "input": len(Input),
    "gestures": len(MOVES),  # of the moves by camera and photo alone
}
"""Each group's number of bins."""
LEADS = (-39, -14, 15, 40)
"""Where bins of the player's lead before the round begin, in tenths; the first holds all below."""
ROUNDS = (4, 7, 10, 13)
"""Where bins of the round's number begin: the opening is the first."""

_INPUTS = {one: at for at, one in enumerate(Input)}
_OUTCOMES = {one: at for at, one in enumerate(OUTCOMES)}
_SEEN = (Input.CAMERA, Input.UPLOAD)

Counts = list[list[int]]
"""Rounds by bin, for each group in its order."""


def _none() -> Counts:
    return [[0] * bins for bins in GROUPS.values()]


class Step(Struct, array_like=True, frozen=True):
    """The counts after so many whole steps, the last round of them being at this position of the log."""

    position: int
    counts: Counts


class Windows(Struct):
    """All rounds so far, and how they were counted at every step."""

    rounds: int = 0
    counts: Counts = field(default_factory=_none)
    steps: list[Step] = field(default_factory=list)

    def add(self, position: int, bins: Sequence[int | None]) -> None:
        """Count one more round, which is in these bins of the groups; None where a group does not know it."""
        for counts, bin in zip(self.counts, bins, strict=True):
            if bin is not None:
                counts[bin] += 1
        self.rounds += 1
        if self.rounds % STEP == 0:
            self.steps.append(Step(position, [list(counts) for counts in self.counts]))


class Drift(Struct, frozen=True):
    """Rounds in both windows, and the index of each group that both know well enough."""

    recent: int
    reference: int
    psi: dict[str, float]


def bins(played: Played, values: Values, last: int | None) -> tuple[int | None, ...]:
    """The round's bin in each group; `last` is the index of the player's move in the round before, if there was one."""
    move, worths = INDEX[played.player_move], sorted(values.values())
    lead = (played.scores.player - played.gained.player) - (played.scores.bot - played.gained.bot)
    return (
        move,
        worths.index(values[played.player_move]),
        _OUTCOMES[played.outcome],
        BASES.index(worths[1]),
        None if last is None else (move - last) % 3,
        bisect_right(LEADS, lead),
        bisect_right(ROUNDS, played.round),
        _INPUTS[played.input],
        move if played.input in _SEEN else None,
    )


def measured(windows: Windows, learned: int) -> Drift:
    """How the rounds after the reference differ from it; `learned` is the last finished cycle's position, 0 if none."""
    steps = windows.steps
    reference = bisect_right(steps, learned, key=lambda step: step.position)
    if not learned:
        reference = min(FIRST // STEP, len(steps))
    begin = max(reference, len(steps) - RECENT // STEP)
    rounds = windows.rounds - begin * STEP, reference * STEP
    if min(rounds) < LEAST:
        return Drift(*rounds, {})
    before = steps[begin - 1].counts
    known = zip(GROUPS, windows.counts, before, steps[reference - 1].counts, strict=True)
    return Drift(*rounds, {group: found for group, *counts in known if (found := _index(*counts)) is not None})


def _index(now: Sequence[int], before: Sequence[int], reference: Sequence[int]) -> float | None:
    recent = [ours - theirs for ours, theirs in zip(now, before, strict=True)]
    return psi(recent, reference) if min(sum(recent), sum(reference)) >= LEAST_OF_GROUP else None


def psi(recent: Sequence[int], reference: Sequence[int]) -> float:
    """The index of two windows' counts by bin; both hold something."""
    pairs = zip(_shares(recent), _shares(reference), strict=True)
    return sum((ours - theirs) * log(ours / theirs) for ours, theirs in pairs)


def _shares(counts: Sequence[int]) -> list[float]:
    whole = sum(counts)
    return [max(count / whole, FLOOR) for count in counts]
