"""The registry: MLflow brought in line with what was fitted and with what the store's table says.

It is a projection and decides nothing. A run is found again by its name and content, a version by its own name, so
that it may be killed anywhere and begun again; a run leaves the outbox only when MLflow was seen to have it finished.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct, json, to_builtins

from models.bundle import Bundle, Manifest, Scores
from models.errors import BundleError
from models.store import BUNDLES, Aliases, Pin, Store
from trainer.registry.plots import draw, finite, steps
from trainer.registry.runs import Outbox, Run
from trainer.registry.tracking import Point, Record, Tracking

log = logging.getLogger(__name__)

PREFIX = "rps-"
"""Before a family in the name of its registered model."""
UNREAD = "unread"
"""The digest of a bundle that could not be read: it is looked for again."""
CURVE = "curve_validation_log_loss"


class Reconciled(Struct, frozen=True):
    """What had to be done; nothing the second time."""

    runs: int = 0
    versions: int = 0
    aliases: int = 0
    set_aside: int = 0

    def __str__(self) -> str:
        return (
            f"{self.runs} runs registered, {self.versions} versions linked, {self.aliases} aliases changed, "
            f"{self.set_aside} files set aside"
        )


def reconcile(tracking_uri: str, outbox: Outbox, store: Store) -> Reconciled:
    """Register every run that waits, and let the registered models' aliases mean what the store's table says.

    Raises RegistryUnavailable, after which all that is not registered yet still waits; and StoreError.
    """
    table = store.table()
    tracking = Tracking(tracking_uri)
    tracking.open()
    projection = _Projection(tracking, store)
    set_aside = 0
    for path in outbox.waiting():
        if run := outbox.read(path):
            projection.take(run)
            if outbox.read(path) == run:  # a cycle that was resumed may have put it again meanwhile
                outbox.done(path)
        else:
            log.warning("%s is no run that can be read; it is kept as %s.", path, outbox.set_aside(path).name)
            set_aside += 1
    projection.show(table.aliases)
    return Reconciled(projection.runs, projection.versions, projection.aliases, set_aside)


class _Projection:
    """What is told to one MLflow, and how much of it was news."""

    def __init__(self, tracking: Tracking, store: Store) -> None:
        self._tracking = tracking
        self._store = store
        self._models = tracking.models(PREFIX)
        self.runs = self.versions = self.aliases = 0

    def take(self, run: Run) -> None:
        """A run, and the version that it made."""
        fit = self._register(run)
        if run.version and run.digest:
            self._link(run.family, Pin(run.version, run.digest), fit)

    def show(self, table: Aliases) -> None:
        """The aliases as the table says, and none for families that it does not hold."""
        wanted = {family: dict[str, str]() for family, model in self._models.items() if model.ours}
        for family, pins in table.items():
            wanted[family] = {str(alias): self._link(family, pin) for alias, pin in pins.items()}
        for family, numbers in wanted.items():
            self._point(family, numbers)
        if self.aliases:
            self._models = self._tracking.models(PREFIX)
        if any(self._aliases(family) != numbers for family, numbers in wanted.items()):
            raise self._tracking.doubt("it was told the aliases and says others")

    def _register(self, run: Run) -> str:
        content = sha256(json.encode(run)).hexdigest()
        for fit in self._tracking.fits(run.name):
            if not fit.finished:
                self._tracking.drop(fit)
            elif fit.content == content:
                return fit.id
        id = self._tracking.write(_record(run, content))
        if not any(fit.id == id and fit.finished for fit in self._tracking.fits(run.name)):
            raise self._tracking.doubt(f"it took the run {run.name} and does not have it")
        self.runs += 1
        return id

    def _link(self, family: str, pin: Pin, fit: str | None = None) -> str:
        """The number of the version in MLflow, which is made if it is not there."""
        name = PREFIX + family
        if family not in self._models:
            self._tracking.add_model(name, family)
            self._models = self._tracking.models(PREFIX)
        found = self._tracking.version(name, pin.version)
        if found and found[1] == pin.digest:
            return found[0]
        bundle, text = self._bundle(pin)
        if found and not bundle:
            return found[0]
        self.versions += 1
        if found:
            self._tracking.describe_version(name, found[0], pin.digest, text)
            return found[0]
        fit = fit or self._tracking.fit_of(pin.version) or (self._register(_shipped(bundle)) if bundle else None)
        tags = {"rps.version": pin.version, "rps.digest": pin.digest if bundle else UNREAD}
        return self._tracking.add_version(name, f"rps-store:/{BUNDLES}/{pin.version}", fit, tags, text)

    def _bundle(self, pin: Pin) -> tuple[Bundle | None, str]:
        """The bundle and what there is to say of it; where it cannot be read, why."""
        try:
            bundle = self._store.bundle(pin)
        except BundleError as error:
            log.warning("%s The registry is told of it without its figures.", error)
            return None, str(error)
        return bundle, _described(bundle.manifest)

    def _point(self, family: str, numbers: Mapping[str, str]) -> None:
        current = self._aliases(family)
        for alias, number in numbers.items():
            if current.get(alias) != number:
                self._tracking.set_alias(PREFIX + family, alias, number)
                self.aliases += 1
        for alias in current.keys() - numbers.keys():
            self._tracking.drop_alias(PREFIX + family, alias)
            self.aliases += 1

    def _aliases(self, family: str) -> dict[str, str]:
        model = self._models.get(family)
        return model.aliases if model else {}


def _record(run: Run, content: str) -> Record:
    points = [Point(name, value) for name, value in finite(run.metrics).items()]
    return Record(
        name=run.name,
        tags={
            "rps.run": run.name,
            "rps.content": content,
            "rps.family": run.family,
            "rps.version": run.version,
            "rps.digest": run.digest,
            "rps.snapshot": run.snapshot,
            "rps.code": run.code,
            "rps.chosen": str(run.chosen).lower(),
            "rps.passed": str(run.passed).lower(),
        },
        parameters={name: str(value) for name, value in run.parameters.items()},
        points=points + [Point(CURVE, value, step) for step, value in steps(run.curve).items()],
        pictures=draw(run),
        started=run.started,
        ended=run.ended,
    )


def _shipped(bundle: Bundle) -> Run:
    """The run of a version that was fitted elsewhere, as far as its manifest tells of it."""
    told = bundle.manifest
    numbers = _numbers("held_out", told.metrics)
    for name, scores in told.baselines.items():
        numbers |= _numbers(f"baseline_{name}", scores)
    made = int(datetime.fromisoformat(told.created).timestamp() * 1000)
    return Run(
        name=f"shipped-{told.version}",
        family=told.family,
        version=told.version,
        digest=bundle.digest,
        parameters={name: str(value) for name, value in told.configuration.items()},
        metrics=numbers,
        snapshot="",
        code="",
        started=made,
        ended=made,
    )


def _numbers(prefix: str, scores: Scores) -> dict[str, float | None]:
    """All that the scores say, an interval as its two ends."""
    told: dict[str, Any] = to_builtins(scores)
    numbers: dict[str, float | None] = {}
    for name, value in told.items():
        if isinstance(value, (list, tuple)):
            numbers[f"{prefix}_{name}_low"], numbers[f"{prefix}_{name}_high"] = value
        else:
            numbers[f"{prefix}_{name}"] = value
    return numbers


def _described(told: Manifest) -> str:
    scores, training = told.metrics, told.training
    (low, high), (least, most) = scores.accuracy_interval, scores.log_loss_interval
    return (
        f"Accuracy {scores.accuracy:.4f} (95 % {low:.4f} to {high:.4f}) and log-loss {scores.log_loss:.4f} "
        f"(95 % {least:.4f} to {most:.4f}) on {scores.rounds:,} rounds of {training.judged_on}. "
        f"Learned from {training.rounds:,} rounds of {training.players:,} players. Data: {training.licence}."
    )
