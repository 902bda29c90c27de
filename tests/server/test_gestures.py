"""Playing by hand signs: what is shown, what is thrown, and what waits, with somebody who sees what the test says."""

import asyncio
from typing import Any

import pytest
from support.client import Client, connected
from support.house import House, look
from support.pictures import drawn, encoded

from game.codes import Code
from game.gestures import Cause, Label

IMAGE = encoded(drawn())


async def seated(client: Client) -> dict[str, Any]:
    await client.hello()
    return await client.start()


async def asked(house: House, number: int) -> None:
    """Wait until so many images have been looked at."""
    while len(house.eyes.asked) < number:
        await asyncio.sleep(0.005)


async def played(house: House) -> list[tuple[int, str, str]]:
    sql = "SELECT round, body ->> '$.player_move', body ->> '$.input' FROM log WHERE kind = 'played' ORDER BY position"
    return [tuple(row) for row in await house.parts.log.fetch(sql)]


async def test_a_preview_is_seen_and_throws_nothing(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        await client.show(round, IMAGE)
        seen = await client.until("seen", "refused")
        assert seen == {
            "type": "seen", "match": round["match"], "round": 1, "label": "rock", "confidence": 0.9,
            "probabilities": {label: pytest.approx(0.9 if label == "rock" else 0.025) for label in Label},
            "accepted": False, "landmarks": [[0.5, 0.5]] * 21,
        }  # fmt: skip
        assert await played(house) == []


@pytest.mark.parametrize("input", ["camera", "upload"])
async def test_a_clear_sign_is_thrown_as_a_move_would_be(house: House, input: str) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        house.eyes.shows = look(Label.SCISSORS)
        await client.show(round, IMAGE, "play", input=input)
        seen, result, after = [await client.hear() for _ in range(3)]
        assert (seen["type"], seen["accepted"], seen["label"]) == ("seen", True, "scissors")
        assert "reason" not in seen
        assert (result["type"], result["player_move"]) == ("result", "scissors")
        assert (after["type"], after["round"]) == ("round", 2)
        assert await played(house) == [(1, "scissors", input)]
        stream = house.eyes.asked[0][1]
        assert bool(stream) is (input == "camera")


@pytest.mark.parametrize(
    ("label", "reason"), [(Label.NONE, Cause.NO_HAND), (Label.OTHER, Cause.NO_MOVE), (Label.ROCK, Cause.BLURRED)]
)
async def test_an_unclear_sign_is_told_with_its_reason_and_the_round_stays_open(
    house: House, label: Label, reason: Cause
) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        house.eyes.shows = look(label, reason=reason)
        await client.show(round, IMAGE, "play")
        seen = await client.until("seen")
        assert (seen["label"], seen["accepted"], seen["reason"]) == (label, False, reason)
        assert (await client.throw(round, "paper"))["player_move"] == "paper"
        assert await played(house) == [(1, "paper", "button")]


async def test_previews_that_say_another_thing_make_a_doubtful_throw_unsure(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        for _ in range(3):
            await client.show(round, IMAGE)
            await client.until("seen")
        house.eyes.shows = look(Label.PAPER, 0.25)
        await client.show(round, IMAGE, "play")
        seen = await client.until("seen")
        assert (seen["label"], seen["accepted"], seen["reason"]) == ("paper", False, "unsure")
        await client.show(round, IMAGE, "play", input="upload")
        assert (await client.until("seen"))["accepted"] is True


async def test_previews_of_an_earlier_round_have_no_vote(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        for _ in range(3):
            await client.show(round, IMAGE)
            await client.until("seen")
        await client.throw(round)
        house.eyes.shows = look(Label.PAPER, 0.25)
        await client.show(await client.until("round"), IMAGE, "play")
        assert (await client.until("seen"))["accepted"] is True


async def test_of_the_previews_that_wait_the_newest_is_looked_at(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        images = [encoded(drawn(32 + number, 32)) for number in range(4)]
        house.eyes.open.clear()
        for image in images:
            await client.show(round, image)
        refused = [await client.until("refused") for _ in range(2)]
        assert [one["code"] for one in refused] == ["slow-down"] * 2
        assert all(one["retry_after_ms"] > 0 and one["round"] == 1 for one in refused)
        house.eyes.open.set()
        assert [(await client.until("seen", "refused"))["type"] for _ in range(2)] == ["seen"] * 2
        assert [image for image, _ in house.eyes.asked] == [images[0], images[3]]


async def test_a_throw_overtakes_previews_and_a_second_one_is_refused(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        house.eyes.open.clear()
        await client.show(round, IMAGE)
        await client.show(round, encoded(drawn(32, 32)), "play")
        await client.show(round, encoded(drawn(64, 64)), "play")
        assert (await client.until("refused"))["code"] == "slow-down"
        await asked(house, 2)
        house.eyes.open.set()
        assert (await client.until("result"))["round"] == 1
        assert len(house.eyes.asked) == 2


async def test_a_look_holds_up_nothing_else(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        house.eyes.open.clear()
        await client.show(round, IMAGE, "play")
        await asked(house, 1)
        assert (await client.ask("ping", t=1))["type"] == "pong"
        assert (await client.throw(round, "paper"))["player_move"] == "paper"
        house.eyes.open.set()
        refused = await client.until("refused")
        assert (refused["code"], refused["match"], refused["round"]) == ("already-moved", round["match"], 1)
        assert await played(house) == [(1, "paper", "button")]


@pytest.mark.parametrize("fault", [Code.SLOW_DOWN, Code.GESTURES_OFF, Code.BAD_IMAGE, Code.TOO_LARGE])
@pytest.mark.parametrize("intent", ["preview", "play"])
async def test_what_the_eyes_refuse_is_refused(house: House, fault: Code, intent: str) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        house.eyes.fault = fault
        await client.show(round, IMAGE, intent)
        refused = await client.until("refused")
        assert (refused["code"], refused["match"], refused["round"]) == (fault, round["match"], 1)
        assert (await client.throw(round))["round"] == 1


async def test_nothing_is_looked_at_for_a_round_that_is_not_open(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        for about, code in (
            ({**round, "round": 2}, "stale-round"),
            ({**round, "match": "other"}, "unknown-match"),
        ):
            for intent in ("preview", "play"):
                await client.show(about, IMAGE, intent)
                assert (await client.until("refused"))["code"] == code
        over = await client.play_out(round)
        await client.show({**over, "round": over["rounds"]}, IMAGE, "play")
        assert (await client.until("refused"))["code"] == "match-over"
        assert (await client.settled()).heard[-1]["type"] == "pong"
        assert house.eyes.asked == []


async def test_another_players_match_cannot_be_played_by_hand(house: House) -> None:
    async with connected(house.url) as client, connected(house.url) as other:
        round = await seated(client)
        await other.hello()
        await other.show(round, IMAGE, "play")
        assert (await other.until("refused"))["code"] == "unknown-match"
        assert house.eyes.asked == []


async def test_many_images_in_a_row_are_slowed_down_and_let_go(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        for _ in range(20):
            await client.show(round, IMAGE)
        answers = [await client.until("seen", "refused") for _ in range(20)]
        slowed = [answer for answer in answers if answer["type"] == "refused"]
        assert {answer["code"] for answer in slowed} == {"slow-down"}
        assert len(slowed) > 10
        assert len(house.eyes.asked) == 20 - len(slowed)
        assert (await client.throw(round))["round"] == 1


async def test_an_image_without_a_gesture_is_out_of_place(house: House) -> None:
    async with connected(house.url) as client:
        await client.send(IMAGE)
        assert (await client.hear())["code"] == "unexpected-binary"
        round = await seated(client)
        await client.show(round, IMAGE)
        await client.until("seen")
        await client.send(IMAGE)
        assert (await client.until("refused"))["code"] == "unexpected-binary"


async def test_the_images_of_a_socket_that_is_gone_are_forgotten(house: House) -> None:
    async with connected(house.url) as client:
        token = (await client.hello())["token"]
        round = await client.start()
        house.eyes.open.clear()
        await client.show(round, IMAGE, "play")
        await client.show(round, IMAGE)
        await asked(house, 1)
    async with connected(house.url) as client:
        await client.hello(token=token)
        house.eyes.open.set()
        assert (await client.throw(round, "paper"))["player_move"] == "paper"
        assert await played(house) == [(1, "paper", "button")]
        assert house.parts.frames.take(8 * 1024 * 1024)


async def test_without_room_an_image_is_refused(house: House) -> None:
    assert house.parts.frames.take(8 * 1024 * 1024 - len(IMAGE) + 1)
    async with connected(house.url) as client:
        round = await seated(client)
        await client.show(round, IMAGE, "play")
        assert (await client.until("refused"))["code"] == "slow-down"


async def test_a_whole_match_by_hand_signs(house: House) -> None:
    async with connected(house.url) as client:
        round = await seated(client)
        while round["type"] == "round":
            await client.show(round, IMAGE, "play")
            round = await client.until("round", "over", "refused")
        assert round["reason"] == "target"
        assert {input for _, _, input in await played(house)} == {"camera"}
