"""The database that the settings name: a SQLite file, read as it is, or PostgreSQL, whose log is read from a mirror."""

from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.lifecycle import book
from trainer.lifecycle.book import Book
from trainer.settings import Settings

if TYPE_CHECKING:  # what follows PostgreSQL is loaded only where there is one
    from trainer.mirror.follow import Mirror
    from trainer.postgres import Postgres


class Database:
    """What whoever may hold the lease keeps open of it; used by one thread, and to be closed."""

    def __init__(self, settings: Settings, streamed: bool = True) -> None:
        """Opens nothing yet. The stream's consumer is one for all trainers: it is for the lease's holder alone."""
        address = settings.address
        self._where: Path | Postgres
        self._mirror: Mirror | None = None
        if isinstance(address, Path):
            self._where = address
            return
        from trainer import postgres
        from trainer.mirror import follow

        self._where = postgres.Postgres(address)
        self._mirror = follow.Mirror(settings, self._where, streamed)

    def book(self) -> AbstractContextManager[Book]:
        """Ledger, lease and notices; raises NoLog and LedgerUnavailable."""
        return book.opened(self._where)

    def read_on(self) -> bool:
        """Take the log further into the file that is read, for about half a second; whether there is more.

        Raises LedgerUnavailable, NoLog and MirrorUnusable.
        """
        return self._mirror is not None and self._mirror.advance()

    @property
    def ready(self) -> bool:
        """Whether the file that is read has been at the log's end."""
        return self._mirror is None or self._mirror.caught_up

    @property
    def lag(self) -> int | None:
        """How many rows that file lacked at the last look; None where it is the log itself."""
        return None if self._mirror is None else self._mirror.lag

    def rest(self) -> None:
        """Let go of the log: somebody else follows it now."""
        if self._mirror is not None:
            self._mirror.rest()

    def close(self) -> None:
        if self._mirror is not None:
            self._mirror.close()
        if not isinstance(self._where, Path):
            self._where.close()


def refresh(settings: Settings) -> None:
    """Bring the file that `settings.database` names up to the end of the log, beside a daemon or without one."""
    with closing(Database(settings, streamed=False)) as database:
        while database.read_on():
            pass
