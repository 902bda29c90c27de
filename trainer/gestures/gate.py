"""The gate of gesture models: a candidate must not be shown to be worse than what serves, on any source of photos.

Both look at the same photos through the served pipeline. Per source only the photos count that one of the two gets
right and the other wrong: were both equally good, each of these would fall to either like a coin. The candidate is
refused where it loses so many of them that a fair coin would do that in fewer than one case in twenty (the exact,
one-sided test of McNemar, Psychometrika 12, 1947), on one source or on all photos together.
"""

from collections.abc import Mapping, Sequence
from math import comb

from msgspec import Struct

from trainer.gestures.rates import Seen

ALPHA = 0.05
ALL = "all photos"


class Check(Struct, frozen=True):
    """On one source: how many photos only the candidate, and how many only Production got right, of how many."""

    source: str
    photos: int
    won: int
    lost: int
    chance: float
    """How probable it is that a fair coin loses so many of them, or more."""

    @property
    def passed(self) -> bool:
        return self.chance >= ALPHA

    def __str__(self) -> str:
        return f"{self.source}: {self.won} won and {self.lost} lost of {self.photos} (p {self.chance:.3f})"


class Verdict(Struct, frozen=True):
    """What the gate says of a candidate."""

    passed: bool
    reason: str
    checks: list[Check]


def judge(candidate: Mapping[str, Sequence[Seen]], production: Mapping[str, Sequence[Seen]]) -> Verdict:
    """By source what both have seen, photo by photo in the same order."""
    checks = [compared(name, seen, production[name]) for name, seen in candidate.items()]
    ours, theirs = ([one for seen in side.values() for one in seen] for side in (candidate, production))
    checks.append(compared(ALL, ours, theirs))
    failed = [check for check in checks if not check.passed]
    told = failed or checks[-1:]
    reason = ("worse on " if failed else "not worse on any source; ") + "; ".join(map(str, told))
    return Verdict(not failed, reason, checks)


def compared(source: str, candidate: Sequence[Seen], production: Sequence[Seen]) -> Check:
    pairs = [(ours.right, theirs.right) for ours, theirs in zip(candidate, production, strict=True)]
    won, lost = pairs.count((True, False)), pairs.count((False, True))
    return Check(source, len(pairs), won, lost, coin(lost, won + lost))


def coin(lost: int, of: int) -> float:
    """The probability that a fair coin shows this side so often or more, thrown so many times."""
    return float(sum(comb(of, count) for count in range(lost, of + 1)) / 2**of)
