"""A server that is paused in the middle of a match, and wakes up after another has taken the player over."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from support.client import Client, connected
from support.services import postgres
from websockets.exceptions import ConnectionClosed

from bench.system import System

__all__ = ["postgres"]  # a fixture


@pytest.fixture
def system(tmp_path: Path, postgres: str) -> Iterator[System]:
    with System(tmp_path, servers=2, database_url=postgres) as system:
        yield system.play()


async def played(postgres: str, match: str, round: int) -> list[str]:
    """The moves of the player that the log has for a round."""
    connection = await asyncpg.connect(postgres)
    sql = "SELECT body::json ->> 'player_move' FROM log WHERE match = $1 AND round = $2 AND kind = 'played'"
    try:
        return [move for (move,) in await connection.fetch(sql, match, round)]
    finally:
        await connection.close()


async def last_words(client: Client) -> tuple[list[str], int]:
    """The codes of what is refused until the socket is closed, and the code that it is closed with."""
    try:
        while True:
            await client.hear()
    except ConnectionClosed as closed:
        assert closed.rcvd is not None
        return [told["code"] for told in client.heard if told["type"] == "refused"], closed.rcvd.code


async def test_what_it_was_sent_before_the_pause_does_not_count_any_more(system: System, postgres: str) -> None:
    first, second = system.servers
    async with connected(system.url_of(first)) as here, connected(system.url_of(second)) as there:
        token = (await here.hello())["token"]
        round = await here.start()
        system.pause(first)
        await here.say("move", match=round["match"], round=round["round"], move="rock")

        welcome = await there.hello(token=token)
        assert welcome["match"] == round["match"]
        await there.say("sync", match=round["match"], seen=round["seq"] - 1)
        assert (await there.until("round"))["commitment"] == round["commitment"]
        assert (await there.throw(round, "paper"))["player_move"] == "paper"
        further = await there.until("round")

        system.wake(first)
        refused, code = await last_words(here)
        assert set(refused) == {"elsewhere"}
        assert code == 4001
        over = await there.play_out(further)
        assert over["type"] == "over"
        assert await played(postgres, round["match"], round["round"]) == ["paper"]


async def test_it_takes_the_player_back_when_they_come_back_to_it(system: System, postgres: str) -> None:
    first, second = system.servers
    async with connected(system.url_of(first)) as here, connected(system.url_of(second)) as there:
        token = (await here.hello())["token"]
        round = await here.start()
        system.pause(first)
        token = (await there.hello(token=token))["token"]
        await there.throw(round, "paper")
        further = await there.until("round")
        system.wake(first)
        async with connected(system.url_of(first)) as again:
            await again.hello(token=token)
            assert (await again.throw(further, "scissors"))["player_move"] == "scissors"
            assert await last_words(there) == (["elsewhere"], 4001)
            assert await played(postgres, round["match"], further["round"]) == ["scissors"]
            assert (await again.play_out(await again.until("round")))["type"] == "over"
