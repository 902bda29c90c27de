"""`python -m server backup FOLDER`: everything that is kept, copied while players play.

The folder is laid out like the data folder, so that it can take its place. Nothing is seen at FOLDER before all of it
is there.

The order matters. A bundle is in the store before the ledger names it, and the ledger names it before the table of
aliases means it: so bundles come after the database, and the table is the one that stood unchanged while the database
was copied. A run leaves the outbox once the registry has it: so the outbox comes before the registry.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import json

from server import copies
from server.errors import BackupError
from server.settings import Settings
from server.sources import OUTBOX, STORE, Sources, dump_of, sources_of
from server.whole import BACKUP, DATABASE, STORES, TABLE, Backup, counted, faults, told_by, unmet
from telemetry.progress import Bar, Tell
from telemetry.release import VERSION

FAILED = 1
ATTEMPTS = 5
Tables = dict[str, bytes]
"""The text of each store's table of aliases, by the store's name; those that have none are left out."""


def main(settings: Settings, folder: Path, as_json: bool, verify: bool = False) -> int:
    """Make a backup, or with `verify` check the one there; print what it is, and return the exit status."""
    try:
        if verify:
            return _verified(folder, as_json)
        with Bar() as tell:
            made = backed_up(settings, folder, tell)
    except (BackupError, ValueError) as error:
        sys.stderr.write(f"{'It is no whole backup' if verify else 'Nothing was backed up'}: {error}\n")
        return FAILED
    if as_json:
        sys.stdout.write(json.encode(made).decode() + "\n")
    else:
        sys.stdout.write("\n".join([f"{folder} holds {_said(made)}.", *_more(settings, folder, made), ""]))
    return 0


def backed_up(settings: Settings, folder: Path, tell: Tell) -> Backup:
    """A backup in `folder`, which must not be there, or be empty; raises BackupError."""
    found = sources_of(settings)
    _check(folder, found)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as above:
            draft = Path(above) / "draft"
            draft.mkdir(mode=0o700)  # it holds what players may ask back, and hashes of their tokens
            made = _filled(draft, settings, found, _Progress(found, tell))
            copies.synced_folders(draft)
            draft.rename(folder)
        copies.synced(folder.parent)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise BackupError(f"{folder} cannot be written: {error.strerror or error}{where}.") from error
    return made


class _Progress:
    """How far it is, in bytes of what was there when it began."""

    def __init__(self, found: Sources, tell: Tell) -> None:
        places = [found.outbox, *(place for _, place in found.after_the_database())]
        paths = [path for place in places for path in copies.files(place)]
        paths += [found.database] if found.database is not None else []
        self._all = max(1, sum(map(copies.length, paths)))
        self._done, self._tell = 0, tell
        self.what = ""

    def __call__(self, count: int) -> None:
        self._done += count
        self._tell(f"copying {self.what}", min(1.0, self._done / self._all))


def _check(folder: Path, found: Sources) -> None:
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise BackupError(f"{folder} is there already; name a folder that is not, or is empty.")
    within = folder.resolve()
    for _, place in found.after_the_database():
        if within.is_relative_to(place.resolve()):
            raise BackupError(f"{folder} lies in {place}, which is to be copied; name another folder.")
    if found.database is not None and not found.database.is_file():
        raise BackupError(f"{found.database} is not there: no server has started here yet.")


def _filled(draft: Path, settings: Settings, found: Sources, progress: _Progress) -> Backup:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    _copied(OUTBOX, found.outbox, draft, progress)
    tables = _with_the_database(found, draft, progress)
    for name, place in found.after_the_database():
        _copied(name, place, draft, progress)
    for name, text in tables.items():
        copies.written(draft / name / TABLE, text)
    if torn := unmet(draft):
        raise BackupError(f"{torn[0]} The store was changed meanwhile by another hand; try again.")
    made = Backup(
        version=VERSION,
        at=at,
        log=None if found.database is None else counted(draft / DATABASE),
        files=[copies.kept(path, draft) for path in copies.files(draft)],
        left_out=found.left_out(),
    )
    copies.written(draft / BACKUP, json.format(json.encode(made), indent=1))
    return made


def _with_the_database(found: Sources, draft: Path, progress: _Progress) -> Tables:
    """Copy the database; the tables of aliases as they were all the while. Raises BackupError."""
    progress.what = DATABASE
    for _ in range(ATTEMPTS):
        before = _tables(found.store)
        if found.database is not None:
            copies.database(found.database, draft / DATABASE, progress)
        if _tables(found.store) == before:
            return before
    raise BackupError("the aliases change all the time; try again when less is learned.")


def _tables(store: Path | None) -> Tables:
    """What the stores say now."""
    if store is None:
        return {}
    places = {name: store / Path(name).relative_to(STORE) / TABLE for name in STORES}
    return {name: path.read_bytes() for name, path in places.items() if path.exists()}


def _copied(name: str, place: Path, draft: Path, progress: _Progress) -> None:
    """Copy a file or a folder's files, but the table of aliases, which was read before."""
    progress.what = name
    for path in copies.files(place):
        if not (name == STORE and path.name == TABLE):
            copies.copied(path, draft / name / path.relative_to(place), progress)


def _verified(folder: Path, as_json: bool) -> int:
    told, wrong = told_by(folder), faults(folder)
    if as_json:
        sys.stdout.write(json.encode({"backup": told, "faults": wrong}).decode() + "\n")
    elif wrong:
        sys.stdout.write("\n".join([f"{folder} is not whole:", *(f"  {fault}" for fault in wrong), ""]))
    else:
        sys.stdout.write(f"{folder} is whole: {_said(told)}.\n")
    return FAILED if wrong else 0


def _said(made: Backup) -> str:
    """What is in it, for a person."""
    size = sum(file.bytes for file in made.files) / 2**20
    rows = "" if made.log is None else f"{made.log.rows} rows of the log up to position {made.log.position}, "
    return f"{rows}{len(made.files)} files, {size:.1f} MiB, of {made.at}"


def _more(settings: Settings, folder: Path, made: Backup) -> list[str]:
    """What a person has to know of what is not in it."""
    found, lines = sources_of(settings), []
    if made.left_out:
        lines.append(f"Left out, for it can be made again or is not the game's: {', '.join(made.left_out)}.")
    if found.store is None:
        lines.append("The bundles are in a bucket: copy it with its own tools.")
    if found.registry is None:
        lines.append("The registry is MLflow's at MLFLOW_TRACKING_URI: copy it with its own tools.")
    if settings.postgres is not None:
        lines.append(f"The round log, players and ledger are in PostgreSQL: {dump_of(settings.postgres, folder)}")
    return lines
