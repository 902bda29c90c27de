"""The round log as Parquet, for whoever learns from more rounds than one machine holds: `python -m trainer export`.

A dataset is a folder: `dataset.json`, and files `day=2026-01-31/bucket=07/part-FIRST-LAST.parquet`. A row is a round of
a match that has ended; its day is the one on which the match ended, UTC, and its bucket follows from the player: whole
players are in one bucket, and a split by players is a choice of buckets. An export adds parts and touches no other.
`dataset.json` says up to which log position matches are in, and is replaced last. A part whose LAST lies beyond it was
left by an export that died: no reader takes it, and the next export removes it.

Nothing in it names a player. In place of the player's id stands a digest of it: the id holds 64 bits of chance and is
told to nobody else, so that only who has the log can tell which is which. A match keeps its id, which its public
transcript tells too, without the player.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import pyarrow.parquet as pq
from msgspec import DecodeError, Meta, Struct, ValidationError, json

from models.files import replace_file
from trainer.data import table
from trainer.data.intake import Intake, ordered
from trainer.errors import NoDataset

DATASET = "dataset.json"
PARTS = "day=*/bucket=*/part-*.parquet"
BUCKETS = 16
"""Unless another number is asked for: of each day so many files at least."""
_PSEUDONYM = 32
"""Hexadecimal digits."""


class Dataset(Struct, frozen=True):
    """What is in the folder: all matches that ended up to `position`, but those with a corrupt record.

    `open` are the matches that had begun and not ended there. `rounds` counts the thrown ones.
    """

    buckets: Annotated[int, Meta(ge=1, le=4096)] = BUCKETS
    position: int = 0
    rounds: int = 0
    matches: int = 0
    open: tuple[str, ...] = ()
    format: int = 1


def opened(folder: Path) -> Dataset | None:
    """What the folder holds, None where it holds no dataset; raises NoDataset where that cannot be read."""
    try:
        return json.decode((folder / DATASET).read_bytes(), type=Dataset)
    except FileNotFoundError:
        return None
    except (OSError, DecodeError, ValidationError) as error:
        raise NoDataset(f"{folder / DATASET} cannot be read: {error}.") from error


def commit(folder: Path, dataset: Dataset) -> None:
    """From now on this is what the folder holds."""
    replace_file(folder / DATASET, json.encode(dataset))


def parts(folder: Path, dataset: Dataset) -> tuple[list[Path], list[Path]]:
    """(the parts that belong to it, those that a dead export left)."""
    whole: list[Path] = []
    left: list[Path] = []
    for path in sorted(folder.glob(PARTS)):
        (whole if int(path.stem.rpartition("-")[2]) <= dataset.position else left).append(path)
    return whole, left


def read(folder: Path, buckets: Collection[int] | None = None, days: Collection[str] | None = None) -> Intake:
    """The matches of these buckets and days, of all by default, bit for bit as intake reads them from the log.

    Players are pseudonyms, numbered as they come. Raises NoDataset.
    """
    dataset = opened(folder)
    if dataset is None:
        raise NoDataset(f"There is no dataset in {folder}.")
    found = [path for path in parts(folder, dataset)[0] if _wanted(path, buckets, days)]
    return ordered([table.intake(pq.ParquetFile(path).read()) for path in found] or [table.nothing()])


def _wanted(path: Path, buckets: Collection[int] | None, days: Collection[str] | None) -> bool:
    bucket, day = (folder.name.partition("=")[2] for folder in list(path.parents)[:2])
    return (buckets is None or int(bucket) in buckets) and (days is None or day in days)


def pseudonym(player: str) -> str:
    """What stands for a player in every dataset of the log."""
    return sha256(b"rps-quest player " + player.encode()).hexdigest()[:_PSEUDONYM]


def bucket_of(pseudonym: str, buckets: int) -> int:
    return int(pseudonym[:8], 16) % buckets


def part(folder: Path, day: str, bucket: int, first: int, last: int) -> Path:
    """Where a part belongs that holds matches which ended at these log positions and between; names sort by them."""
    return folder / f"day={day}" / f"bucket={bucket:02}" / f"part-{first:014}-{last:014}.parquet"


def day_of(milliseconds: int) -> str:
    """The day of a time since 1970."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()
