"""Everything about the match server that can be set; read once, in `__main__`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from game.settings import StreamName
from telemetry.settings import TelemetrySettings

Port = Annotated[int, Meta(ge=0, le=65535)]
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]


class Durability(StrEnum):
    """What an accepted move survives: the death of any process, or the loss of power too."""

    PROCESS = "process"
    POWER = "power"


class Settings(TelemetrySettings, frozen=True):
    """Each field is the variable `RPS_<NAME>`; an empty path or address means one under `data_dir`.

    `store_url` and `mlflow_tracking_uri` are the other processes', and say what a backup has to copy.
    """

    host: str = "127.0.0.1"
    port: Port = 8000
    data_dir: str = "var"
    database_url: str = ""
    stream_url: str = ""
    stream_name: StreamName = "rps-rounds"
    stream_days: Annotated[float, Meta(ge=0)] = 0
    durability: Durability = Durability.PROCESS
    inference_socket: str = ""
    inference_timeout_ms: Positive = 40
    assignment_salt: str = ""
    share_b: Share = 0.5
    control_share: Share = 0.02
    lean: Share = 1.0
    origins: str = ""
    rate: Positive = 100
    burst: Annotated[int, Meta(ge=1)] = 60
    max_connections: Annotated[int, Meta(ge=1)] = 5000
    idle_match_s: Positive = 86_400
    drain_s: Positive = 5
    store_url: str = ""
    mlflow_tracking_uri: str = ""
    log_level: str = "info"

    @property
    def postgres(self) -> str | None:
        """The address of PostgreSQL, if that is what keeps everything."""
        return self.database_url if self.database_url.startswith("postgresql://") else None

    @property
    def database(self) -> Path:
        """The SQLite file, if it is that; raises ValueError for an address of another kind."""
        if not self.database_url:
            return Path(self.data_dir, "rps.db")
        scheme, _, path = self.database_url.partition("///")
        if scheme != "sqlite:" or not path:
            raise ValueError(
                "RPS_DATABASE_URL must look like sqlite:///path/to/rps.db or postgresql://user:password@host:5432/name."
            )
        return Path(path)

    @property
    def socket(self) -> Path:
        """The sidecar's Unix socket."""
        return Path(self.inference_socket or Path(self.data_dir, "inference.sock"))

    @property
    def allowed_origins(self) -> frozenset[str]:
        """Origins allowed beside the server's own."""
        return frozenset(self.origins.split())
