"""Both kinds of database behind one fixture, and what a test does to one behind the server's back."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from game.records import Opened
from server.database import opened
from server.ports import Database
from server.settings import Settings
from support.play import opening


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where there is an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'rps.db'}"
    else:
        yield request.getfixturevalue("postgres")


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    """The database at that address, open."""
    async with opened(Settings(database_url=address)) as database:
        yield database


REFUSED = (sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)
"""What either database raises where a constraint holds."""


async def changed(address: str, sql: str) -> None:
    """Let another program run these statements."""
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            connection.executescript(sql)
    else:
        await asked(address, sql)


async def asked(address: str, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What PostgreSQL answers another program."""
    connection = await asyncpg.connect(address)
    try:
        if parameters or sql.lstrip().upper().startswith("SELECT"):
            return [tuple(found) for found in await connection.fetch(sql, *parameters)]
        await connection.execute(sql)
        return []
    finally:
        await connection.close()


def opening_of(match: str, player: str, **changes: Any) -> Opened:
    """The first record of the player's match."""
    return replace(opening(), match=match, player=player, **changes)
