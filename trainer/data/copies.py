"""Matches that stand in the log twice under different names, as after an import that was repeated.

A copy would be learned from on one side and judge on another (`trainer.data.sides` refuses that), so the first one
counts and the others are left out.
"""

from collections.abc import Iterator

import numpy as np

from trainer.data.columns import Rounds
from trainer.data.intake import Intake, chosen

LONG = 10
"""Rounds from which on two matches are not alike by chance: each has 15 possible values and 9 pairs of throws."""


def contents(rounds: Rounds) -> Iterator[tuple[int, bytes]]:
    """(history, all that was thrown in it and for what) of the long ones."""
    content = np.column_stack([rounds.player, rounds.bot, rounds.values])
    ends = np.append(rounds.starts[1:], len(rounds))
    for history in np.flatnonzero(ends - rounds.starts >= LONG).tolist():
        yield history, content[rounds.starts[history] : ends[history]].tobytes()


def without(intake: Intake) -> tuple[Intake, list[tuple[str, str]]]:
    """The intake without copies, and which were left out: (copy, the match that it is a copy of)."""
    seen: dict[bytes, int] = {}
    found = {
        history: first
        for history, body in contents(intake.rounds)
        if (first := seen.setdefault(body, history)) != history
    }
    if not found:
        return intake, []
    kept = np.setdiff1d(np.arange(len(intake.matches)), list(found))
    return chosen(intake, kept), [(intake.matches[history], intake.matches[first]) for history, first in found.items()]
