"""What the trainer can be told from outside; `__main__` reads it from variables, once."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from models.places import Place, check_key, place

LEAST_TOKEN = 16


class Settings(Struct, frozen=True):
    """Each field is the variable `RPS_<NAME>`; empty text means the place below `data_dir`."""

    data_dir: Annotated[str, Meta(min_length=1)] = "var"
    database_url: str = ""
    store_url: str = ""
    bundle_key: str = ""
    retrain_rounds: Annotated[int, Meta(ge=1)] = 2000
    poll_s: Annotated[float, Meta(gt=0)] = 2.0
    bot_share: Annotated[float, Meta(ge=0, le=1)] = 0.1
    promotion_rule: Literal["sequential", "fixed"] = "sequential"
    admin_port: Annotated[int, Meta(ge=0, le=65535)] = 8002
    admin_token: str = ""
    inference_host: str = "127.0.0.1"
    inference_port: Annotated[int, Meta(ge=0, le=65535)] = 8001
    mlflow_tracking_uri: str = ""
    otel_exporter_otlp_endpoint: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def __post_init__(self) -> None:
        if self.database_url and not self.database_url.startswith("sqlite:///"):
            raise ValueError(f"database_url must look like sqlite:///path/to/rps.db, not {self.database_url!r}")
        place(self.store_url, self.data_dir)
        check_key(self.bundle_key)
        if self.admin_token and len(self.admin_token) < LEAST_TOKEN:
            raise ValueError(f"admin_token must have {LEAST_TOKEN} characters or more")

    @property
    def database(self) -> Path:
        """The SQLite file that holds the round log."""
        return Path(self.database_url.removeprefix("sqlite:///") or Path(self.data_dir) / "rps.db")

    @property
    def store(self) -> Place:
        """The folder or bucket that bundles and aliases are published to."""
        return place(self.store_url, self.data_dir)

    @property
    def work(self) -> Path:
        """Where a cycle keeps what it may be resumed from; all of it can be made again."""
        return Path(self.data_dir) / "trainer" / "work"

    @property
    def outbox(self) -> Path:
        """Where fits wait until the registry has them."""
        return Path(self.data_dir) / "trainer" / "outbox"

    @property
    def tracking_uri(self) -> str:
        """The MLflow server or database that runs and versions are registered in."""
        return self.mlflow_tracking_uri or f"sqlite:///{Path(self.data_dir).absolute() / 'mlflow' / 'mlflow.db'}"
