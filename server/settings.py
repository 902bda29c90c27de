"""Everything about the match server that can be set; read once, in `__main__`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

Port = Annotated[int, Meta(ge=0, le=65535)]
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]


class Durability(StrEnum):
    """What an accepted move survives: the death of any process, or the loss of power too."""

    PROCESS = "process"
    POWER = "power"


class Settings(Struct, frozen=True):
    """Each field is the variable `RPS_<NAME>`; an empty path or address means one under `data_dir`."""

    host: str = "127.0.0.1"
    port: Port = 8000
    data_dir: str = "var"
    database_url: str = ""
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
    log_level: str = "info"

    @property
    def database(self) -> Path:
        """The SQLite file; raises ValueError for an address of another kind."""
        if not self.database_url:
            return Path(self.data_dir, "rps.db")
        scheme, _, path = self.database_url.partition("///")
        if scheme != "sqlite:" or not path:
            raise ValueError(f"RPS_DATABASE_URL must look like sqlite:///path/to/rps.db, not {self.database_url!r}.")
        return Path(path)

    @property
    def socket(self) -> Path:
        """The sidecar's Unix socket."""
        return Path(self.inference_socket or Path(self.data_dir, "inference.sock"))

    @property
    def allowed_origins(self) -> frozenset[str]:
        """Origins allowed beside the server's own."""
        return frozenset(self.origins.split())
