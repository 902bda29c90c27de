"""Filling the mirror: from the stream where there is one, and from PostgreSQL itself what the stream does not bring.

The mirror's own last position says where to go on. What the stream does not have when it should (retention cut it off,
it is being filled again, nobody publishes) is read from the database; so is all of it while the stream is away.
"""

import logging
from contextlib import ExitStack
from time import monotonic

from trainer.mirror.file import Entry, MirrorFile
from trainer.mirror.stream import Stream, StreamAway
from trainer.pause import Pause
from trainer.postgres import Postgres
from trainer.settings import Settings

log = logging.getLogger(__name__)

SLICE = 1000
"""Rows in one transaction."""
TURN_S = 0.5
"""How long one turn may read, for everything else of the daemon waits."""
_TOLD_S = 5.0
"""How often a long first filling is told of."""
_END = "SELECT coalesce(max(position), 0) FROM log"
_AFTER = "SELECT position, match, round, kind, at, body FROM log WHERE position > $1 ORDER BY position LIMIT $2"
_AT = "SELECT position, match, round, kind, at, body FROM log WHERE position = $1"


class Mirror:
    """The mirror of one database, filled by one thread; to be closed.

    Raises LedgerUnavailable and NoLog where the database does not answer or holds no log, and MirrorUnusable.
    """

    def __init__(self, settings: Settings, server: Postgres, streamed: bool = True) -> None:
        """`streamed` is for whoever holds the lease: the stream's consumer is one for all trainers."""
        self._server = server
        self._path = settings.database
        self._file: MirrorFile | None = None
        self._stream: Stream | None = None
        if streamed and settings.stream_url:
            self._stream = Stream(settings.stream_url, settings.stream_name, self._row)
        self._retry = Pause()
        self._away = False
        self._told = monotonic()
        self.lag = 0
        """Rows that the database had and the mirror lacked at the last look."""
        self.caught_up = False
        """Whether it has been at the log's end: until then nothing should be concluded from it."""

    def advance(self, seconds: float = TURN_S) -> bool:
        """Read on for about so long; whether there is more."""
        file = self._opened()
        position, until = file.position, monotonic() + seconds
        ((end,),) = self._server.fetch(_END)
        if end < position:
            raise file.unusable(f"it holds more rows than {self._server.name}")
        while position < end:
            file.take(self._next(position, end))
            position = file.position
            if monotonic() >= until:
                break
        self._settle(position)
        self.lag = max(0, end - position)
        self.caught_up = self.caught_up or not self.lag
        self._tell(position, end)
        return self.lag > 0

    def rest(self) -> None:
        """Let go of the stream and the file: somebody else is the trainer."""
        if self._stream is not None:
            self._stream.rest()
        if self._file is not None:
            self._file.close()
        self._file, self.caught_up = None, False

    def close(self) -> None:
        self.rest()
        if self._stream is not None:
            self._stream.close()

    def _opened(self) -> MirrorFile:
        """The file, if its last row is the log's own: else it is the mirror of another log."""
        if self._file is not None and self._file.in_place:
            return self._file
        self.rest()
        file = MirrorFile(self._path)
        with ExitStack() as refused:
            refused.callback(file.close)
            newest = file.newest()
            if newest is not None and self._row(newest.position) != newest:
                raise file.unusable(f"its row {newest.position} is not that of {self._server.name}")
            refused.pop_all()
        self._file = file
        return file

    def _row(self, position: int) -> Entry | None:
        """The row as the database has it."""
        return next((Entry(*found) for found in self._server.fetch(_AT, position)), None)

    def _next(self, position: int, end: int) -> list[Entry]:
        """Rows that follow this position, one at least."""
        came = self._from_stream(position, end - position)
        if came and came[0].position == position + 1:
            return came
        most = min(SLICE, came[0].position - position - 1) if came else SLICE
        return [Entry(*found) for found in self._server.fetch(_AFTER, position, most)]

    def _from_stream(self, position: int, most: int) -> list[Entry]:
        if self._stream is None or (self._away and not self._retry.over):
            return []
        try:
            came = self._stream.after(position, most)
        except StreamAway as error:
            self._lost(error)
            return []
        self._found()
        return came

    def _settle(self, position: int) -> None:
        """Acknowledge what is kept by now; a lost stream is sought again even where nobody plays."""
        if self._stream is None or (self._away and not self._retry.over):
            return
        try:
            self._stream.keep(position)
        except StreamAway as error:
            self._lost(error)

    def _lost(self, error: StreamAway) -> None:
        if not self._away:
            log.warning("The stream cannot be followed: %s. Rounds are read from %s.", error, self._server.name)
        self._away = True
        self._retry.failed()

    def _found(self) -> None:
        if self._away:
            log.info("Rounds come from the stream again.")
        self._away = False
        self._retry.succeeded()

    def _tell(self, position: int, end: int) -> None:
        """How a long filling goes."""
        if self.caught_up or monotonic() - self._told < _TOLD_S:
            return
        self._told = monotonic()
        log.info("Reading the log into %s: %d of %d rows.", self._path, position, end)
