"""The fits of a cycle side by side: a task for each configuration of each family, and what they leave for its steps.

Each task makes its family's lesson for itself and judges what it has fitted, so that tasks need nothing of each other:
what it costs, features and rehearsal made once more, is little beside a fit. What has ended is in the work folder at
once, and a cycle that was killed does not do it again. It holds for the snapshot and the model in production that it
was fitted with; where another has come to production meanwhile, the family's step fits anew.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import MsgspecError, Struct, msgpack
from msgspec.structs import replace

from game.assignment import Alias
from models.bundle import Bundle
from models.files import replace_file
from models.store import FolderStore, Store, Table
from trainer.data.snapshot import Snapshot, Tell
from trainer.errors import TrainerError
from trainer.fitting import families
from trainer.fitting.candidates import chosen, code
from trainer.fitting.families import Configuration
from trainer.fitting.learning import Learned, learn
from trainer.registry.runs import Run
from trainer.tasks import Job, Tasks
from trainer.tasks.kept import place

log = logging.getLogger(__name__)


class _Kept(Struct, frozen=True):
    """What came of one fit, or of a family's fits together, and what it holds for."""

    snapshot: str
    production: str | None
    learned: Learned


def fit(
    tasks: Tasks,
    work: Path,
    snapshot: Snapshot,
    store: Store,
    table: Table,
    cycle: int,
    names: Sequence[str],
    tell: Tell,
) -> None:
    """Do all fits of these families that are not kept yet; raises TrainerError once all others have ended."""
    serving = {family: _production(store, table, family) for family in names}
    wanted = {family: _choices(family, serving[family], cycle) for family in names}
    jobs = [
        Job(f"{family} {one.name}", (family, one, serving[family]))
        for family in names
        for one in wanted[family]
        if _read(place(work, family, one.name), snapshot, serving[family]) is None
    ]
    failed = []
    tell(f"fitting {len(jobs)} configurations", 0.0)
    with closing(tasks.map(learned_of, (snapshot, cycle), jobs)) as fits:
        for done, ended in enumerate(fits, start=1):
            family, one, production = jobs[ended.number].arguments
            fault = ended.fault or (_foreign(ended.result()) if tasks.elsewhere else "")
            if fault:
                failed.append(ended.name)
                log.error("%s failed.\n%s", ended.name, fault)
            else:
                _write(place(work, family, one.name), snapshot, production, ended.result())
            tell(f"fitted {ended.name}", done / len(jobs))
    if failed:
        raise TrainerError(f"{len(failed)} of {len(jobs)} fits failed: {', '.join(failed)}. The others are kept.")
    for family in names:
        found = [_read(place(work, family, one.name), snapshot, serving[family]) for one in wanted[family]]
        together = best([one for one in found if one is not None])
        _write(place(work, family), snapshot, serving[family], together)


def kept(work: Path, snapshot: Snapshot, store: Store, table: Table, family: str) -> Learned | None:
    """What came of the family's fits; None where they were not done, or hold no longer."""
    path = place(work, family)
    return _read(path, snapshot, _production(store, table, family)) if path.exists() else None


def learned_of(
    common: tuple[Snapshot, int], family: str, configuration: Configuration, production: Bundle | None
) -> Learned:
    """The task: what the family would learn in this cycle if the configuration were its only one."""
    snapshot, cycle = common
    with TemporaryDirectory(prefix="rps-fit-") as folder:
        store, table = FolderStore(Path(folder)), Table(0, {})
        if production is not None:
            pin = store.put(production.manifest, production.model)
            table = Table(0, {family: {Alias.PRODUCTION: pin}})
        return learn(family, snapshot, store, table, cycle, cycle, _quiet, lambda _: [configuration])


def best(fits: Sequence[Learned]) -> Learned:
    """The fits of one family as if they had been made together: that with the least validation loss is judged."""
    for one in fits:
        if one.candidate is None:
            return one
    first = min(range(len(fits)), key=lambda at: fits[at].runs[0].metrics["validation_log_loss"] or 0.0)
    runs = (run if at == first else replace(run, chosen=False, passed=False) for at, run in _runs(fits))
    found = fits[first]
    return Learned(found.family, found.reason, found.verdict, found.candidate, found.model, tuple(runs))


def _runs(fits: Sequence[Learned]) -> Iterator[tuple[int, Run]]:
    return ((at, run) for at, one in enumerate(fits) for run in one.runs)


def _production(store: Store, table: Table, family: str) -> Bundle | None:
    pin = table.aliases.get(family, {}).get(Alias.PRODUCTION)
    return None if pin is None else store.bundle(pin)


def _choices(family: str, production: Bundle | None, cycle: int) -> list[Configuration]:
    name = None if production is None else production.manifest.configuration.get("name")
    return chosen(families.configurations(family), name, cycle)


def _foreign(found: Learned) -> str:
    """Why a fit must not be believed: made by other code, it is not what this trainer would have made."""
    others = {run.code for run in found.runs} - {code()}
    return f"It was fitted by {', '.join(others)}; this is {code()}. All nodes need the same version." if others else ""


def _write(path: Path, snapshot: Snapshot, production: Bundle | None, learned: Learned) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, msgpack.encode(_Kept(snapshot.id, _version(production), learned)))


def _read(path: Path, snapshot: Snapshot, production: Bundle | None) -> Learned | None:
    try:
        found = msgpack.decode(path.read_bytes(), type=_Kept)
    except (OSError, MsgspecError):
        return None
    return found.learned if (found.snapshot, found.production) == (snapshot.id, _version(production)) else None


def _version(production: Bundle | None) -> str | None:
    return None if production is None else production.manifest.version


def _quiet(phase: str, share: float) -> None:
    """A task's own progress is told to nobody."""
