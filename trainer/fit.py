"""Fit every family from laboratory and simulated play: `python -m trainer fit`, which made the shipped bundles.

Gather → fit → check → order by validation → judge on test players → write. Nothing is chosen on the test players:
each family's four models take their aliases by log-loss on the validation players.
"""

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter

from msgspec import Struct, json

from game.assignment import Alias
from models.bundle import Manifest, write
from models.store import BUNDLES, TABLE, Pin, Table
from trainer import served
from trainer.errors import OutputError
from trainer.families import Configuration, Fitted, configurations
from trainer.manifests import describe, judge
from trainer.material import Material, gather
from trainer.measures import log_loss

log = logging.getLogger(__name__)


class Candidate(Struct, frozen=True):
    """A fitted model, and how it did on the players that order it among its family."""

    configuration: Configuration
    fitted: Fitted
    validation_loss: float


def fit(data: Path, out: Path, families: Sequence[str], only_cc0: bool, seed: int, force: bool) -> list[Manifest]:
    """Fill `out` with bundles and their aliases; replaces what is there only with `force`."""
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
        pins: dict[str, Pin] = {}
        manifests = []
        for family in families:
            table[family] = {}
            for alias, candidate in zip(Alias, _ordered(family, material, seed), strict=True):
                probabilities = served.Served(candidate.fitted.model).predict(material.test.features)
                metrics = judge({family: probabilities}, material.test, seed)[family]
                model = candidate.fitted.model
                manifest = describe(family, candidate.configuration, model, material.training, metrics, baselines)
                if manifest.version not in pins:  # two configurations may end in the same model
                    digest = write(draft / BUNDLES / manifest.version, manifest, model)
                    pins[manifest.version] = Pin(manifest.version, digest)
                table[family][alias] = pins[manifest.version]
                manifests.append(manifest)
        (draft / TABLE).write_bytes(json.format(json.encode(Table(0, table)), indent=2))
        _replace(draft, out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifests


def _ordered(family: str, material: Material, seed: int) -> list[Candidate]:
    """The family's candidates, best on the validation players first."""
    found = []
    for configuration in configurations(family):
        started = perf_counter()
        fitted = configuration.fit(material.train, material.validation, seed)
        served.check(fitted, material.validation.features)
        loss = log_loss(fitted.predict(material.validation.features), material.validation.target)
        found.append(Candidate(configuration, fitted, loss))
        log.info("%s %s: validation log-loss %.4f, %.0f s", family, configuration.name, loss, perf_counter() - started)
    return sorted(found, key=lambda candidate: candidate.validation_loss)


def _replace(draft: Path, out: Path) -> None:
    """Put the finished draft in the place of what was there."""
    draft.chmod(0o755)
    if out.exists():
        shutil.rmtree(out)
    draft.rename(out)
