"""Who plays, judged by how: sessions that look scripted are told apart by their times and throws, and count less.

A session is the matches that one player played without a long pause. Three signs are looked for; any of them alone a
person may show, who throws rock for ever or leans on a key, so that it takes two. Nobody is accused or refused: the
rounds stay in the log, and a model learns a tenth from them.
"""

from hashlib import sha256

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from game.records import PlayerKind
from trainer.data.columns import Bools, Floats, Ints
from trainer.data.intake import Intake

PAUSE_MS = 30 * 60 * 1000
"""A match that was opened so long after the one before begins another session."""
FASTEST_MS = 150
"""The median time to throw below which nobody chooses: simple reactions to a sight take people some 200 ms."""
EVENNESS = 0.1
"""The standard deviation of these times over their mean; people's is three times that and more."""
EVENNESS_MS = 5.0
"""A deviation below this is even however short the times are: the clock counts whole milliseconds."""
TIMED = 20
"""Times that evenness is judged by, at least."""
ENTROPY_BITS = 0.1
"""Of a throw, given the two before it; who chooses freely among three has 1.58."""
THROWN = 30
"""Throws with two before them that this entropy is judged by, at least."""
SUSPECT = 2
"""So many signs together make a session scripted-looking."""
SCRIPTED_WEIGHT = 0.1
"""What a round of such a session counts; a person's counts 1."""


class Report(Struct, frozen=True):
    """How many sessions there are, how many show each sign, and how many rounds were weighted down for two of them."""

    sessions: int
    signs: dict[str, int]
    scripted: int
    rounds: int


def counts(match: str, kind: str, bot_share: float) -> bool:
    """Whether a match is one that models learn from and are compared by: all of people's, a share of all others'.

    Which others is fixed by the match's name, so that all who ask agree.
    """
    if kind == PlayerKind.HUMAN:
        return True
    return int.from_bytes(sha256(match.encode()).digest()[:8]) / 2**64 < bot_share


def weigh(intake: Intake) -> tuple[NDArray[np.float32], Report]:
    """(how much each round counts, what was found)."""
    session = _sessions(intake)
    number = int(session.max(initial=-1)) + 1
    by_round = session[intake.rounds.history]
    signs = {
        "rate": _hasty(by_round, intake.took, number),
        "timing": _even(by_round, intake.took, number),
        "entropy": _repetitive(by_round, intake.rounds.player, number),
    }
    scripted = np.sum([*signs.values()], axis=0) >= SUSPECT
    down = scripted[by_round] & intake.rounds.played
    found = {name: int(shown.sum()) for name, shown in signs.items()}
    report = Report(number, found, int(scripted.sum()), int(down.sum()))
    return np.where(scripted[by_round], SCRIPTED_WEIGHT, 1.0).astype(np.float32), report


def _sessions(intake: Intake) -> Ints:
    """The number of each match's session."""
    owner, at = intake.rounds.owner, intake.opened_at
    order = np.argsort(owner, kind="stable")  # matches are in the order of opening already
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (np.diff(owner[order]) != 0) | (np.diff(at[order]) >= PAUSE_MS)
    session = np.empty(len(order), np.int64)
    session[order] = np.cumsum(begins) - 1
    return session


def _hasty(session: Ints, took: Ints, number: int) -> Bools:
    """Where the median time is shorter than anybody's; the lower of the two in the middle."""
    timed = np.flatnonzero(took >= 0)
    order = timed[np.lexsort([took[timed], session[timed]])]
    count = np.bincount(session[timed], minlength=number)
    middle = np.cumsum(count) - count + np.maximum(count - 1, 0) // 2
    median = np.append(took[order], 0)[middle]
    return np.asarray((count > 0) & (median < FASTEST_MS))


def _even(session: Ints, took: Ints, number: int) -> Bools:
    """Where the times are as even as a clock's."""
    timed = took >= 0
    count = np.maximum(np.bincount(session[timed], minlength=number), 1)

    def mean(values: Floats) -> Floats:
        return np.asarray(np.bincount(session[timed], weights=values, minlength=number) / count)

    average = mean(took[timed].astype(np.float64))
    deviation = np.sqrt(mean((took[timed] - average[session[timed]]) ** 2))
    return np.asarray((count >= TIMED) & (deviation < np.maximum(EVENNESS * average, EVENNESS_MS)))


def _repetitive(session: Ints, moves: Ints, number: int) -> Bools:
    """Where a throw follows almost surely from the two before it."""
    order = np.argsort(session, kind="stable")
    order = order[moves[order] >= 0]
    own, thrown = session[order], moves[order].astype(np.int64)
    same = own[2:] == own[:-2]
    triple = (own[2:] * 27 + thrown[:-2] * 9 + thrown[1:-1] * 3 + thrown[2:])[same]
    seen = np.bincount(triple, minlength=27 * number).reshape(number, 9, 3)
    total = seen.sum(axis=(1, 2))
    surprise = np.log2(np.maximum(seen.sum(axis=2, keepdims=True), 1) / np.maximum(seen, 1))
    entropy = (seen * surprise).sum(axis=(1, 2)) / np.maximum(total, 1)
    return np.asarray((total >= THROWN) & (entropy < ENTROPY_BITS))
