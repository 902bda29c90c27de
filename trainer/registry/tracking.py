"""MLflow, as far as the registry needs it, asked within bounds and in silence.

Whatever MLflow, the database behind it or the server in front of it does wrong is one RegistryUnavailable. MLflow costs
170 MiB and is imported where it is first asked, after it was told to send nothing anywhere. What an SQLite file holds
is MLflow's own: runs, models and aliases in the file, pictures in `artifacts` beside it.
"""

import logging
import os
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from msgspec import Struct

from models.files import DRAFT
from trainer.errors import RegistryUnavailable

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "rps-quest"
PATIENCE_S = 300.0
"""How long one client may be asked for; what it was told by then stays told."""
SILENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_CONFIGURE_LOGGING": "false"}
BOUNDS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
}
"""A server that is down must be found out in seconds: by itself MLflow would try for minutes."""

_SQLITE = "sqlite:///"
_LONGEST_NAME, _LONGEST_TEXT = 250, 5000
_LONGEST_FAULT = 160
_MOST_METRICS, _MOST_PARAMETERS = 500, 100
"""In one request."""

P = ParamSpec("P")
T = TypeVar("T")


class Fit(Struct, frozen=True):
    """A run that MLflow holds; one that is not finished was begun by somebody who was killed."""

    id: str
    finished: bool
    content: str


class Model(Struct, frozen=True):
    """A registered model: its aliases, each with the number of the version that it names."""

    aliases: dict[str, str]
    ours: bool


class Point(Struct, frozen=True):
    name: str
    value: float
    step: int = 0


class Record(Struct, frozen=True, kw_only=True):
    """A run as MLflow keeps it; times in milliseconds since 1970."""

    name: str
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    points: Sequence[Point]
    pictures: Mapping[str, bytes]
    started: int
    ended: int


def _bounded(
    method: Callable[Concatenate["Tracking", P], T],
) -> Callable[Concatenate["Tracking", P], T]:
    """The method, ending in RegistryUnavailable where MLflow is at fault."""

    @wraps(method)
    def asked(self: "Tracking", /, *arguments: P.args, **options: P.kwargs) -> T:
        if monotonic() > self.until:
            raise _unavailable(self.uri, f"it has taken more than {PATIENCE_S:.0f} s")
        try:
            return method(self, *arguments, **options)
        except RegistryUnavailable:
            raise
        except Exception as error:  # the faults of clients, databases and servers that lie have no common ancestor
            raise _unavailable(self.uri, _said(error)) from error

    return asked


class Tracking:
    """One tracking server or database, and the registry of models in it."""

    def __init__(self, uri: str, experiment: str = EXPERIMENT) -> None:
        """Nothing is asked yet."""
        self.uri = uri
        self._named = experiment
        self.until = monotonic() + PATIENCE_S
        self._client: MlflowClient

    @_bounded
    def open(self) -> None:
        """Find or make the database and the experiment; this comes first."""
        artifacts = None
        if self.uri.startswith(_SQLITE):
            file = Path(self.uri.removeprefix(_SQLITE).partition("?")[0]).absolute()
            _prepare(file)
            artifacts = (file.parent / "artifacts").as_uri()
        self._client = _client(self.uri)
        found = self._client.get_experiment_by_name(self._named)
        if found and found.lifecycle_stage == "deleted":
            raise self.doubt(f"its experiment {self._named} was deleted; restore it")
        self._experiment = found.experiment_id if found else self._client.create_experiment(self._named, artifacts)
        if not self._experiment:
            raise self.doubt(f"it has no experiment {self._named} and makes none")

    @_bounded
    def fits(self, name: str) -> list[Fit]:
        """All runs of this name."""
        found = self._client.search_runs([self._experiment], f"tags.`rps.run` = '{name}'")
        return [
            Fit(run.info.run_id, run.info.status == "FINISHED", run.data.tags.get("rps.content", "")) for run in found
        ]

    @_bounded
    def fit_of(self, version: str) -> str | None:
        """The id of the first finished run that made this version."""
        wanted = f"tags.`rps.version` = '{version}' and attributes.status = 'FINISHED'"
        found = self._client.search_runs([self._experiment], wanted, order_by=["attributes.start_time ASC"])
        return found[0].info.run_id if found else None

    @_bounded
    def drop(self, fit: Fit) -> None:
        """Take out a run that nobody finished."""
        self._client.delete_run(fit.id)

    @_bounded
    def write(self, record: Record) -> str:
        """Keep a run, and finish it last; returns its id."""
        from mlflow.entities import Metric, Param

        tags = {name: text[:_LONGEST_TEXT] for name, text in record.tags.items() if text}
        id: str = self._client.create_run(self._experiment, record.started, tags, record.name).info.run_id
        points = [Metric(_name(point.name), point.value, record.ended, point.step) for point in record.points]
        parameters = [Param(_name(name), text[:_LONGEST_TEXT]) for name, text in record.parameters.items()]
        for start in range(0, len(points), _MOST_METRICS):
            self._client.log_batch(id, metrics=points[start : start + _MOST_METRICS])
        for start in range(0, len(parameters), _MOST_PARAMETERS):
            self._client.log_batch(id, params=parameters[start : start + _MOST_PARAMETERS])
        if record.pictures:
            with TemporaryDirectory() as folder:
                for name, picture in record.pictures.items():
                    Path(folder, name).write_bytes(picture)
                self._client.log_artifacts(id, folder, "plots")
        self._client.set_terminated(id, "FINISHED", record.ended)
        return id

    @_bounded
    def models(self, prefix: str) -> dict[str, Model]:
        """The registered models whose names begin so, by the rest of the name."""
        found = self._client.search_registered_models(f"name LIKE '{prefix}%'", max_results=1000)
        return {
            model.name.removeprefix(prefix): Model(
                {alias: str(number) for alias, number in model.aliases.items()}, "rps.family" in model.tags
            )
            for model in found
        }

    @_bounded
    def add_model(self, name: str, family: str) -> None:
        self._client.create_registered_model(name, {"rps.family": family})

    @_bounded
    def version(self, name: str, version: str) -> tuple[str, str] | None:
        """The number of this version of a registered model, and the digest that it is tagged with."""
        found = self._client.search_model_versions(f"name = '{name}' and tags.`rps.version` = '{version}'")
        first = min(found, key=lambda one: int(one.version), default=None)
        return (str(first.version), first.tags.get("rps.digest", "")) if first else None

    @_bounded
    def add_version(self, name: str, source: str, fit: str | None, tags: Mapping[str, str], text: str) -> str:
        """Link a version to what it is and to the run that made it; returns its number."""
        added = self._client.create_model_version(name, source, fit, dict(tags), None, text, await_creation_for=0)
        return str(added.version)

    @_bounded
    def describe_version(self, name: str, number: str, digest: str, text: str) -> None:
        """Another description, and then another digest."""
        self._client.update_model_version(name, number, text)
        self._client.set_model_version_tag(name, number, "rps.digest", digest)

    @_bounded
    def set_alias(self, name: str, alias: str, number: str) -> None:
        self._client.set_registered_model_alias(name, alias, number)

    @_bounded
    def drop_alias(self, name: str, alias: str) -> None:
        self._client.delete_registered_model_alias(name, alias)

    def doubt(self, what: str) -> RegistryUnavailable:
        """To be raised where it does not say what it was told."""
        return _unavailable(self.uri, what)


def _client(uri: str) -> "MlflowClient":
    os.environ.update(SILENT)
    for name, text in BOUNDS.items():
        os.environ.setdefault(name, text)
    for name, least in (("mlflow", logging.WARNING), ("alembic", logging.WARNING), ("urllib3", logging.ERROR)):
        logging.getLogger(name).setLevel(least)  # urllib3 tells of every retry, which we tell of once
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _prepare(file: Path) -> None:
    """A database that can be written to, made whole or not at all.

    MLflow makes its tables in some sixty steps, and cannot go on where it was killed between them.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() or not file.stat().st_size:
        with TemporaryDirectory(prefix=DRAFT, dir=file.parent) as folder:
            draft = Path(folder) / file.name
            _client(f"{_SQLITE}{draft}")
            draft.replace(file)
    with closing(sqlite3.connect(file, timeout=2)) as connection:  # by itself MLflow would try ten times
        connection.execute("PRAGMA schema_version")
        connection.execute("BEGIN IMMEDIATE")


def _name(text: str) -> str:
    """What MLflow takes as a name."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)[:_LONGEST_NAME]


def _said(error: BaseException) -> str:
    """Its beginning, and what was at the bottom of it: what lies between is long."""
    bottom = error
    while below := bottom.__cause__ or bottom.__context__:
        bottom = below
    texts = [" ".join(str(one).split())[:_LONGEST_FAULT] or type(one).__name__ for one in (error, bottom)]
    return texts[0] if texts[1] in texts[0] else f"{texts[0]} ... {texts[1]}"


def _unavailable(uri: str, text: str) -> RegistryUnavailable:
    told = "".join(letter for letter in f"The registry at {uri} cannot be told: {text}" if letter.isprintable())
    return RegistryUnavailable(re.sub(r"://[^/@\s]+@", "://", told))  # an address may hold a password
