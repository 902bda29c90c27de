"""One retraining: intake → features → fit → gate → publish, each a step over plain values.

The store changes by one compare-and-swap at the end, and the position moves only after it: a cycle that is killed
anywhere has changed nothing that anybody reads.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct

from models.bundle import Training
from models.store import Store
from trainer import families, position
from trainer.baselines import predictions
from trainer.candidates import Lesson, fit
from trainer.families import Configuration
from trainer.intake import Fault, Intake, fold, histories
from trainer.log import entries, last_position, opened
from trainer.publish import Verdict, publish
from trainer.rows import Rows
from trainer.sides import sides

log = logging.getLogger(__name__)

DATASETS = ["round log", "rehearsal"]
LICENCE = "players' rounds of this game, CC0-1.0 (Brockbank & Vul) and simulated play"

Configurations = Callable[[str], Sequence[Configuration]]


class Report(Struct, frozen=True):
    """What a cycle read and did; `verdicts` is empty where there was too little to learn from."""

    position: int
    rounds: int
    players: int
    matches: int
    faults: list[Fault]
    verdicts: list[Verdict]


def run(
    database: Path,
    store: Store,
    position_file: Path,
    names: Sequence[str] = families.NAMES,
    configurations: Configurations = families.configurations,
    seed: int = 0,
) -> Report:
    """Learn from the whole log and publish what is better; raises NoLog, and StoreError where it could not publish."""
    intake, faults, end = read(database)
    played = int(intake.rounds.played.sum())
    log.info("Read %d rounds of %d players in %d matches.", played, len(intake.players), len(intake.matches))
    lesson = teach(intake)
    verdicts: list[Verdict] = []
    if lesson is None:
        log.info("Too few matches to learn from some and be judged on others: nothing is fitted.")
    else:
        table = store.table()
        candidates = [fit(name, configurations(name), table, store, lesson, seed) for name in names]
        verdicts = publish(store, candidates, lesson.held_out)
    position.store(position_file, end)
    return Report(end, played, len(intake.players), len(intake.matches), faults, verdicts)


def read(database: Path) -> tuple[Intake, list[Fault], int]:
    """The whole log as columns, what could not be used, and its last position."""
    faults: list[Fault] = []
    with opened(database) as connection:
        end = last_position(connection)
        intake = histories(fold(entries(connection), faults))
    for fault in faults:
        log.warning("Match %s is left out, record %d is corrupt: %s", fault.match, fault.position, fault.reason)
    return intake, faults, end


def teach(intake: Intake) -> Lesson | None:
    """The rows to learn from and to be judged on; None where either would be empty."""
    played = intake.rounds.played
    train, validation, held_out = (side[played] for side in sides(intake))
    if not train.any() or not held_out.any():
        return None
    rows = Rows.of(intake.rounds)
    learned = rows.where(train | validation)
    return Lesson(
        train=rows.where(train),
        validation=rows.where(validation),
        held_out=rows.where(held_out),
        baselines={name: found[played][held_out] for name, found in predictions(intake.rounds).items()},
        training=Training(DATASETS, len(learned), len(np.unique(learned.player)), LICENCE),
    )
