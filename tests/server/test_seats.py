"""Two servers over one log: the player belongs to the one that was told hello last."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from support.client import Client, connected
from support.house import House, Looker, Opening, Seer
from websockets.exceptions import ConnectionClosed

from game.fold import rebuild
from server.app import create_app
from server.audience import REPLACED
from server.errors import LogUnavailable
from server.http import serve
from server.parts import Parts
from server.ports import Claim
from server.table import now_ms


@asynccontextmanager
async def beside(house: House) -> AsyncIterator[House]:
    """Another server over the same log."""
    oracle, eyes = Seer(), Looker()
    parts = Parts(house.parts.settings, house.parts.log, oracle, eyes, "salt")
    server = serve(create_app(parts), parts)
    serving = asyncio.create_task(server.serve())
    await server.listening.wait()
    try:
        yield House(parts, server, oracle, eyes)
    finally:
        server.should_exit = True
        await serving


async def closed_with(client: Client) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await client.hear()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


async def test_a_match_goes_on_at_the_server_that_the_player_comes_back_to(house: House) -> None:
    async with beside(house) as other, connected(house.url) as here, connected(other.url) as there:
        token = (await here.hello())["token"]
        round = await here.start()
        await here.throw(round, "rock")
        round = await here.until("round")

        welcome = await there.hello(token=token)
        assert welcome["match"] == round["match"]
        await there.say("sync", match=round["match"], seen=0)
        told = await there.until("round")
        while told["round"] < round["round"]:
            told = await there.until("round")
        assert told["commitment"] == round["commitment"]

        refused = await here.ask("move", match=round["match"], round=round["round"], move="paper")
        assert refused["type"] == "refused"
        assert refused["code"] == "elsewhere"
        assert await closed_with(here) == REPLACED
        over = await there.play_out(round, lambda round: "scissors")
        assert over["type"] == "over"
        rebuild(await house.parts.log.records(round["match"]))
        assert house.parts.table.seats.live() == 0


async def test_who_comes_back_again_finds_what_happened_meanwhile(house: House) -> None:
    async with beside(house) as other, connected(house.url) as here, connected(other.url) as there:
        token = (await here.hello())["token"]
        round = await here.start()
        token = (await there.hello(token=token))["token"]
        await there.throw(round, "rock")
        further = await there.until("round")
        async with connected(house.url) as again:
            welcome = await again.hello(token=token)
            assert welcome["match"] == round["match"]
            await again.throw(further, "paper")
            assert (await again.until("round"))["round"] == further["round"] + 1
            refused = await there.ask("leave", match=round["match"])
            assert refused["code"] == "elsewhere"


async def test_a_match_that_ended_elsewhere_does_not_stand_in_the_way_of_the_next(house: House) -> None:
    async with beside(house) as other, connected(house.url) as here:
        token = (await here.hello())["token"]
        first = await here.play_out(await here.start())
        async with connected(other.url) as there:
            token = (await there.hello(token=token))["token"]
            second = await there.play_out(await there.start())
        async with connected(house.url) as again:
            await again.hello(token=token)
            round = await again.start()
            opened = (await house.parts.log.records(round["match"]))[0]
            assert opened.known.rounds == first["rounds"] + second["rounds"]


async def test_a_server_that_was_held_up_takes_nobody_back_for_a_socket_that_has_ended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    admit, asked, goes_on = house.parts.log.admit, asyncio.Event(), asyncio.Event()

    async def held_up(token: str) -> object:
        asked.set()
        await goes_on.wait()
        return await admit(token)

    async with beside(house) as other, connected(other.url) as there:
        token = (await there.hello())["token"]
        round = await there.start()
        monkeypatch.setattr(house.parts.log, "admit", held_up)
        async with connected(house.url) as here:
            await here.say("hello", token=token)
            await asked.wait()
        goes_on.set()
        while house.parts.meters.counts.connections:
            await asyncio.sleep(0)
        assert (await there.throw(round))["round"] == round["round"]


async def test_a_second_socket_on_the_same_server_changes_nothing_for_the_first(house: House) -> None:
    async with connected(house.url) as first, connected(house.url) as second:
        token = (await first.hello())["token"]
        round = await first.start()
        await second.hello(token=token)
        await first.throw(round, "rock")
        assert (await second.until("result"))["round"] == round["round"]


async def test_what_the_log_could_not_confirm_is_read_again_before_anything_follows(
    open_house: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write fails for the server and arrives all the same, as when a connection dies before its answer."""
    house = await open_house()
    log = house.parts.log
    append: Callable[..., object] = log.append

    async def unheard(records: object, claim: object) -> None:
        await append(records, claim)
        monkeypatch.setattr(log, "append", append)
        raise LogUnavailable("the answer was lost")

    async with connected(house.url) as client:
        await client.hello()
        round = await client.start()
        monkeypatch.setattr(log, "append", unheard)
        refused = await client.ask("move", match=round["match"], round=round["round"], move="rock")
        assert refused["code"] == "log-unavailable"
        result = await client.throw(round, "rock")
        assert result["player_move"] == "rock"
        over = await client.play_out(next(told for told in reversed(client.heard) if told["type"] == "round"))
        assert over["type"] == "over"
        rebuild(await log.records(round["match"]))


async def test_a_seat_whose_write_was_not_confirmed_is_lost_to_the_next_server_as_well(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unconfirmed(records: object, claim: object) -> None:
        raise LogUnavailable("no answer")

    async with connected(house.url) as client:
        player = (await client.hello())["player"]
        round = await client.start()
        monkeypatch.setattr(house.parts.log, "append", unconfirmed)
        refused = await client.ask("move", match=round["match"], round=round["round"], move="rock")
        assert refused["code"] == "log-unavailable"

        async def taken_over() -> AsyncIterator[Claim]:
            yield Claim(player, 2)

        monkeypatch.setattr(house.parts.log, "taken_over", taken_over)
        await house.parts.table.seats.watch()
        assert (await client.until("refused"))["code"] == "elsewhere"
        assert await closed_with(client) == REPLACED


async def test_who_comes_back_to_another_server_while_idle_matches_are_closed_plays_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep knew them as idle; by the time it comes to them they are not."""
    log = house.parts.log
    async with beside(house) as other, connected(other.url) as there:
        async with connected(house.url) as here:
            token = (await here.hello())["token"]
            round = await here.start()
        async with connected(house.url) as here:
            await here.hello()
            await here.start()
        before = now_ms() + 1
        idle = await log.idle_players(before)
        assert len(idle) == 2

        async def known_as_idle(before: int) -> list[str]:
            return idle

        monkeypatch.setattr(log, "idle_players", known_as_idle)
        while now_ms() < before:
            await asyncio.sleep(0)
        assert (await there.hello(token=token))["match"] == round["match"]
        await there.throw(round)
        further = await there.until("round")
        assert await house.parts.table.expire(before) == 1
        assert await house.parts.table.expire(before) == 0
        await there.throw(further)
        rebuilt = rebuild(await log.records(round["match"]))
        assert rebuilt.closed is None
        assert len(rebuilt.rounds) >= 2
