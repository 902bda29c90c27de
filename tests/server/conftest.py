from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from msgspec.structs import replace
from support.databases import address, database  # noqa: F401
from support.house import House, Opening, running
from support.services import postgres  # noqa: F401

from server.settings import Settings


@pytest.fixture
def house_settings(tmp_path: Path) -> Settings:
    """A server whose every match is played by a model; controls are asked for where they are meant."""
    return Settings(port=0, data_dir=str(tmp_path), control_share=0.0)


@pytest.fixture
async def open_house(house_settings: Settings) -> AsyncIterator[Opening]:
    """Start a server with changed settings; it stops with the test."""
    async with AsyncExitStack() as stack:

        async def open_one(**changes: object) -> House:
            return await stack.enter_async_context(running(replace(house_settings, **changes)))

        yield open_one


@pytest.fixture
async def house(open_house: Opening) -> House:
    return await open_house()
