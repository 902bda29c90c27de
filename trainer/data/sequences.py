"""Rows as play that went on: each player's rounds without a gap, in the order in which a reader is told of them.

A reader (`models.experts.reading`) foresees a round by reading all before it. What it reads of a round is both throws,
the low move, the base and the player's lead; all of it can be taken from a row. Where a player's rows break off and go
on later, what lies between was never seen, and reading begins again with what was known then.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from game.features import NAMES
from game.past import KEPT, recall
from game.points import BASES
from trainer.data.columns import Features, Ints
from trainer.data.rows import Rows

Whole = NDArray[np.int64]

TOLD = 5
"""Player's throw, bot's throw, low move, base as an index, the player's lead in tenths."""
FRESH = 100
LONGEST = KEPT + FRESH
"""Rounds of one reading. In play a reader is told of some `KEPT` earlier ones, so in longer careers than this the next
`FRESH` are read after so many once more."""
UNASKED = -1
"""Stands for the row of a round that is only read."""
READ = ("rock_pts", "paper_pts", "scissors_pts", "score_diff", "rounds_known")
"""The features that reading depends on."""
_VALUES = slice(NAMES.index("rock_pts"), NAMES.index("rock_pts") + 3)
_LEAD, _KNOWN = NAMES.index("score_diff"), NAMES.index("rounds_known")
_POINT = 10
"""Tenths."""
_MOST_KNOWN = 16.0
"""Of the logarithm of rounds known: nobody has played nine million."""


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """Rounds of one player that are read in order: `told` [t, TOLD], and the row of each or UNASKED."""

    told: Ints
    row: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Passages read side by side: `told` [g, t, TOLD] and `row` [g, t], filled up with rounds that nobody asks of."""

    told: Ints
    row: Ints

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> "Page":
        rounds = max(len(one.row) for one in passages)
        told = np.zeros((len(passages), rounds, TOLD), np.int64)
        row = np.full((len(passages), rounds), UNASKED)
        for at, one in enumerate(passages):
            told[at, : len(one.row)], row[at, : len(one.row)] = one.told, one.row
        return cls(told, row)


def unbroken(rows: Rows) -> list[Ints]:
    """The rows of every run of rounds without a gap; each run's in the order of play, which is that of `rows`."""
    order = np.argsort(rows.player, kind="stable")
    player = rows.player[order]
    known = np.rint(np.expm1(np.clip(rows.features[order, _KNOWN], 0, _MOST_KNOWN).astype(np.float64)))
    goes_on = (np.diff(player) == 0) & (np.diff(known) == 1)
    return np.split(order, np.flatnonzero(~goes_on) + 1) if len(rows) else []


def some_whole(rows: Rows, most: int, seed: int) -> Rows:
    """The rows, or whole runs of at most `most` drawn without replacement, of as many players as there is room for;
    their order stays."""
    if len(rows) <= most:
        return rows
    found = unbroken(rows)
    drawn = [found[at] for at in np.random.default_rng(seed).permutation(len(found))]
    drawn = [drawn[at] for at in np.argsort(_turns(rows.player[run[0]] for run in drawn), kind="stable")]
    fitting = int((np.cumsum([len(run) for run in drawn]) <= most).sum())
    return rows.where(np.sort(np.concatenate(drawn[:fitting] or [drawn[0][:most]])))


def _turns(players: Iterable[int]) -> list[int]:
    """How often each player has come up before."""
    seen: Counter[int] = Counter()
    turns = []
    for player in players:
        turns.append(seen[player])
        seen[player] += 1
    return turns


def passages(rows: Rows, again: int = KEPT) -> Iterator[Passage]:
    """All that must be read to foresee every row, in passages of no more than `LONGEST` rounds; in those that continue
    a run the first `again` are rounds of the passage before."""
    for run in runs(rows):
        yield Passage(run.told[:LONGEST], run.row[:LONGEST])
        for start in range(LONGEST - again, len(run.row) - again, LONGEST - again):
            part = slice(start, start + LONGEST)
            row = run.row[part].copy()
            row[:again] = UNASKED
            yield Passage(run.told[part], row)


def runs(rows: Rows) -> Iterator[Passage]:
    """Every unbroken run in one piece, after what was known of the player before it."""
    throws = np.maximum(np.column_stack([rows.thrown, rows.bot]), 0)  # a round never played ends its run
    table = np.column_stack([throws, *conditions(rows.features)])
    for run in unbroken(rows):
        past = [(one.player, one.bot, one.low, one.base, one.lead) for one in recall(rows.past[run[0]])]
        told = np.concatenate([np.array(past, np.int64).reshape(-1, TOLD), table[run]])
        yield Passage(told, np.concatenate([np.full(len(past), UNASKED), run]))


def pages(found: Sequence[Passage], games: int) -> Iterator[Page]:
    """The passages, so many side by side; like lengths together."""
    ordered = sorted(found, key=lambda one: len(one.row))
    for start in range(0, len(ordered), games):
        yield Page.of(ordered[start : start + games])


def conditions(features: Features) -> tuple[Whole, Whole, Whole]:
    """(low move, base as an index, the player's lead in tenths) of each row."""
    values = np.rint(features[:, _VALUES] * _POINT)
    base = np.clip(np.sort(values, axis=1)[:, 1] - BASES[0], 0, len(BASES) - 1)
    lead = np.rint(features[:, _LEAD] * _POINT)
    return values.argmin(axis=1), base.astype(np.int64), lead.astype(np.int64)
