"""Where everything is that a backup holds, and what it leaves out because it can be made again."""

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from msgspec import Struct

from server.settings import Settings
from server.whole import DATABASE

SQLITE, POSTGRES = "sqlite:///", "postgresql://"
STORE, OUTBOX, NETWORKS, PHOTOS = "store", "trainer/outbox", "trainer/networks", "retrain_data"
REGISTRY, ARTIFACTS = "mlflow/mlflow.db", "mlflow/artifacts"
PASSING = ("supervisord.pid", DATABASE, "trainer", "mlflow")


class Sources(Struct, frozen=True):
    """Places; None where something is not a file of this machine."""

    data: Path
    database: Path | None
    store: Path | None
    registry: Path | None

    def after_the_database(self) -> Iterator[tuple[str, Path]]:
        """What is copied once the database is, in this order: where to, and from where."""
        if self.store is not None:
            yield STORE, self.store
        if self.registry is not None:
            yield REGISTRY, self.registry
            yield ARTIFACTS, self.registry.parent / "artifacts"
        yield NETWORKS, self.data / NETWORKS
        yield PHOTOS, self.data / PHOTOS

    @property
    def outbox(self) -> Path:
        return self.data / OUTBOX

    def left_out(self) -> list[str]:
        """What is in the data folder and not in a backup."""
        hidden: tuple[str, ...] = (".", f"{DATABASE}-", f"{DATABASE}.lock")
        kept = {path.resolve() for _, path in self.after_the_database()} | {self.outbox.resolve()}
        if self.database is not None:
            kept.add(self.database.resolve())
            hidden += (f"{self.database.name}-", f"{self.database.name}.lock")
        there = [path for below in ("*", "trainer/*", "mlflow/*") for path in self.data.glob(below)]
        return sorted(
            path.relative_to(self.data).as_posix()
            for path in there
            if path.resolve() not in kept
            and not path.is_socket()
            and not path.name.startswith(hidden)
            and path.name not in PASSING
        )


def sources_of(settings: Settings) -> Sources:
    """Where everything is; raises ValueError for a database of another kind."""
    data, uri = Path(settings.data_dir), settings.mlflow_tracking_uri
    registry: Path | None = data / REGISTRY
    if uri:
        registry = Path(uri.removeprefix(SQLITE).partition("?")[0]) if uri.startswith(SQLITE) else None
    store = settings.store_url.removeprefix("file://")
    return Sources(
        data,
        None if settings.postgres is not None else settings.database,
        None if "://" in store else Path(store or data / STORE),
        registry,
    )


def dump_of(url: str, folder: Path) -> str:
    """The command that copies what is in PostgreSQL, without a password; whatever else the address says stays in it."""
    above, _, place = url.removeprefix(POSTGRES).rpartition("@")
    user = above.partition(":")[0]
    place, _, query = place.partition("?")
    kept = "&".join(part for part in query.split("&") if part and "password" not in part.partition("=")[0])
    address = POSTGRES + (f"{user}@" if user else "") + place + (f"?{kept}" if kept else "")
    return f"pg_dump --format=custom --file={quote(str(folder / 'rps.dump'))} {quote(address)}"
