"""What one family's part of a cycle works on: rows by side, with rehearsal, and what the baselines say.

A log of a million rounds is 200 MB of features: they are computed straight into the array that fits read, some
matches at a time, and exist once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from game.features import NAMES
from models.bundle import Training
from trainer.data.baselines import predictions
from trainer.data.columns import Floats, Ints, pick, rows_of
from trainer.data.rehearsal import ROUNDS_EACH, rehearse
from trainer.data.rows import Rows
from trainer.data.sequences import some_whole
from trainer.data.sides import FEW, Sides, sides
from trainer.data.snapshot import Snapshot
from trainer.errors import NothingToLearn
from trainer.fitting.families import MOST_JUDGED
from trainer.fitting.served import Served

DATASETS = ["round log", "rehearsal"]
LICENCE = "players' rounds of this game, CC0-1.0 (Brockbank & Vul) and simulated play"
JUDGED_ON = "the newest rounds of the log, later than all it learned from"

REHEARSED = 600
"""Rehearsed players beside a log of some thousand rounds: 50,000 rounds, about what the first models learned from."""
FEWEST_REHEARSED = 60
"""However long the log is: rare positions stay covered, at hardly any cost."""
SHARE = 10
"""Rehearsed rounds for each of a short log, at most: with more of them what is new is not heard."""
LONG = 50_000
"""Rounds of a log beside which half as many players are rehearsed. Rehearsal stands for what would be forgotten, and a
log that holds everything anybody plays leaves less and less to forget."""
ASIDE = 6
"""One rehearsed player in so many is for validation."""
_AT_ONCE = 2000
"""Matches whose features are computed together."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Rows by side. `clusters` are those that held-out rows are resampled by: players, or matches where those are few.

    `validation` holds no more rows than a fit looks at, in whole runs that can be read; `training` counts what the log
    alone gave.
    """

    train: Rows
    validation: Rows
    held_out: Rows
    clusters: Ints
    baselines: dict[str, Floats]
    training: Training


def teach(snapshot: Snapshot, production: Served | None, cycle: int, seed: int) -> Lesson:
    """The rows to learn from and to be judged on; raises NothingToLearn, and LeakError if one were both."""
    if not snapshot.played:
        raise NothingToLearn("Nobody has played a round yet.")
    found = sides(snapshot, cycle)
    held_out = gathered(snapshot, np.flatnonzero(found.held_out), Rows.none())
    train, validation = np.flatnonzero(found.train), np.flatnonzero(found.validation)
    rounds = sum(_played(snapshot, side) for side in (train, validation))
    if not _played(snapshot, train) or not len(held_out):
        raise NothingToLearn("There are too few matches to learn from some and be judged on others.")
    rehearsed = rehearse(production, np.random.default_rng(seed), rehearsed_players(rounds))
    aside = rehearsed.player % ASIDE == 0
    players = len(np.unique(snapshot.rounds.owner[~found.held_out]))
    return Lesson(
        train=gathered(snapshot, train, rehearsed.where(~aside)),
        # a few real players alone are too few to stop and calibrate by: one odd one would bend the whole model
        validation=some_whole(gathered(snapshot, validation, rehearsed.where(aside)), MOST_JUDGED, seed),
        held_out=held_out,
        clusters=_clusters(snapshot, found, held_out),
        baselines=_baselines(snapshot, found),
        training=Training(DATASETS, rounds, players, LICENCE, JUDGED_ON),
    )


def rehearsed_players(rounds: int) -> int:
    """How many players are made up beside so many rounds."""
    most = min(REHEARSED * LONG / (LONG + rounds), SHARE * rounds / ROUNDS_EACH)
    return max(FEWEST_REHEARSED, round(most))


def gathered(snapshot: Snapshot, histories: Ints, also: Rows) -> Rows:
    """The rows of these histories, then those given."""
    features = np.empty((_played(snapshot, histories) + len(also), len(NAMES)), np.float32)
    at, rest = 0, []
    for part in (*_parts(snapshot, histories), also):
        features[at : at + len(part)] = part.features
        at += len(part)
        rest.append(replace(part, features=part.features[:0]))
    return replace(Rows.join(rest), features=features)


def _parts(snapshot: Snapshot, histories: Ints) -> Iterator[Rows]:
    for start in range(0, len(histories), _AT_ONCE):
        these = histories[start : start + _AT_ONCE]
        weight = snapshot.weight[rows_of(snapshot.rounds, these)]
        yield Rows.of(pick(snapshot.rounds, these), weight)


def _played(snapshot: Snapshot, histories: Ints) -> int:
    return int(snapshot.rounds.played[rows_of(snapshot.rounds, histories)].sum())


def _clusters(snapshot: Snapshot, found: Sides, held_out: Rows) -> Ints:
    if len(np.unique(held_out.player)) >= FEW:
        return held_out.player
    rounds = snapshot.rounds
    return rounds.history[rounds.played & found.held_out[rounds.history]]


def _baselines(snapshot: Snapshot, found: Sides) -> dict[str, Floats]:
    """What they say of the held-out rows, having seen all that these players did before."""
    owner = snapshot.rounds.owner
    theirs = np.flatnonzero(np.isin(owner, owner[found.held_out]))
    rounds = pick(snapshot.rounds, theirs)
    judged = rounds.played & found.held_out[theirs][rounds.history]
    return {name: said[judged] for name, said in predictions(rounds).items()}
