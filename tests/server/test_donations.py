"""An image is kept only if its player gave it, once their move has counted, until they take it back."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.client import Client, connected
from support.house import House, look
from support.pictures import drawn, encoded, marked

from game.codes import Code
from game.gestures import Cause, Label
from server import donations, schema

MARK = b"the very bytes of this very picture " * 8
IMAGE = marked(MARK)


async def seated(client: Client) -> dict[str, Any]:
    await client.hello()
    return await client.start()


async def given(house: House) -> list[tuple[Any, ...]]:
    sql = "SELECT player, match, round, label, image FROM donations ORDER BY id"
    return [tuple(row) for row in await house.parts.log.fetch(sql)]


async def kept(house: House, number: int) -> list[tuple[Any, ...]]:
    """What was given, once it is so many images: they are kept while the play goes on."""
    async with asyncio.timeout(120):
        while len(found := await given(house)) < number:
            await asyncio.sleep(0.005)
    return found


async def written(client: Client, house: House) -> None:
    """Wait until the next round is open, and all is written of the one before."""
    await client.until("round")
    await house.parts.log.settled()


def files_with(folder: Path, mark: bytes) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and mark in path.read_bytes())


async def test_a_given_image_is_kept_with_the_move_and_the_time_of_consent(house: House) -> None:
    async with connected(house.url) as client:
        player = (await client.hello())["player"]
        round = await client.start()
        await client.show(round, IMAGE, "play", donate=True)
        assert (await client.until("seen"))["accepted"] is True
        await client.until("round")
        assert await kept(house, 1) == [(player, round["match"], 1, "rock", IMAGE)]
        ((consented, thrown),) = await house.parts.log.fetch(
            "SELECT consented_at, at FROM donations JOIN log ON log.match = donations.match AND kind = 'played'"
        )
        assert 0 <= thrown - consented < 60_000


async def test_an_unclear_one_is_labelled_with_the_move_that_is_thrown_then(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        house.eyes.shows = look(Label.ROCK, reason=Cause.UNSURE)
        await client.show(round, encoded(drawn()), "play", donate=True)
        await client.until("seen")
        await client.show(round, IMAGE, "play", donate=True)
        await client.until("seen")
        assert await given(house) == []
        await client.throw(round, "paper")
        await client.settled()
        assert [(label, image) for *_, label, image in await given(house)] == [("paper", IMAGE)]


@pytest.mark.parametrize("more", [{}, {"donate": False}])
async def test_nothing_else_is_kept(house: House, more: dict[str, Any]) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        await client.show(round, IMAGE, "play", **more)
        await client.until("result")
        await client.show(await client.until("round"), IMAGE, "preview", donate=True)
        await client.until("seen")
        assert await given(house) == []


async def test_who_unticks_the_box_before_the_next_image_has_given_nothing(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        house.eyes.shows = look(Label.ROCK, reason=Cause.UNSURE)
        await client.show(round, IMAGE, "play", donate=True)
        await client.until("seen")
        house.eyes.shows = look(Label.PAPER)
        await client.show(round, encoded(drawn()), "play")
        assert (await client.until("result"))["player_move"] == "paper"
        await written(client, house)
        assert await given(house) == []


async def test_an_offer_of_a_match_that_is_over_takes_no_room_any_more(house: House) -> None:
    house.eyes.shows = look(Label.ROCK, reason=Cause.UNSURE)
    room = donations.PENDING_BYTES - len(IMAGE)
    house.parts.donations.offer("another", donations.Offer("m", 1, bytes(room), 0))
    async with connected(house.url) as client, connected(house.url) as other:
        round = await seated(client)
        await client.show(round, IMAGE, "play", donate=True)
        await client.until("seen")
        await client.say("leave", match=round["match"])
        await client.until("over")
        await client.throw(await client.start())
        house.eyes.shows = look(Label.ROCK)
        await other.show(await seated(other), IMAGE, "play", donate=True)
        await other.until("result")
        assert [image for *_, image in await kept(house, 1)] == [IMAGE]


async def test_an_offer_ends_with_its_round_and_with_a_fault(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        house.eyes.fault = Code.BAD_IMAGE
        await client.show(round, IMAGE, "play", donate=True)
        await client.until("refused")
        await client.throw(round)
        house.eyes.fault, house.eyes.shows = None, look(Label.ROCK, reason=Cause.CUT_OFF)
        second = await client.until("round")
        await client.show(second, IMAGE, "play", donate=True)
        await client.until("seen")
        await client.say("leave", match=second["match"])
        await client.until("over")
        await client.throw(await client.start())
        await client.settled()
        assert await given(house) == []


async def test_who_is_gone_has_given_nothing(house: House) -> None:
    house.eyes.shows = look(Label.ROCK, reason=Cause.CUT_OFF)
    async with connected(house.url) as client:
        token = (await client.hello())["token"]
        round = await client.start()
        await client.show(round, IMAGE, "play", donate=True)
        await client.until("seen")
    while any(True for _ in house.parts.audience):
        await connected_once(house)
    async with connected(house.url) as client:
        await client.hello(token=token)
        await client.throw(round)
        await client.settled()
        assert await given(house) == []


async def connected_once(house: House) -> None:
    """A turn of the server's loop."""
    async with connected(house.url):
        pass


async def test_forgetting_deletes_all_of_the_players_and_of_nobody_else(house: House) -> None:
    async with connected(house.url) as client, connected(house.url) as other:
        for each in (client, other):
            round = await seated(each)
            for _ in range(2):
                await each.show(round, IMAGE, "play", donate=True)
                round = await each.until("round")
        assert len(await kept(house, 4)) == 4
        assert await client.ask("forget") == {"type": "forgotten", "donations": 2}
        assert len(await given(house)) == 2
        assert await client.ask("forget") == {"type": "forgotten", "donations": 0}


async def test_what_was_forgotten_is_in_no_file_any_more(house: House) -> None:
    folder = Path(house.parts.settings.data_dir)
    async with connected(house.url) as client:
        await client.show(await seated(client), IMAGE, "play", donate=True)
        await client.until("round")
        await kept(house, 1)
        assert files_with(folder, MARK)
        assert (await client.ask("forget"))["donations"] == 1
        assert files_with(folder, MARK) == []


async def test_an_image_under_way_is_forgotten_too(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        house.eyes.open.clear()
        await client.show(round, IMAGE, "play", donate=True)
        await client.settled()
        assert (await client.ask("forget"))["donations"] == 0
        house.eyes.open.set()
        await client.until("result")
        await written(client, house)
        assert await given(house) == []


async def test_an_image_that_was_sent_just_before_is_forgotten_too(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        house.eyes.open.clear()
        await client.show(round, IMAGE, "play", donate=True)
        await client.say("forget")
        assert (await client.until("forgotten"))["donations"] == 0
        house.eyes.open.set()
        await client.until("result")
        await written(client, house)
        assert await given(house) == []


async def test_what_could_not_be_forgotten_whole_is_forgotten_when_it_is_asked_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(house.parts.settings.data_dir)
    monkeypatch.setattr(schema, "BUSY_MS", 1)
    async with connected(house.url) as client:
        await client.show(await seated(client), IMAGE, "play", donate=True)
        await client.until("round")
        await kept(house, 1)
        with closing(sqlite3.connect(house.parts.settings.database, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM donations").fetchone() == (1,)
            assert (await client.ask("forget"))["code"] == "log-unavailable"
            assert files_with(folder, MARK)
        assert (await client.ask("forget"))["donations"] == 0
        assert files_with(folder, MARK) == []


async def test_a_hundred_rounds_without_a_gift_leave_no_byte_of_an_image(house: House) -> None:
    folder = Path(house.parts.settings.data_dir)
    async with connected(house.url) as client:
        round, thrown = await seated(client), 0
        while thrown < 100:
            await client.show(round, IMAGE, "play")
            answer = await client.until("result", "refused")
            assert answer["type"] == "result", (answer, client.heard[-6:])
            thrown += 1
            if (round := await client.until("round", "over"))["type"] == "over":
                round = await client.start()
        assert len(house.eyes.asked) == 100
        assert files_with(folder, round["match"].encode())
        assert files_with(folder, MARK) == []


async def test_beyond_so_many_images_further_ones_are_let_go(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(donations, "MOST", 2)
    async with connected(house.url) as client:
        round = await seated(client)
        for _ in range(3):
            await client.show(round, IMAGE, "play", donate=True)
            assert (await client.until("seen"))["accepted"] is True
            round = await client.until("round")
        assert (await client.ask("forget"))["donations"] == 2


async def test_forgetting_needs_a_greeting(house: House) -> None:
    async with connected(house.url) as client:
        assert (await client.ask("forget"))["code"] == "hello-first"
