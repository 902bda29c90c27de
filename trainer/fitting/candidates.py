"""A family's attempts at its next model: which configurations are fitted, how each did, and what is told of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from time import time

from msgspec import to_builtins
from msgspec.structs import asdict

import game
import models
import trainer
from models.bundle import Scores, version_of
from trainer.data.lessons import Lesson
from trainer.fitting.families import Configuration, Fitted
from trainer.fitting.importance import permutation
from trainer.fitting.measures import calibration, confusion, scores
from trainer.fitting.served import Served
from trainer.registry.runs import Run

FITS = 4
"""Configurations fitted in one cycle."""
_TOLD = ("accuracy", "log_loss", "brier", "calibration_error", "points_over_equilibrium")


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """A fitted configuration, with how it did on both sides that it did not learn from, and when it was fitted."""

    configuration: Configuration
    fitted: Fitted
    validation: Scores
    held_out: Scores
    started: int
    ended: int


def chosen(configurations: Sequence[Configuration], production: object, cycle: int) -> list[Configuration]:
    """Those fitted in this cycle: that of the name in production first, the others in turn, so that all come up."""
    first = [one for one in configurations if one.name == production]
    others = [one for one in configurations if one.name != production]
    room = min(FITS - len(first), len(others))
    return first + [others[(cycle * room + place) % len(others)] for place in range(room)]


def attempt(configuration: Configuration, lesson: Lesson, seed: int) -> Attempt:
    """Fit it and measure it; raises NothingToLearn."""
    started = _now()
    fitted = configuration.fit(lesson.train, lesson.validation, seed)
    model = Served(fitted.model, fitted.reads)
    validation = scores(model.predict(lesson.validation), lesson.validation, seed)
    held_out = scores(model.predict(lesson.held_out), lesson.held_out, seed, lesson.clusters)
    return Attempt(configuration, fitted, validation, held_out, started, _now())


def run_of(
    one: Attempt,
    family: str,
    lesson: Lesson,
    production: Scores | None,
    cycle: int,
    seed: int,
    snapshot: str,
    passed: bool | None,
) -> Run:
    """What there is to tell of an attempt; `passed` is None where it never came before the gate."""
    name, model = one.configuration.name, Served(one.fitted.model, one.fitted.reads)
    said = model.predict(lesson.held_out)
    return Run(
        name=f"cycle-{cycle:05d}-{family}-{name}",
        family=family,
        version=version_of(family, one.fitted.model),
        digest="",
        parameters=_parameters(one.configuration, lesson, cycle, seed),
        metrics=_metrics("validation_", one.validation)
        | _metrics("held_out_", one.held_out)
        | _metrics("production_", production),
        snapshot=snapshot,
        code=code(),
        started=one.started,
        ended=one.ended,
        chosen=passed is not None,
        passed=bool(passed),
        curve=one.fitted.curve,
        confusion=confusion(said, lesson.held_out.target),
        calibration=calibration(said, lesson.held_out)[1],
        gain=dict(one.fitted.gain),
        permutation=permutation(model, lesson.held_out, seed),
    )


def _parameters(configuration: Configuration, lesson: Lesson, cycle: int, seed: int) -> dict[str, str | int | float]:
    """The configuration's, and of how much it was fitted; what is no number is told as text."""
    told: Mapping[str, object] = {
        **to_builtins(configuration),
        "cycle": cycle,
        "seed": seed,
        "train_rows": len(lesson.train),
        "validation_rows": len(lesson.validation),
        "held_out_rows": len(lesson.held_out),
        "log_rounds": lesson.training.rounds,
        "log_players": lesson.training.players,
    }
    return {name: value if isinstance(value, (str, int, float)) else str(value) for name, value in told.items()}


def _metrics(prefix: str, found: Scores | None) -> dict[str, float]:
    told = {} if found is None else asdict(found)
    return {f"{prefix}{name}": float(told[name]) for name in _TOLD if told.get(name) is not None}


@cache
def code() -> str:
    """The package's version and a short digest of the code that a fit depends on."""
    digest = sha256()
    for package in (game, models, trainer):
        root = Path(package.__path__[0])
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{root.name}/{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    return f"{version('rps-quest')}+{digest.hexdigest()[:12]}"


def _now() -> int:
    return int(time() * 1000)
