"""What there is to tell of one fit, kept in a folder until the registry has it.

A run is written before anything of it is published and removed once it is registered, so that neither a registry that
is down nor a trainer that is killed loses one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from msgspec import DecodeError, Meta, Struct, ValidationError, json

from models.files import replace_file

Name = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=200)]
"""A run's name is also a file's."""


class Bin(Struct, frozen=True):
    """Predictions of like confidence: the mean probability given, the share that came true, how many."""

    expected: float
    came_true: float
    count: int


class Run(Struct, frozen=True, kw_only=True):
    """One fit. `name` is unique and says cycle, family and configuration; times are milliseconds since 1970, UTC.

    A number that is not finite is None when it is read again, for JSON has no word for it.
    """

    name: Name
    family: Annotated[str, Meta(pattern=r"\A[a-z0-9_-]+\Z")]
    version: Annotated[str, Meta(pattern=r"\A[a-z0-9.-]*\Z")]
    digest: str
    """Of the bundle's manifest; empty where the model was not published."""
    parameters: dict[str, str | int | float]
    metrics: Mapping[str, float | None]
    """By the field's names: accuracy, log_loss, brier, calibration_error, points_over_equilibrium; prefixes
    `validation_` and `held_out_`, and `production_` for the model in production on the same held-out rounds."""
    snapshot: str
    """The id of the data it was fitted on."""
    code: str
    """The code that fitted it."""
    started: int
    ended: int
    chosen: bool = False
    """Whether it was the one of its family that came before the gate."""
    passed: bool = False
    """Whether it passed the gate."""
    curve: tuple[float | None, ...] = ()
    """The validation log-loss after each epoch or round of trees."""
    confusion: tuple[tuple[int, int, int], ...] = ()
    """Rows: the move thrown; columns: the likeliest move; in the order of `MOVES`."""
    calibration: tuple[Bin, ...] = ()
    gain: Mapping[str, float | None] = {}
    """How much the model itself makes of a feature."""
    permutation: Mapping[str, float | None] = {}
    """How much the log-loss rises when a feature is shuffled among the held-out rounds."""


BAD = ".bad"


class Outbox:
    """The folder of runs that the registry does not have yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, run: Run) -> None:
        """Keep a run; the same name replaces what was kept under it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        replace_file(self._folder / f"{run.name}.json", json.encode(run))

    def waiting(self) -> list[Path]:
        """The files of all runs, the oldest name first."""
        return sorted(self._folder.glob("[!.]*.json"))

    def read(self, path: Path) -> Run | None:
        """The run in a file; None where it cannot be read, which leaves it there to be looked at."""
        try:
            return json.decode(path.read_bytes(), type=Run)
        except (OSError, DecodeError, ValidationError):
            return None

    def set_aside(self, path: Path) -> Path:
        """Where the file is from now on: kept for a person, and waiting no more."""
        aside = path.with_name(f"{path.name}{BAD}")
        path.replace(aside)
        return aside

    def done(self, path: Path) -> None:
        """The registry has it."""
        path.unlink(missing_ok=True)
