"""Bad images against the real server and the real sidecar: each has its code, and nothing else is disturbed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from support.bad_pictures import Bad, bad
from support.client import Client, Message, connected
from support.images import GREEN, picture
from support.pictures import chunk, drawn, encoded, good
from support.pixels import put_pixels

from bench.system import System
from game.assignment import Alias
from game.codes import Code
from game.wire import MAX_IMAGE
from models.gesture_bundle import Family
from models.places import gestures_at
from server.answers import HTTP_STATUS

PATH = "/api/gesture/predict"
PAPER = picture(GREEN, (160, 120))
GROWTH = 32 * 1024
"""Kilobytes that the server and the sidecar may grow by, whatever they are sent."""
RESET_PEAK = "5"
BAD = bad()


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The system with a model that sees green as paper."""
    folder = tmp_path_factory.mktemp("seeing")
    store = gestures_at(folder / "store", str(folder))
    store.swap(store.table().generation, {Family.PIXELS: {Alias.PRODUCTION: put_pixels(store)}})
    with System(folder) as system:
        yield system.play()


def kilobytes(pid: int, line: str) -> int:
    lines = dict(each.split(":", 1) for each in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines[line].split()[0])


async def shown(client: Client, round: Message, image: bytes, intent: str = "preview") -> Message:
    """What is answered to an image once the pace allows it."""
    while True:
        await client.show(round, image, intent)
        answer = await client.until("seen", "refused")
        while "round" not in answer:  # this is about an image whose gesture was slowed down
            answer = await client.until("seen", "refused")
        if answer.get("code") != "slow-down":
            return answer
        await asyncio.sleep(answer["retry_after_ms"] / 1000)


def expected(image: Bad) -> Code:
    """Over the socket a frame has a bound of its own."""
    return Code.TOO_LARGE if len(image.data) > MAX_IMAGE else image.code


async def test_good_images_are_looked_at(seeing: System) -> None:
    async with httpx.AsyncClient(base_url=seeing.url) as web:
        for name, image in good().items():
            assert (await web.post(PATH, content=image)).status_code == 200, name
        answer = (await web.post(PATH, files={"file": ("hand.png", PAPER)})).json()
        assert (answer["guess"], answer["version"].partition("-")[0]) == ("paper", "gesture")


async def test_every_bad_image_has_its_code_and_costs_little(seeing: System) -> None:
    pids = [seeing.pid(name) for name in ("server", "inference")]
    large = encoded(drawn(2000, 2000))
    async with httpx.AsyncClient(base_url=seeing.url) as web, connected(seeing.url) as client:
        await client.hello()
        round = await client.start()
        assert (await shown(client, round, PAPER))["label"] == "paper"
        assert (await web.post(PATH, content=large)).status_code == 200
        before = [kilobytes(pid, "VmRSS") for pid in pids]
        for pid in pids:
            Path(f"/proc/{pid}/clear_refs").write_text(RESET_PEAK)
        for image in BAD:
            answer = await web.post(PATH, content=image.data, headers={"content-type": "image/jpeg"})
            assert (answer.json()["code"], answer.status_code) == (image.code, HTTP_STATUS[image.code]), image.name
            refused = await shown(client, round, image.data)
            told = refused["type"], refused.get("code"), refused.get("round")
            assert told == ("refused", expected(image), 1), image.name
        grown = [kilobytes(pid, "VmHWM") - was for pid, was in zip(pids, before, strict=True)]
        assert max(grown) <= GROWTH, grown
        answer = await shown(client, round, PAPER, "play")
        assert (answer["type"], answer["accepted"]) == ("seen", True)
        assert (await client.until("result"))["player_move"] == "paper"
        assert (await client.play_out(await client.until("round")))["reason"] == "target"


async def test_bad_images_at_once_disturb_nobody(seeing: System) -> None:
    async with httpx.AsyncClient(base_url=seeing.url, timeout=60) as web, connected(seeing.url) as client:
        await client.hello()
        round = await client.start()
        pouring = asyncio.gather(*(web.post(PATH, content=image.data) for image in BAD))
        over = await client.play_out(round)
        assert over["reason"] == "target"
        answers = await pouring
        assert {answer.status_code for answer in answers} <= {400, 413, 429}
        assert not any(message["type"] == "refused" for message in client.heard)


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_of_300_mb_is_answered_before_it_is_sent(seeing: System, declared: bool) -> None:
    pid, piece, pieces = seeing.pid("server"), b"\xff\xd8\xff\xe0" + bytes(65_532), 300 * 16
    before = kilobytes(pid, "VmRSS")
    Path(f"/proc/{pid}/clear_refs").write_text(RESET_PEAK)
    reader, writer = await asyncio.open_connection("127.0.0.1", seeing.port)
    length = f"Content-Length: {len(piece) * pieces}" if declared else "Transfer-Encoding: chunked"
    writer.write(f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n".encode())
    sent = 0

    async def send() -> None:
        nonlocal sent
        for _ in range(pieces):
            writer.write(piece if declared else b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            sent += len(piece)

    sending = asyncio.create_task(send())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in head.lower()
    assert b'"too-large"' in await reader.readuntil(b"}")
    await asyncio.wait([sending])
    assert isinstance(sending.exception(), ConnectionError)
    writer.close()
    assert sent < 32 * 1024 * 1024
    assert kilobytes(pid, "VmHWM") - before <= GROWTH


async def test_a_hundred_camera_rounds_leave_no_byte_of_an_image(seeing: System) -> None:
    mark = b"a mark that no other file bears " * 16
    end = PAPER.rindex(b"\0\0\0\0IEND")
    paper = PAPER[:end] + chunk(b"tEXt", b"Comment\0" + mark) + PAPER[end:]
    async with connected(seeing.url) as client:
        await client.hello()
        round = await client.start()
        for number in range(100):
            if number % 10 == 0:
                assert (await shown(client, round, paper))["label"] == "paper"
            assert (await shown(client, round, paper, "play"))["accepted"] is True
            if (round := await client.until("round", "over"))["type"] == "over":
                round = await client.start()
    kept = [path for path in seeing.folder.rglob("*") if path.is_file()]
    assert any(round["match"].encode() in path.read_bytes() for path in kept)
    assert [path for path in kept if mark in path.read_bytes()] == []
