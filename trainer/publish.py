"""Gate and publish: candidates that are at least as good as production take its place, all in one swap."""

import logging
from collections.abc import Sequence

from msgspec import Struct

from game.assignment import Alias
from models.errors import StoreError
from models.store import Store, Table
from trainer import gate
from trainer.candidates import Candidate
from trainer.measures import log_loss
from trainer.rows import Rows
from trainer.served import Served

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often to start again from the table when somebody else changed it meanwhile."""


class Verdict(Struct, frozen=True):
    """What became of one family's candidate; both losses are on the same held-out rounds."""

    family: str
    version: str
    log_loss: float
    production: str | None
    production_log_loss: float | None
    published: bool


def publish(store: Store, candidates: Sequence[Candidate], held_out: Rows) -> list[Verdict]:
    """Judge each candidate against production as it is now; raises StoreError if the table never stays still."""
    for attempt in range(1, ATTEMPTS + 1):
        table = store.table()
        verdicts = [_judge(store, table, candidate, held_out) for candidate in candidates]
        try:
            _swap(store, table, [one for one, verdict in zip(candidates, verdicts, strict=True) if verdict.published])
        except StoreError as error:
            if attempt == ATTEMPTS:
                raise
            log.warning("%s The gate is asked again.", error)
            continue
        break
    for verdict in verdicts:
        _tell(verdict)
    return verdicts


def _judge(store: Store, table: Table, candidate: Candidate, held_out: Rows) -> Verdict:
    pin = table.aliases.get(candidate.manifest.family, {}).get(Alias.PRODUCTION)
    loss = _loss(candidate.model, held_out)
    against = None if pin is None else _loss(store.bundle(pin).model, held_out)
    version, production = candidate.manifest.version, None if pin is None else pin.version
    published = version != production and gate.passes(loss, against)
    return Verdict(candidate.manifest.family, version, loss, production, against, published)


def _loss(model: bytes, held_out: Rows) -> float:
    return log_loss(Served(model).predict(held_out.features), held_out.target)


def _swap(store: Store, table: Table, passed: Sequence[Candidate]) -> None:
    if not passed:
        return
    aliases = dict(table.aliases)
    for candidate in passed:
        family = candidate.manifest.family
        aliases[family] = gate.promoted(aliases.get(family, {}), store.put(candidate.manifest, candidate.model))
    store.swap(table.generation, aliases)


def _tell(verdict: Verdict) -> None:
    against = "nothing" if verdict.production_log_loss is None else f"{verdict.production_log_loss:.4f}"
    done = "published" if verdict.published else "not published"
    log.info("%s: log-loss %.4f against %s in production: %s.", verdict.version, verdict.log_loss, against, done)
