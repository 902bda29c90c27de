"""Everything a client can get wrong has its code, and leaves the match, the log and everyone else as they were."""

import asyncio

import pytest
from support.client import Client, connected
from support.house import House, Opening
from websockets.exceptions import ConnectionClosed, InvalidStatus

MATCH = "f" * 28


async def seated(client: Client) -> dict:
    await client.hello()
    return await client.start()


async def rows(house: House) -> list:
    return await house.parts.log.fetch("SELECT position, match, kind, round, body FROM log ORDER BY position")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", "bad-message"),
        ("[]", "bad-message"),
        ("null", "bad-message"),
        ('"hello"', "bad-message"),
        ('{"type":"dance"}', "bad-message"),
        ('{"move":"rock"}', "bad-message"),
        ('{"type":"ping","t":1,"extra":2}', "bad-message"),
        ('{"type":"ping","t":"now"}', "bad-message"),
        ('{"type":"move","match":"MATCH","round":1,"move":"well"}', "bad-message"),
        ('{"type":"move","match":"MATCH","round":"1","move":"rock"}', "bad-message"),
        ('{"type":"move","match":"MATCH","round":0,"move":"rock"}', "bad-message"),
        ('{"type":"move","match":"MATCH","round":1.5,"move":"rock"}', "bad-message"),
        ('{"type":"move","match":"MATCH","round":1,"move":"rock","input":"mind"}', "bad-message"),
        ('{"type":"move","match":"MATCH","round":3,"move":"rock"}', "stale-round"),
        ('{"type":"move","match":"other","round":2,"move":"rock"}', "unknown-match"),
        ('{"type":"move","match":"MATCH","round":1,"move":"paper"}', "already-moved"),
        ('{"type":"sync","match":"other","seen":0}', "unknown-match"),
        ('{"type":"sync","match":"MATCH","seen":-1}', "bad-message"),
        ('{"type":"leave","match":"other"}', "unknown-match"),
        ('{"type":"start","opponent":"nobody"}', "unknown-opponent"),
        ('{"type":"start","opponent":""}', "bad-message"),
        ('{"type":"start","opponent":"logan"}', "already-playing"),
        ('{"type":"hello"}', "already-greeted"),
        ('{"type":"hello","name":"\\u0007"}', "bad-message"),
        ('{"type":"gesture","match":"MATCH","round":1,"intent":"play"}', "stale-round"),
        ('{"type":"gesture","match":"MATCH","round":3,"intent":"preview"}', "stale-round"),
        ('{"type":"gesture","match":"other","round":2,"intent":"play"}', "unknown-match"),
        ('{"type":"gesture","match":"MATCH","round":2,"intent":"play","input":"key"}', "bad-message"),
        ('{"type":"gesture","match":"MATCH","round":2,"intent":"stare"}', "bad-message"),
        ('{"type":"forget","player":"other"}', "bad-message"),
        ('{"type":"ping","t":1' + " " * 5000 + "}", "too-large"),
        (b"\xff\xd8\xff", "unexpected-binary"),
    ],
)
async def test_each_fault_has_its_code_and_changes_nothing(house: House, frame: str | bytes, code: str) -> None:
    async with connected(house.url) as client, connected(house.url) as other:
        round = await seated(client)
        bystander = await seated(other)
        await client.throw(round, "rock")
        open_round = await client.until("round")
        before = await rows(house)
        await client.send(frame.replace("MATCH", round["match"]) if isinstance(frame, str) else frame)
        refused = await client.hear()
        assert (refused["type"], refused["code"]) == ("refused", code)
        assert refused["message"].endswith(".")
        assert await rows(house) == before
        assert house.parts.meters.counts.refused == {code: 1}
        assert (await client.throw(open_round, "rock"))["round"] == 2
        assert (await other.throw(bystander, "rock"))["round"] == 1


async def test_hello_comes_first(house: House) -> None:
    async with connected(house.url) as client:
        assert (await client.ask("start", opponent="brian"))["code"] == "hello-first"
        assert (await client.ask("ping", t=4)) == {"type": "pong", "t": 4}
        await client.hello()


async def test_a_foreign_token_opens_nothing(house: House) -> None:
    async with connected(house.url) as client:
        assert (await client.ask("hello", token="made-up"))["code"] == "bad-token"
        assert "match" not in await client.hello()


async def test_another_players_match_does_not_exist(house: House) -> None:
    async with connected(house.url) as client, connected(house.url) as other:
        round = await seated(client)
        await other.hello()
        for type, fields in (
            ("move", {"round": 1, "move": "rock"}),
            ("sync", {"seen": 0}),
            ("leave", {}),
        ):
            assert (await other.ask(type, match=round["match"], **fields))["code"] == "unknown-match"
        assert (await client.throw(round))["round"] == 1


async def test_after_the_end_a_move_is_refused(house: House) -> None:
    async with connected(house.url) as client:
        over = await client.play_out(await seated(client))
        refused = await client.ask("move", match=over["match"], round=over["rounds"] + 1, move="rock")
        assert refused["code"] == "match-over"
        await client.start()
        refused = await client.ask("move", match=over["match"], round=over["rounds"] + 1, move="rock")
        assert (refused["code"], refused["match"]) == ("match-over", over["match"])


async def test_the_image_of_a_refused_gesture_is_let_go(house: House) -> None:
    house.eyes.connected = False
    async with connected(house.url) as client:
        round = await seated(client)
        await client.say("gesture", match=round["match"], round=1, intent="play")
        await client.send(b"\xff\xd8" + bytes(1000))
        assert (await client.hear())["code"] == "gestures-off"
        assert (await client.ask("ping", t=1))["type"] == "pong"
        await client.say("gesture", match=round["match"], round=1, intent="play")
        await client.send(bytes(256 * 1024 + 1))
        assert [(await client.hear())["code"] for _ in range(2)] == ["gestures-off", "too-large"]


async def test_a_frame_beyond_all_bounds_closes_only_its_socket(house: House) -> None:
    async with connected(house.url) as client, connected(house.url) as other:
        await other.hello()
        await client.send("x" * 1_000_000)
        with pytest.raises(ConnectionClosed) as closed:
            await client.hear()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
        await other.start()


async def test_haste_is_slowed_down_and_told_how_long_to_wait(house: House) -> None:
    async with connected(house.url) as client, connected(house.url) as other:
        round = await seated(client)
        await other.hello()
        for number in range(200):
            await client.say("ping", t=number)
        answers = [await client.hear() for _ in range(200)]
        slowed = [answer for answer in answers if answer["type"] == "refused"]
        assert slowed
        assert {answer["code"] for answer in slowed} == {"slow-down"}
        assert all(answer["retry_after_ms"] > 0 for answer in slowed)
        await other.start()
        await asyncio.sleep(slowed[-1]["retry_after_ms"] / 1000 + 0.05)
        assert (await client.throw(round))["round"] == 1


async def test_a_flood_is_cut_off(open_house: Opening) -> None:
    house = await open_house(rate=0.001, burst=2)
    async with connected(house.url) as client:
        with pytest.raises(ConnectionClosed):
            for number in range(2000):
                await client.ask("ping", t=number)
        assert client.socket.close_code == 1008


async def test_a_burst_is_answered_in_full(house: House) -> None:
    async with connected(house.url) as client:
        for number in range(600):
            await client.say("ping", t=number)
        answers = [await client.hear() for _ in range(600)]
        assert {answer["type"] for answer in answers} == {"pong", "refused"}


async def test_honest_play_is_never_slowed_down(open_house: Opening) -> None:
    house = await open_house(rate=0.001, burst=10)
    async with connected(house.url) as client:
        await client.hello()
        for _ in range(4):
            await client.play_out(await client.start())
        assert not any(message["type"] == "refused" for message in client.heard)


@pytest.mark.parametrize(("origin", "status"), [("http://evil.example", 403), ("null", 403)])
async def test_pages_of_others_may_not_connect(house: House, origin: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connected(house.url, origin=origin):
            pass
    assert refused.value.response.status_code == status


async def test_our_own_page_and_a_named_one_may(open_house: Opening) -> None:
    house = await open_house(origins="https://play.example")
    for origin in (house.url, "https://play.example"):
        async with connected(house.url, origin=origin) as client:
            await client.hello()


async def test_a_full_house_says_so(open_house: Opening) -> None:
    house = await open_house(max_connections=1)
    async with connected(house.url) as client:
        await client.hello()
        with pytest.raises(InvalidStatus) as refused:
            async with connected(house.url):
                pass
        assert refused.value.response.status_code == 503
