"""What the sidecar can be told from outside; `__main__` reads it from variables, once."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from models.places import Place, check_key, place
from telemetry.settings import TelemetrySettings


class Settings(TelemetrySettings, frozen=True, kw_only=True):
    """Empty text means the place below `data_dir`."""

    data_dir: Annotated[str, Meta(min_length=1)] = "var"
    inference_socket: str = ""
    inference_host: str = "127.0.0.1"
    inference_port: Annotated[int, Meta(ge=0, le=65535)] = 8001
    store_url: str = ""
    bundle_key: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def __post_init__(self) -> None:
        place(self.store_url, self.data_dir)
        check_key(self.bundle_key)

    @property
    def socket(self) -> Path:
        """Where match servers connect."""
        return Path(self.inference_socket or Path(self.data_dir) / "inference.sock")

    @property
    def store(self) -> Place:
        """The folder or bucket that bundles and aliases are read from."""
        return place(self.store_url, self.data_dir)
