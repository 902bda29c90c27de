"""Fills a mirror again and again, from the start each second time, until it is killed."""

import sys
from contextlib import closing
from pathlib import Path

from trainer.database import Database
from trainer.mirror import follow
from trainer.settings import Settings


def main(data_dir: str, database_url: str, stream_url: str, stream_name: str) -> None:
    """Tells `ready` when it has begun; small slices make many commits to be killed in."""
    settings = Settings(data_dir=data_dir, database_url=database_url, stream_url=stream_url, stream_name=stream_name)
    follow.SLICE = 7
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        with closing(Database(settings)) as database:
            while database.read_on():
                pass
        for part in ("", "-wal", "-shm"):
            Path(f"{settings.database}{part}").unlink(missing_ok=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
