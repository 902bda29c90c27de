"""One family's part of a cycle: teach → fit a few ways → choose by validation → gate.

Nothing is changed by it: what comes of a verdict is decided elsewhere (`trainer.steps`).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from game.assignment import Alias
from models.bundle import Bundle, Manifest, Scores
from models.store import Store, Table
from trainer.data.lessons import Lesson, teach
from trainer.data.snapshot import Snapshot, Tell
from trainer.errors import NothingToLearn
from trainer.fitting import families, gate
from trainer.fitting.candidates import Attempt, attempt, chosen, run_of
from trainer.fitting.families import Configuration
from trainer.fitting.gate import Verdict
from trainer.fitting.manifests import describe, judge
from trainer.fitting.measures import scores
from trainer.fitting.served import Served
from trainer.registry.runs import Run

log = logging.getLogger(__name__)

_FITTED_FROM, _FITTED_TO = 0.05, 0.9
"""The share of the work that is done when the first fit begins, and when the last has ended."""

Configurations = Callable[[str], Sequence[Configuration]]


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of it. Where there was too little to learn from, there are no candidate, verdict and runs."""

    family: str
    reason: str
    verdict: Verdict | None = None
    candidate: Manifest | None = None
    model: bytes = b""
    runs: tuple[Run, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the candidate may be put among those that serve."""
        return self.verdict is not None and self.verdict.passed


def learn(
    family: str,
    snapshot: Snapshot,
    store: Store,
    table: Table,
    cycle: int,
    seed: int,
    tell: Tell,
    configurations: Configurations = families.configurations,
) -> Learned:
    """Fit the family's next model and judge it; raises LeakError, and BundleError for what is in production."""
    tell("rehearsing", 0.0)
    pin = table.aliases.get(family, {}).get(Alias.PRODUCTION)
    production = None if pin is None else store.bundle(pin)
    player = None if production is None else Served.of(production)
    try:
        lesson = teach(snapshot, player, cycle, seed)
        attempts = _attempts(_choices(configurations(family), production, cycle), lesson, seed, tell)
    except NothingToLearn as error:
        return Learned(family, str(error))
    best = min(attempts, key=lambda one: one.validation.log_loss)
    tell("judging", _FITTED_TO)
    serving = None if production is None or player is None else (production.manifest.version, player)
    verdict = gate.judge(family, best.fitted, serving, lesson.held_out, seed, lesson.clusters)
    log.info("%s (%s): %s", verdict.version, best.configuration.name, verdict.reason)
    theirs = _scores_of(player, lesson, seed)
    runs = tuple(
        run_of(one, family, lesson, theirs, cycle, seed, snapshot.id, verdict.passed if one is best else None)
        for one in attempts
    )
    tell("judged", 1.0)
    return Learned(family, verdict.reason, verdict, _manifest(family, best, lesson, seed), best.fitted.model, runs)


def _choices(configurations: Sequence[Configuration], production: Bundle | None, cycle: int) -> Sequence[Configuration]:
    name = None if production is None else production.manifest.configuration.get("name")
    return chosen(configurations, name, cycle)


def _attempts(choices: Sequence[Configuration], lesson: Lesson, seed: int, tell: Tell) -> list[Attempt]:
    """All of them fitted, one after the other."""
    attempts = []
    for number, configuration in enumerate(choices):
        share = _FITTED_FROM + (_FITTED_TO - _FITTED_FROM) * number / len(choices)
        tell(f"fitting {configuration.name}", share)
        attempts.append(attempt(configuration, lesson, seed))
        found = attempts[-1]
        took = (found.ended - found.started) / 1000
        log.info("%s: validation log-loss %.4f, %.1f s", configuration.name, found.validation.log_loss, took)
    return attempts


def _scores_of(production: Served | None, lesson: Lesson, seed: int) -> Scores | None:
    if production is None:
        return None
    return scores(production.predict(lesson.held_out), lesson.held_out, seed, lesson.clusters)


def _manifest(family: str, best: Attempt, lesson: Lesson, seed: int) -> Manifest:
    baselines = judge(lesson.baselines, lesson.held_out, seed, lesson.clusters)
    model, reads = best.fitted.model, best.fitted.reads
    return describe(family, best.configuration, model, lesson.training, best.held_out, baselines, reads)
