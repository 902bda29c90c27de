"""Looks at what the trainer works with beside the log: its port, the sidecar, the registry, a dataset, the mirror."""

import os
import sqlite3
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from telemetry import ports
from telemetry.doctor import Found, failed, ok, warning
from telemetry.places import KNOCK_S, address, nearest, owner, request
from telemetry.untouched import reading
from trainer.data import partitions
from trainer.errors import LedgerUnavailable, NoDataset, NoLog, SidecarUnavailable
from trainer.lifecycle.sidecar import Sidecar
from trainer.looks.lifecycle import tables
from trainer.registry.tracking import EXPERIMENT
from trainer.settings import Settings

OURS = b"rps_trainer_"
SQLITE = "sqlite:///"
END = "SELECT coalesce(max(position), 0) FROM log"
SET_URI = "set MLFLOW_TRACKING_URI right, or unset it for a file in the data folder."


def port(settings: Settings) -> Found:
    """Whether orders can be taken, or are."""

    def ours(answer: ports.Answer) -> Found | None:
        return ok(f"a trainer answers there, {orders}") if OURS in answer.body else None

    orders = "orders need the token" if settings.admin_token else "orders are refused: RPS_ADMIN_TOKEN is not set"
    found = ports.seen("127.0.0.1", settings.admin_port, "/metrics", "RPS_ADMIN_PORT", ours)
    return found if found.mend or orders in found.text else ok(f"{found.text}; {orders}")


def sidecar(settings: Settings) -> Found:
    """Whether the sidecar can be asked what it holds: the guard does so."""
    try:
        held = Sidecar(settings.inference_host, settings.inference_port).index()
    except SidecarUnavailable as error:
        return warning(str(error), "python -m inference, or set RPS_INFERENCE_HOST and RPS_INFERENCE_PORT right.")
    refused = [f"{one.name}: {one.reason}" for one in held if one.reason]
    if refused:
        return warning(f"it refuses {'; '.join(refused)}", "python -m inference doctor")
    return ok(f"it holds {len(held)} aliases")


def registry(settings: Settings) -> Found:
    """Whether MLflow can be told; it is not loaded for that."""
    uri = settings.tracking_uri
    if uri.startswith(SQLITE):
        return _registry_file(Path(uri.removeprefix(SQLITE).partition("?")[0]))
    where = address(uri)
    if not uri.startswith(("http://", "https://")):
        return ok(f"{where}: MLflow itself finds out whether it can be used")
    try:
        with urlopen(request(f"{uri.rstrip('/')}/health"), timeout=KNOCK_S):
            return ok(f"MLflow at {where} answers")
    except HTTPError as error:
        error.close()
        return warning(f"{where} answers {error.code}, not as MLflow does", SET_URI)
    except (OSError, HTTPException) as error:
        return warning(f"{where} does not answer: {getattr(error, 'reason', error)}; runs wait", SET_URI)
    except ValueError:  # its text may hold a password
        return warning(f"{where} cannot be asked; runs wait", SET_URI)


def _registry_file(path: Path) -> Found:
    if not path.exists():
        above = nearest(path.absolute().parent)
        if not os.access(above, os.W_OK | os.X_OK):
            return failed(f"{path} cannot be made: {above} is {owner(above)}'s", SET_URI)
        return ok(f"{path} is not there yet; the first cycle makes it")
    try:
        with reading(path) as connection:
            (fault,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            sql = "SELECT lifecycle_stage FROM experiments WHERE name = ?"
            stages = [stage for (stage,) in connection.execute(sql, (EXPERIMENT,))]
            ((versions,),) = connection.execute("SELECT count(*) FROM model_versions")
    except sqlite3.Error as error:
        return failed(f"{path} is no registry of MLflow's: {error}", f"move it away; a cycle makes another. {SET_URI}")
    if fault != "ok":
        return failed(f"{path} is damaged: {fault}", "put a backup in its place (docs/operations.md, Backup).")
    if stages == ["deleted"]:
        return failed(f"its experiment {EXPERIMENT} was deleted", "mlflow experiments restore, or unset its deletion.")
    return ok(f"{path}, {versions} versions")


def dataset(settings: Settings) -> Found:
    """Whether the Parquet dataset can be read and added to."""
    folder = settings.dataset_folder
    if folder is None:
        return ok("cycles read the log itself")
    above = nearest(folder.absolute())
    if not os.access(above, os.W_OK | os.X_OK):
        return failed(f"{folder} cannot be written to: {above} is {owner(above)}'s", "set RPS_DATASET elsewhere.")
    try:
        found = partitions.opened(folder)
    except NoDataset as error:
        return failed(str(error), f"rm -r {folder}; the next cycle makes it again from the log.")
    return ok(f"{folder}, {found.rounds} rounds" if found else f"{folder} is not there yet; the first cycle makes it")


def mirror(settings: Settings) -> Found:
    """How far the file that is read has come, where the log is in PostgreSQL."""
    path = settings.database
    if isinstance(settings.address, Path):
        return ok("the log itself is read")
    if not path.exists():
        return ok(f"{path} is not there yet; the first start makes it")
    try:
        with tables(settings) as kept:
            ((end,),) = kept.fetch(END)
    except (NoLog, LedgerUnavailable) as error:
        return warning(f"what is in {path} cannot be held against the log: {error}", "python -m server doctor")
    again = f"rm -f {path} {path}-wal {path}-shm; it is made again"
    try:
        with reading(path) as connection:
            ((come,),) = connection.execute(END)
    except sqlite3.Error as error:
        return failed(f"{path} cannot be read: {error}", again)
    if come > end:
        return failed(f"{path} has come to row {come}, and the log only to {end}: it is another log's", again)
    return ok(f"{path} has come to row {come} of {end}")
