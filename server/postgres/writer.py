"""The one connection that appends to the log and claims players. It is made again whenever it was lost."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg
from msgspec import Struct

from server.commit import Away
from server.errors import LogUnavailable, Overtaken
from server.ports import Claim
from server.postgres.connect import CONNECT_S, FAULTS, connected, own_name, said, unreachable
from server.rows import Row

log = logging.getLogger(__name__)

APPEND = "CALL append_rows($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL)"
COLUMNS = 5
"""Of a row of the log, without its position."""
OVERTAKEN = "RP001"
LOOK_S = 1.0
"""How often it is tried whether PostgreSQL still answers, or answers again."""


class Step(Struct, frozen=True):
    """Log rows that become durable together, and by what right."""

    rows: Sequence[Row] = ()
    claims: Sequence[Claim] = ()


class Wish(Struct):
    """A player whom this server claims, and the epoch that it was given once that is durable."""

    player: str
    epoch: int = 0


class Writer:
    """Appends groups of steps and claims players, each group by one statement."""

    def __init__(self, address: str) -> None:
        self.name = own_name()
        self._address = address
        self._connection: asyncpg.Connection | None = None
        self._using = asyncio.Lock()
        self.fault: str | None = None
        """Why nothing can be written, nor read, as long as that lasts."""

    async def perform(self, changes: Sequence[Step | Wish]) -> None:
        """Append all of it, then claim, or nothing; raises Overtaken, LogUnavailable, Away.

        After Away it may yet become durable, unless its players are claimed first.
        """
        steps = [change for change in changes if isinstance(change, Step)]
        wishes = [change for change in changes if isinstance(change, Wish)]
        rows = [row for step in steps for row in step.rows]
        if not rows and not wishes:
            return
        if self.fault is not None:
            raise Away(self.fault)  # nobody is to wait for nothing: `watch` tries for all
        columns = [[row[at] for row in rows] for at in range(COLUMNS)]
        claims = {claim for step in steps for claim in step.claims}
        held = [claim.player for claim in claims], [claim.epoch for claim in claims]
        async with self._using:
            given = await self._execute(APPEND, *columns, *held, [wish.player for wish in wishes], self.name)
        for wish, epoch in zip(wishes, given, strict=True):
            wish.epoch = epoch

    async def watch(self) -> None:
        """Look after the connection, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            async with self._using:
                with suppress(LogUnavailable):  # `fault` says so
                    await self._execute("SELECT 1")

    async def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close(timeout=CONNECT_S)
            except FAULTS:
                connection.terminate()

    async def _execute(self, sql: str, *parameters: object) -> Any:
        connection = self._connection
        if connection is None or connection.is_closed():
            connection = await self._connect()
        try:
            return await connection.fetchval(sql, *parameters)
        except FAULTS as error:
            if getattr(error, "sqlstate", None) == OVERTAKEN:
                raise Overtaken(str(error)) from error
            if not unreachable(error):
                raise LogUnavailable(said(error)) from error
            connection.terminate()
            if isinstance(error, TimeoutError):
                raise self._away(error) from error
            log.warning("PostgreSQL has broken off: %s", said(error))
            with suppress(Away):
                await self._connect()  # what became of the statement cannot be known, but the next one may begin
            raise Away(f"PostgreSQL cannot be reached: {said(error)}") from error

    async def _connect(self) -> asyncpg.Connection:
        """Begin anew; raises Away."""
        try:
            connection = self._connection = await connected(self._address, self.name)
        except FAULTS as error:
            raise self._away(error) from error
        if self.fault is not None:
            log.info("PostgreSQL answers again.")
            self.fault = None
        return connection

    def _away(self, error: Exception) -> Away:
        """Say that PostgreSQL is away, until it answers again."""
        if self.fault is None:
            log.warning("PostgreSQL cannot be reached: %s", said(error))
        self.fault = f"PostgreSQL cannot be reached: {said(error)}"
        return Away(self.fault)
