"""What the trainer can be told from outside; `__main__` reads it from variables, once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from game.settings import SettingsError, StreamName
from models.places import Place, check_key, place
from telemetry.settings import TelemetrySettings

LEAST_TOKEN = 16
_SQLITE, _POSTGRES = "sqlite:///", "postgresql://"


class Settings(TelemetrySettings, frozen=True):
    """Each field is the variable `RPS_<NAME>`; empty text means the place below `data_dir`."""

    data_dir: Annotated[str, Meta(min_length=1)] = "var"
    database_url: str = ""
    stream_url: str = ""
    stream_name: StreamName = "rps-rounds"
    store_url: str = ""
    bundle_key: str = ""
    retrain_rounds: Annotated[int, Meta(ge=1)] = 2000
    retrain_families: str = ""
    poll_s: Annotated[float, Meta(gt=0)] = 2.0
    bot_share: Annotated[float, Meta(ge=0, le=1)] = 0.1
    promotion_rule: Literal["sequential", "fixed"] = "sequential"
    admin_port: Annotated[int, Meta(ge=0, le=65535)] = 8002
    admin_token: str = ""
    inference_host: str = "127.0.0.1"
    inference_port: Annotated[int, Meta(ge=0, le=65535)] = 8001
    dataset: str = ""
    fit_processes: Annotated[int, Meta(ge=1)] = 1
    ray_address: str = ""
    mlflow_tracking_uri: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def __post_init__(self) -> None:
        if self.database_url and not _is_database(self.database_url):
            raise ValueError(
                "database_url must look like sqlite:///path/to/rps.db or postgresql://user:password@host:5432/name"
            )
        if self.stream_url and not _is_address(self.stream_url, ("nats", "tls")):
            raise ValueError("stream_url must look like nats://host:4222")
        place(self.store_url, self.data_dir)
        check_key(self.bundle_key)
        if self.admin_token and len(self.admin_token) < LEAST_TOKEN:
            raise ValueError(f"admin_token must have {LEAST_TOKEN} characters or more")

    def retrained(self, known: Sequence[str]) -> list[str]:
        """Which of the known families a cycle fits, in their order: all, or those named; raises SettingsError."""
        named = self.retrain_families.split()
        if unknown := sorted(set(named) - set(known)):
            raise SettingsError(f"RPS_RETRAIN_FAMILIES names {', '.join(unknown)}; there are {', '.join(known)}.")
        return [family for family in known if not named or family in named]

    @property
    def address(self) -> Path | str:
        """The database of ledger, lease and donations: the SQLite file, or the address of PostgreSQL."""
        if self.database_url.startswith(_POSTGRES):
            return self.database_url
        return Path(self.database_url.removeprefix(_SQLITE) or Path(self.data_dir) / "rps.db")

    @property
    def told(self) -> str:
        """How the database is spoken of."""
        address = self.address
        return str(address) if isinstance(address, Path) else named(address)

    @property
    def database(self) -> Path:
        """The SQLite file that the round log is read from: the server's own, or the mirror of what is in PostgreSQL."""
        address = self.address
        return address if isinstance(address, Path) else Path(self.data_dir) / "trainer" / "mirror.db"

    @property
    def store(self) -> Place:
        """The folder or bucket that bundles and aliases are published to."""
        return place(self.store_url, self.data_dir)

    @property
    def work(self) -> Path:
        """Where a cycle keeps what it may be resumed from; all of it can be made again."""
        return Path(self.data_dir) / "trainer" / "work"

    @property
    def scoreboard(self) -> Path:
        """Where the scoreboard keeps its totals, which can be counted again."""
        return Path(self.data_dir) / "trainer" / "scoreboard"

    @property
    def outbox(self) -> Path:
        """Where fits wait until the registry has them."""
        return Path(self.data_dir) / "trainer" / "outbox"

    @property
    def retrain_data(self) -> Path:
        """Where labelled photos lie, in a folder for each move."""
        return Path(self.data_dir) / "retrain_data"

    @property
    def dataset_folder(self) -> Path | None:
        """The Parquet dataset that cycles learn from, None where they read the log."""
        return Path(self.dataset) if self.dataset else None

    @property
    def networks(self) -> Path:
        """Where published image classifiers are kept as they can be trained further."""
        return Path(self.data_dir) / "trainer" / "networks"

    @property
    def tracking_uri(self) -> str:
        """The MLflow server or database that runs and versions are registered in."""
        return self.mlflow_tracking_uri or f"sqlite:///{Path(self.data_dir).absolute() / 'mlflow' / 'mlflow.db'}"


def named(url: str) -> str:
    """The address of PostgreSQL as it may be told: without user and password."""
    address = urlsplit(url)
    return f"PostgreSQL at {address.hostname}:{address.port or 5432}{address.path}"


def _is_database(url: str) -> bool:
    if url.startswith(_SQLITE):
        return len(url) > len(_SQLITE)
    return _is_address(url, ("postgresql",)) and len(urlsplit(url).path) > 1


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    """Whether it names a host; a fault tells nothing of it, for it may hold a password."""
    try:
        address = urlsplit(url)
        if "@" in address.path + address.query + address.fragment:
            return False  # what is taken for the host is then the beginning of a password with a / in it
        return address.scheme in schemes and bool(address.hostname) and address.port != 0
    except ValueError:
        return False
