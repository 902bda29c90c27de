"""The steps of a cycle: intake → one for each family → done. Each runs in a process of its own and may die anywhere.

Where fits are done beside each other, all of them are a step before the families', which then only draw the conclusion.

What a step leaves behind is whole or not there: the snapshot is moved into place when it is finished, a candidate is in
the store before the ledger names it, and the ledger names it before any alias means it. So a cycle that was killed
goes on with the first step whose end is not on record, over the same snapshot.
"""

import logging
import shutil
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from msgspec import MsgspecError, Struct, json, to_builtins
from msgspec.structs import replace

from game.assignment import Alias
from models.files import replace_file
from models.places import store_at
from models.prune import prune
from trainer.cycle import Tell
from trainer.data import log
from trainer.data.sessions import Report
from trainer.errors import TrainerError
from trainer.fitting import families
from trainer.lifecycle import book
from trainer.lifecycle.decisions import Change, Lifecycle, Move
from trainer.lifecycle.ledger import Entry, Kind
from trainer.lifecycle.watch import expelled, serving
from trainer.registry.runs import Outbox
from trainer.settings import Settings
from trainer.tasks.choose import parallel, tasks_of
from trainer.tasks.kept import complete

if TYPE_CHECKING:
    from trainer.data.snapshot import Snapshot
    from trainer.fitting.learning import Configurations, Learned

logger = logging.getLogger(__name__)

INTAKE = "intake"
FITS = "fits"
BEGUN = "cycle.json"
RECENT = 100
"""Entries of the ledger whose versions are kept in the store, so that a rollback finds them."""
SPARE = 20
"""Further bundles that are kept, the newest."""


class Begun(Struct, frozen=True):
    """Which cycle the snapshot in the folder belongs to, and what is in it."""

    cycle: int
    snapshot: str
    position: int
    rounds: int
    players: int
    matches: int
    faults: int
    sessions: Report


def names(settings: Settings) -> list[str]:
    """The steps of a cycle in their order."""
    return [INTAKE, *([FITS] if parallel(settings) else []), *settings.retrained(families.NAMES)]


def remaining(lifecycle: Lifecycle, settings: Settings) -> list[str]:
    """The steps of the present cycle that are still to be done."""
    number, begun = next_number(lifecycle), _begun(settings.work)
    if begun is None or begun.cycle != number:
        return names(settings)
    done = {INTAKE, *(entry.family for entry in of_cycle(lifecycle, number))}
    if complete(settings.work, [name for name in names(settings) if name not in {FITS, *done}]):
        done.add(FITS)
    return [name for name in names(settings) if name not in done]


def run(settings: Settings, step: str, tell: Tell, among: "Configurations | None" = None) -> None:
    """Do one step to its end; a family's that fits does so `among` these configurations, or all that there are."""
    store = store_at(settings.store, settings.data_dir, settings.bundle_key)
    with book.opened(settings.address) as opened:
        lifecycle = Lifecycle(opened, store)
        if step == INTAKE:
            _intake(settings, next_number(lifecycle), tell)
        elif step == FITS:
            _fits(settings, lifecycle, tell)
        else:
            _family(settings, lifecycle, step, tell, among or families.configurations)


def finish(settings: Settings, lifecycle: Lifecycle) -> Entry:
    """Write down that the cycle is over and how far it has learned; then clear away what nobody needs any more."""
    begun = _begun(settings.work)
    if begun is None:
        raise TrainerError(f"{settings.work} does not say what was learned from; the cycle begins again.")
    outcome = ", ".join(f"{entry.family} {entry.kind}" for entry in of_cycle(lifecycle, begun.cycle))
    made = lifecycle.insist(
        Change(
            kind=Kind.TRAINED,
            family="",
            by=f"cycle {begun.cycle}",
            reason=f"cycle {begun.cycle} has learned from {begun.rounds} rounds: {outcome}",
            position=begun.position,
            evidence=to_builtins(begun),
        )
    )
    shutil.rmtree(settings.work, ignore_errors=True)
    _clear(lifecycle)
    return made


def register(settings: Settings, step: str, tell: Tell) -> None:
    """Bring the registry in line with what is waiting for it and with the store."""
    from trainer.registry.reconcile import reconcile  # MLflow is loaded in this process and nowhere else

    tell(step, 0.0)
    store = store_at(settings.store, settings.data_dir, settings.bundle_key)
    done = reconcile(settings.tracking_uri, Outbox(settings.outbox), store)
    logger.info("The registry is up to date: %s.", done)


def next_number(lifecycle: Lifecycle) -> int:
    """The number of the cycle under way, or of the next."""
    last = _last_trained(lifecycle)
    return 1 if last is None else int(last.evidence["cycle"]) + 1


def learned(lifecycle: Lifecycle) -> int:
    """The log position up to which finished cycles have learned."""
    last = _last_trained(lifecycle)
    return 0 if last is None else last.position


def _last_trained(lifecycle: Lifecycle) -> Entry | None:
    """What the last finished cycle left in the ledger."""
    return lifecycle.last_saying(Kind.TRAINED, "kind")


def _intake(settings: Settings, number: int, tell: Tell) -> None:
    from trainer.data.snapshot import take

    shutil.rmtree(settings.work, ignore_errors=True)
    snapshot = take(settings.database, settings.bot_share, tell, settings.dataset_folder)
    for fault in snapshot.faults:
        logger.warning("Match %s is left out, record %d is corrupt: %s", fault.match, fault.position, fault.reason)
    snapshot.store(settings.work)
    begun = Begun(
        cycle=number,
        snapshot=snapshot.id,
        position=snapshot.end,
        rounds=snapshot.played,
        players=len(snapshot.players),
        matches=len(snapshot.matches),
        faults=len(snapshot.faults),
        sessions=snapshot.sessions,
    )
    replace_file(settings.work / BEGUN, json.encode(begun))
    logger.info("Read %d rounds of %d players in %d matches.", begun.rounds, begun.players, begun.matches)


def _begun(work: Path) -> Begun | None:
    """What the folder's cycle began with; None where none has."""
    try:
        return json.decode((work / BEGUN).read_bytes(), type=Begun)
    except (OSError, MsgspecError):
        return None


def _fits(settings: Settings, lifecycle: Lifecycle, tell: Tell) -> None:
    from trainer.tasks import fits

    snapshot, number = _snapshot(settings), next_number(lifecycle)
    done = {entry.family for entry in of_cycle(lifecycle, number)}
    left = [family for family in settings.retrained(families.NAMES) if family not in done]
    with tasks_of(settings) as tasks:
        fits.fit(tasks, settings.work, snapshot, lifecycle.store, lifecycle.settle(), number, left, tell)


def _learned(
    settings: Settings, lifecycle: Lifecycle, family: str, snapshot: "Snapshot", number: int, tell: Tell,
    among: "Configurations",
) -> "Learned":  # fmt: skip
    """What came of the fits done before, or what is learned now."""
    from trainer.fitting.learning import learn  # the learning libraries are loaded in this process and nowhere else
    from trainer.tasks import fits

    store, table = lifecycle.store, lifecycle.settle()
    found = fits.kept(settings.work, snapshot, store, table, family) if parallel(settings) else None
    return found or learn(family, snapshot, store, table, number, number, tell, among)


def _snapshot(settings: Settings) -> "Snapshot":
    from trainer.data.snapshot import load

    snapshot = load(settings.work)
    if snapshot is None:
        shutil.rmtree(settings.work, ignore_errors=True)
        raise TrainerError(f"The snapshot in {settings.work} is damaged; the cycle begins again.")
    return snapshot


def _family(settings: Settings, lifecycle: Lifecycle, family: str, tell: Tell, among: "Configurations") -> None:
    snapshot, number = _snapshot(settings), next_number(lifecycle)
    found = _learned(settings, lifecycle, family, snapshot, number, tell, among)
    with log.opened(settings.database) as reader:
        position = log.last_position(reader)
    moves: tuple[Move, ...] = ()
    reason, digest = found.reason, ""
    if found.candidate is not None:
        reason = f"{found.candidate.version}: {found.reason}"
    if found.candidate is not None and not _fresh(lifecycle, family, found.candidate.version):
        reason = f"{found.candidate.version} serves already, or was taken out before"
    elif found.candidate is not None and found.passed:
        pin = lifecycle.store.put(found.candidate, found.model)
        moves, digest = (Move(pin, Alias.SHADOW2),), pin.digest
    for one in found.runs:
        Outbox(settings.outbox).put(replace(one, digest=digest) if one.chosen else one)
    lifecycle.insist(
        Change(
            kind=Kind.ENTERED if moves else Kind.REFUSED,
            family=family,
            by=f"cycle {number}",
            reason=reason,
            position=position,
            moves=moves,
            evidence={"cycle": number, "snapshot": snapshot.id, "verdict": to_builtins(found.verdict)},
        )
    )


def _fresh(lifecycle: Lifecycle, family: str, version: str) -> bool:
    return version not in expelled(lifecycle.entries(), family) | serving(lifecycle.settle().aliases)


def of_cycle(lifecycle: Lifecycle, number: int) -> list[Entry]:
    """What the cycle has decided of families."""
    found = lifecycle.saying(number, "evidence", "cycle")
    return [entry for entry in found if entry.kind in (Kind.ENTERED, Kind.REFUSED, Kind.TRAINED)]


def _clear(lifecycle: Lifecycle) -> None:
    gone = prune(lifecycle.store, time(), newest=SPARE, also=recent(lifecycle))
    if gone:
        logger.info("%d bundles that nothing means any more are removed.", len(gone))


def recent(lifecycle: Lifecycle) -> set[str]:
    """Versions that a recent entry of the ledger names."""
    entries = lifecycle.newest(RECENT)
    return set().union(*(serving(entry.before) | serving(entry.after) for entry in entries))
