"""Training sees what was served: every recorded round's features rebuilt twice from the log alone, and compared.

Once by the scalar code that served them, once by the vectorised code that trains on them; bit for bit, and against
the digest that was written down when the round was sealed.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from msgspec import Struct

from game.features import NAMES, SIZE, digest
from game.fold import apply, begin
from game.match import question
from game.state import Match
from telemetry.progress import Tell, untold
from trainer.data.features import matrix
from trainer.data.intake import Fault, fold, histories
from trainer.data.log import entries, opened

_AT_ONCE = 2000
"""Matches whose features are built together."""
DIGEST = "(digest)"
"""Named as the feature where both rebuilt vectors agree and the recorded digest does not."""


class Difference(Struct, frozen=True):
    """A recorded round whose features cannot be rebuilt as they were served."""

    match: str
    round: int
    feature: str


class Parity(Struct, frozen=True):
    """How many sealed rounds were compared, those that differ, and records that could not be read at all."""

    rounds: int
    differences: list[Difference]
    faults: list[Fault]


def compare(database: Path, tell: Tell = untold) -> Parity:
    """Replay every recorded match; raises NoLog."""
    faults: list[Fault] = []
    differences: list[Difference] = []
    rounds = 0
    with opened(database) as connection:
        matches = fold(entries(connection, tell), faults)
        while some := list(islice(matches, _AT_ONCE)):
            served = {match.id: list(_served(match)) for match in some}
            rounds += sum(len(one) for one in served.values())
            differences += _differences(some, served)
    return Parity(rounds, differences, faults)


_Served = tuple[int, bytes, str]
"""(round, features by the scalar code, recorded digest)."""


def _served(match: Match) -> Iterator[_Served]:
    """Each sealed round of the match, played or not, as the server saw it."""
    state = begin(match.opened)
    for round in match.rounds:
        yield round.sealed.round, question(state).features, round.sealed.features
        state = apply(apply(state, round.sealed), round.played)
    if match.sealed is not None:
        yield match.sealed.round, question(state).features, match.sealed.features


def _differences(matches: Iterable[Match], served: dict[str, list[_Served]]) -> Iterator[Difference]:
    intake = histories(matches)
    rebuilt = matrix(intake.rounds)
    rows = ((id, *one) for id in intake.matches for one in served[id])
    for ours, (id, round, scalar, recorded) in zip(rebuilt.astype("<f4"), rows, strict=True):
        if ours.tobytes() != scalar:
            theirs = np.frombuffer(scalar, "<u4", count=SIZE // 4)
            yield Difference(id, round, NAMES[int(np.flatnonzero(ours.view("<u4") != theirs)[0])])
        elif digest(scalar) != recorded:
            yield Difference(id, round, DIGEST)
