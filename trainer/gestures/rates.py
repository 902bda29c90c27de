"""How well photos were read, counted: what share was answered, and what share of all, and of the answers, was right.

Who is not answered has thrown nothing, so an unclear photo counts as wrong in `accuracy`. Intervals are Wilson's for
one share at 95 % (Wilson, JASA 22, 1927); photos of one burst are more alike than that assumes.
"""

from collections.abc import Iterable, Sequence
from math import ceil

from msgspec import Struct

from game.gestures import Label, Look
from game.moves import MOVES
from game.rates import wilson

MOVE_LABELS = frozenset(Label(move) for move in MOVES)
Interval = tuple[float, float]


class Rates(Struct, frozen=True):
    """Over `n` photos that show a move. What is a share of nothing is None."""

    n: int
    accuracy: float | None
    coverage: float | None
    accuracy_answered: float | None
    accuracy_interval: Interval | None = None
    coverage_interval: Interval | None = None
    accuracy_answered_interval: Interval | None = None


class Seen(Struct, frozen=True):
    """One photo's source and label, what was seen in it, how long that took, and how the photo is called."""

    source: str
    label: Label
    look: Look
    ms: float
    name: str = ""

    @property
    def right(self) -> bool:
        """A move was read as that move, and what is no move as none."""
        if self.label in MOVE_LABELS:
            return self.look.clear and self.look.label == self.label
        return not self.look.clear


def rates(seen: Iterable[Seen]) -> Rates:
    """Of the photos among these that show a move."""
    moves = [one for one in seen if one.label in MOVE_LABELS]
    clear = sum(one.look.clear for one in moves)
    right = sum(one.right for one in moves)
    return Rates(
        len(moves),
        share(right, len(moves)),
        share(clear, len(moves)),
        share(right, clear),
        _interval(right, len(moves)),
        _interval(clear, len(moves)),
        _interval(right, clear),
    )


def macro(sources: Iterable[Rates]) -> Rates:
    """The mean of the sources' rates, each source counting once; `n` is how many photos that are in all."""
    told = [one for one in sources if one.n]
    answered = [one.accuracy_answered for one in told if one.accuracy_answered is not None]
    return Rates(
        sum(one.n for one in told),
        _mean([one.accuracy for one in told if one.accuracy is not None]),
        _mean([one.coverage for one in told if one.coverage is not None]),
        _mean(answered),
    )


def false_rate(seen: Iterable[Seen], label: Label) -> float | None:
    """The share of photos of this label, which is no move, that came out as a clear move."""
    found = [one for one in seen if one.label is label]
    return share(sum(one.look.clear for one in found), len(found))


def confusion(seen: Iterable[Seen], labels: Sequence[Label]) -> list[list[int]]:
    """Rows: what a photo shows, of these labels; columns: the move that was read, the last one for no clear one."""
    moves = [Label(move) for move in MOVES]
    table = [[0] * (len(moves) + 1) for _ in labels]
    for one in seen:
        if one.label in labels:
            table[labels.index(one.label)][moves.index(one.look.label) if one.look.clear else len(moves)] += 1
    return table


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _interval(part: int, whole: int) -> Interval | None:
    """Of the share of `part` in `whole`; None of nothing."""
    return wilson(part, whole) if whole else None


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest of the values that this share of them does not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
