"""PostgreSQL and NATS for tests: a database and a stream with names of their own, gone afterwards.

Where neither variable is set, the usual ports of this machine are tried; who does not answer there is skipped with the
reason, except where CI says that everything must be there.
"""

import asyncio
import os
import socket
from collections.abc import Iterator
from secrets import token_hex
from urllib.parse import urlsplit

import asyncpg
import nats
import pytest
from nats.js.errors import NotFoundError

POSTGRES = os.environ.get("RPS_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
NATS = os.environ.get("RPS_TEST_NATS_URL", "nats://127.0.0.1:4222")


def _answers(url: str) -> bool:
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname or "127.0.0.1", address.port or 0), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def postgres() -> Iterator[str]:
    """The address of an empty database."""
    if not _answers(POSTGRES):
        pytest.skip("No PostgreSQL answers; RPS_TEST_POSTGRES_URL says where there is one.")
    name = f"rps_test_{token_hex(6)}"
    asyncio.run(_told(f'CREATE DATABASE "{name}"'))
    try:
        yield urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
    finally:
        asyncio.run(_told(f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _told(sql: str) -> None:
    connection = await asyncpg.connect(POSTGRES)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest.fixture
def stream() -> Iterator[tuple[str, str]]:
    """A JetStream server's address, and the name of a stream that is not there yet."""
    if not _answers(NATS):
        pytest.skip("No NATS answers; RPS_TEST_NATS_URL says where there is one.")
    name = f"rps-test-{token_hex(6)}"
    try:
        yield NATS, name
    finally:
        asyncio.run(_delete(name))


async def _delete(name: str) -> None:
    client = await nats.connect(NATS)
    try:
        await client.jetstream().delete_stream(name)
    except NotFoundError:
        pass  # the test never made it
    finally:
        await client.close()
