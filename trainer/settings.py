"""What the trainer can be told from outside; `__main__` reads it from variables, once."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from models.places import Place, check_key, place


class Settings(Struct, frozen=True):
    """Each field is the variable `RPS_<NAME>`; empty text means the place below `data_dir`."""

    data_dir: Annotated[str, Meta(min_length=1)] = "var"
    database_url: str = ""
    store_url: str = ""
    bundle_key: str = ""
    retrain_rounds: Annotated[int, Meta(ge=1)] = 2000
    poll_s: Annotated[float, Meta(gt=0)] = 2.0
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    def __post_init__(self) -> None:
        if self.database_url and not self.database_url.startswith("sqlite:///"):
            raise ValueError(f"database_url must look like sqlite:///path/to/rps.db, not {self.database_url!r}")
        place(self.store_url, self.data_dir)
        check_key(self.bundle_key)

    @property
    def database(self) -> Path:
        """The SQLite file that holds the round log."""
        return Path(self.database_url.removeprefix("sqlite:///") or Path(self.data_dir) / "rps.db")

    @property
    def store(self) -> Place:
        """The folder or bucket that bundles and aliases are published to."""
        return place(self.store_url, self.data_dir)

    @property
    def position(self) -> Path:
        """Where the last position learned from is kept."""
        return Path(self.data_dir) / "trainer" / "position.json"
