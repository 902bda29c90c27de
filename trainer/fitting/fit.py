"""Fit every family from laboratory and simulated play: `python -m trainer fit`, which made the shipped bundles.

Gather → fit → check → order by validation → judge on test players → write. Nothing is chosen on the test players: of
each family's fits the best four take the aliases by log-loss on the validation players, and all are told of.
"""

import logging
import shutil
from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter

import numpy as np
from msgspec import Struct, json
from msgspec.structs import replace

from game.assignment import Alias
from models.bundle import Manifest, Scores, version_of, write
from models.store import BUNDLES, TABLE, Pin, Table
from telemetry.progress import Tell, untold
from trainer.data.material import Material, gather
from trainer.data.rows import Rows
from trainer.errors import OutputError
from trainer.fitting import served
from trainer.fitting.families import Configuration, configurations
from trainer.fitting.manifests import describe, judge
from trainer.fitting.measures import log_loss
from trainer.fitting.table import aligned, cells
from trainer.tasks import InTurn, Job, Tasks

log = logging.getLogger(__name__)

BEFORE = "players that it had not met when it was judged; fitted again with them since"


class Fit(Struct, frozen=True):
    """One configuration's fit: what orders it in its family, and how it did on the test players."""

    manifest: Manifest
    validation_loss: float
    seconds: float
    size: int
    alias: Alias | None
    """None where four others did better on the validation players."""


class Fits(Struct, frozen=True):
    """Everything that was fitted, families one after another and each best first; baselines are on the test rows."""

    bundles: list[Manifest]
    fits: list[Fit]
    baselines: dict[str, Scores]
    judging: int
    """Validation rows."""


class _Candidate(Struct, frozen=True):
    configuration: Configuration
    model: bytes
    reads: str
    validation_loss: float
    seconds: float


def fit(
    data: Path, out: Path, families: Sequence[str], only_cc0: bool, seed: int, force: bool, again: bool = False,
    tasks: Tasks | None = None, tell: Tell = untold,
) -> Fits:  # fmt: skip
    """Fill `out` with bundles and their aliases; replaces what is there only with `force`.

    With `again` those that take an alias are fitted once more, now from the test players too. What is told of them
    stays what the fit before did on these players, and the manifest says so. A family's fits are `tasks`; without any
    they are done in turn. `tell` hears of each that has ended.
    """
    if out.exists() and any(out.iterdir()) and not force:
        raise OutputError(f"{out} is not empty; --force replaces what is in it.")
    material = gather(data, only_cc0, seed)
    sides = material.train, material.validation, material.test
    log.info("rows: %s train, %s validation, %s test", *(f"{len(side):,}" for side in sides))
    baselines = judge(material.baselines, material.test, seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=".fit-", dir=out.parent))
    try:
        table: dict[str, dict[Alias, Pin]] = {}
        found: list[Fit] = []
        for number, family in enumerate(families):
            ordered = _ordered(family, material, seed, tasks or InTurn(), _part(tell, number, len(families)))
            fits = _judged(family, ordered, material, baselines, seed)
            if again:
                ordered, fits = _again(family, ordered, fits, material, seed)
            table[family] = _written(draft, fits, [one.model for one in ordered])
            found += fits
        (draft / TABLE).write_bytes(json.format(json.encode(Table(0, table)), indent=2))
        _replace(draft, out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    bundles = [one.manifest for one in found if one.alias is not None]
    return Fits(bundles, found, baselines, len(material.validation))


def lines(found: Fits) -> list[str]:
    """The table of all fits for people, and what its figures are on."""
    head = ("family", "configuration", "alias", "validation", "accuracy", "95 %", "log-loss", "95 %", "calibration")
    rows = [(*head, "s", "kB"), *map(_row, found.fits)]
    rows += [
        ("baseline", name, "", "", *cells(one), _calibration(one), "", "") for name, one in found.baselines.items()
    ]
    rounds = next(iter(found.baselines.values())).rounds
    return [
        *aligned(rows),
        f"Aliases are given by log-loss on {found.judging:,} rounds of validation players, who also stopped each fit.",
        f"The columns from accuracy to calibration error are on {rounds:,} rounds of other players, and chose nothing.",
    ]


def _row(one: Fit) -> tuple[str, ...]:
    told, alias = one.manifest, "" if one.alias is None else one.alias.value
    name, scores = str(told.configuration["name"]), told.metrics
    ends = f"{one.seconds:.1f}", f"{one.size / 1000:.0f}"
    return told.family, name, alias, f"{one.validation_loss:.4f}", *cells(scores), _calibration(scores), *ends


def _calibration(scores: Scores) -> str:
    return "" if scores.calibration_error is None else f"{scores.calibration_error:.4f}"


def _part(tell: Tell, number: int, parts: int) -> Tell:
    """What tells of one of so many parts of the whole."""
    return lambda what, share: tell(what, (number + share) / parts)


def _ordered(family: str, material: Material, seed: int, tasks: Tasks, tell: Tell) -> list[_Candidate]:
    """The family's fits, best on the validation players first; raises TaskFailed."""
    jobs = [Job(f"{family} {one.name}", (one, seed)) for one in configurations(family)]
    found = []
    with closing(tasks.map(_candidate, (material.train, material.validation), jobs)) as fits:
        for ended in fits:
            one = ended.result()
            found.append((one.validation_loss, ended.number, one))
            told = f"{ended.name}: validation log-loss {one.validation_loss:.4f}, {one.seconds:.0f} s"
            tell(told, len(found) / len(jobs))
    return [one for _, _, one in sorted(found, key=lambda told: told[:2])]


def _candidate(sides: tuple[Rows, Rows], configuration: Configuration, seed: int) -> _Candidate:
    """The configuration fitted, checked and measured."""
    train, validation = sides
    started = perf_counter()
    fitted = configuration.fit(train, validation, seed)
    seconds = perf_counter() - started
    served.check(fitted, validation)
    loss = log_loss(fitted.predict(validation), validation.target)
    return _Candidate(configuration, fitted.model, fitted.reads, loss, seconds)


def _judged(
    family: str, ordered: Sequence[_Candidate], material: Material, baselines: dict[str, Scores], seed: int
) -> list[Fit]:
    """The fits as they will be served, judged on the test players."""
    aliases = [*Alias, *([None] * len(ordered))]
    found = []
    for one, alias in zip(ordered, aliases, strict=False):
        probabilities = served.Served(one.model, one.reads).predict(material.test)
        metrics = judge({family: probabilities}, material.test, seed)[family]
        manifest = describe(family, one.configuration, one.model, material.training, metrics, baselines, one.reads)
        found.append(Fit(manifest, one.validation_loss, one.seconds, len(one.model), alias))
    return found


def _again(
    family: str, ordered: Sequence[_Candidate], fits: Sequence[Fit], material: Material, seed: int
) -> tuple[list[_Candidate], list[Fit]]:
    """The same with models that have learned from the test players too, where they take an alias."""
    everybody = Rows.join([material.train, material.test])
    told = replace(
        material.training,
        rounds=material.training.rounds + len(material.test),
        players=material.training.players + len(np.unique(material.test.player)),
        judged_on=BEFORE,
    )
    candidates, found = list(ordered), list(fits)
    for at, (one, judged) in enumerate(zip(ordered, fits, strict=True)):
        if judged.alias is None:
            continue
        fitted = one.configuration.fit(everybody, material.validation, seed)
        served.check(fitted, material.validation)
        candidates[at] = replace(one, model=fitted.model)
        version = version_of(family, fitted.model)
        digest = sha256(fitted.model).hexdigest()
        manifest = replace(judged.manifest, version=version, model_sha256=digest, training=told)
        found[at] = replace(judged, manifest=manifest, size=len(fitted.model))
        log.info("%s %s: fitted again from %s players", family, one.configuration.name, told.players)
    return candidates, found


def _written(draft: Path, fits: Sequence[Fit], models: Sequence[bytes]) -> dict[Alias, Pin]:
    """Write the bundles that have an alias; the family's aliases. With too few fits the last takes what is left."""
    pins: dict[str, Pin] = {}
    aliases: dict[Alias, Pin] = {}
    for one, model in zip(fits, models, strict=True):
        version = one.manifest.version
        if one.alias is None:
            continue
        if version not in pins:  # two configurations may end in the same model
            pins[version] = Pin(version, write(draft / BUNDLES / version, one.manifest, model))
        aliases[one.alias] = last = pins[version]
    return {alias: aliases.get(alias, last) for alias in Alias}


def _replace(draft: Path, out: Path) -> None:
    """Put the finished draft in the place of what was there."""
    draft.chmod(0o755)
    if out.exists():
        shutil.rmtree(out)
    draft.rename(out)
