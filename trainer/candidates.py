"""A family's next model: its configuration in production, fitted again on the log and on rehearsal."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Struct

from game.assignment import Alias
from models.bundle import Manifest, Training
from models.store import Store, Table
from trainer import served
from trainer.columns import Floats
from trainer.families import Configuration
from trainer.manifests import describe, judge
from trainer.rehearsal import rehearse
from trainer.rows import Rows

REHEARSED = 600
"""Rehearsed players: some 50,000 rounds, a good half minute of fitting for all families together."""
ASIDE = 6
"""One rehearsed player in so many is for validation."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """The log's rows by side, what the baselines say of the held-out ones, and what the manifest tells of it."""

    train: Rows
    validation: Rows
    held_out: Rows
    baselines: dict[str, Floats]
    training: Training


class Candidate(Struct, frozen=True):
    """A fitted model with its manifest; its metrics are on the held-out rounds."""

    manifest: Manifest
    model: bytes


def fit(
    family: str, choices: Sequence[Configuration], table: Table, store: Store, lesson: Lesson, seed: int
) -> Candidate:
    """Fit, check the graph and measure it on the held-out rounds."""
    pin = table.aliases.get(family, {}).get(Alias.PRODUCTION)
    production = None if pin is None else store.bundle(pin)
    name = None if production is None else production.manifest.configuration.get("name")
    configuration = next((one for one in choices if one.name == name), choices[0])
    player = None if production is None else served.Served(production.model)
    rehearsed = rehearse(player, np.random.default_rng(seed), REHEARSED)
    aside = rehearsed.player % ASIDE == 0
    train = Rows.join([lesson.train, rehearsed.where(~aside)])
    # a few real players alone are too few to stop and calibrate by: one odd one would bend the whole model
    validation = Rows.join([lesson.validation, rehearsed.where(aside)])
    fitted = configuration.fit(train, validation, seed)
    served.check(fitted, lesson.held_out.features)
    predicted = {family: served.Served(fitted.model).predict(lesson.held_out.features), **lesson.baselines}
    scores = judge(predicted, lesson.held_out, seed)
    metrics = scores.pop(family)
    log.info("Fitted %s (%s) on %d rows.", family, configuration.name, len(train))
    return Candidate(describe(family, configuration, fitted.model, lesson.training, metrics, scores), fitted.model)
