"""Group commit: one writer makes whatever has gathered durable at once, so that a busy log commits no more often.

Each write is all or nothing. One that fails alone is told so; it never takes the others of its group with it, unless
the database itself does not answer.
"""

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic
from typing import Generic, Protocol, TypeVar

from server.errors import LogUnavailable, Overtaken
from server.meters import Meters

log = logging.getLogger(__name__)

GROUP = 512
"""Writes in one commit at most."""

Change = TypeVar("Change")
Change_contra = TypeVar("Change_contra", contravariant=True)


class Away(LogUnavailable):
    """The database does not answer, so that no write needs to be tried alone."""


class Performer(Protocol[Change_contra]):
    """The database's own way to write."""

    async def perform(self, changes: Sequence[Change_contra]) -> None:
        """Make all of them durable or none; raises Overtaken, LogUnavailable, of which Away says it for all writes."""


class Committer(Generic[Change]):
    """The only writer of a database, as far as this server is concerned."""

    def __init__(self, performer: Performer[Change], meters: Meters) -> None:
        self._performer = performer
        self._meters = meters
        meters.levels.pending = lambda: len(self._pending)
        self._pending: list[tuple[Change, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self.commits = 0

    def submit(self, change: Change) -> asyncio.Future[None]:
        """A future that is done once the change, and all before it, are durable; fails with what `perform` raises.

        That of a change that changes nothing says that nothing before it is waiting any more.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((change, done))
        self._wake.set()
        return done

    async def run(self) -> None:
        """Commit what comes, until cancelled."""
        while True:
            await self._wake.wait()
            group, self._pending = self._pending[:GROUP], self._pending[GROUP:]
            if not self._pending:
                self._wake.clear()
            await self._commit(group)

    async def _commit(self, group: list[tuple[Change, asyncio.Future[None]]]) -> None:
        began = monotonic()
        try:
            await self._performer.perform([change for change, _ in group])
        except (LogUnavailable, Overtaken) as error:
            self._meters.committed(len(group), monotonic() - began, well=False)
            if len(group) > 1 and not isinstance(error, Away):
                for each in group:
                    await self._commit([each])
                return
            if not isinstance(error, (Away, Overtaken)):  # the one is told once by who saw it, the other is no fault
                log.error("The round log did not take a write: %s", error)
            for _, done in group:
                _finish(done, type(error)(str(error)))  # one each: a raised error gathers its raiser's trace
            return
        except Exception:  # the outermost edge of all writing: nobody may wait for a commit that will never come
            log.exception("A commit could not be tried; what was to be in it is not certain.")
            self._meters.committed(len(group), monotonic() - began, well=False)
            for _, done in group:
                _finish(done, LogUnavailable("the commit could not be tried"))
            return
        self.commits += 1
        self._meters.committed(len(group), monotonic() - began, well=True)
        for _, done in group:
            _finish(done, None)


def _finish(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():  # whoever waited was cancelled
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
