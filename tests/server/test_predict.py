"""`POST /api/gesture/predict`: an image as the body or in a form, within bounds, and a plain answer."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from support.house import House, Opening, look
from support.pictures import drawn, encoded, png

from game.codes import Code
from game.gestures import ADVICE, Cause, Label
from game.look import MAX_UPLOAD
from server.predict import Predict

IMAGE = encoded(drawn())
PATH = "/api/gesture/predict"


@pytest.fixture
async def web(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=house.url) as client:
        yield client


@pytest.mark.parametrize("kind", ["image/jpeg", "image/anything", "application/octet-stream", None])
async def test_the_body_is_the_image(house: House, web: httpx.AsyncClient, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    answer = await web.post(PATH, content=IMAGE, headers=headers)
    assert answer.status_code == 200
    assert answer.json() == {
        "label": "rock", "guess": "rock", "confidence": 0.9,
        "probabilities": {label: pytest.approx(0.9 if label == "rock" else 0.025) for label in Label},
        "landmarks": [[0.5, 0.5]] * 21, "accepted": True, "reason": None, "advice": None, "version": "looker-1",
    }  # fmt: skip
    assert house.eyes.asked == [(IMAGE, "")]


async def test_a_form_holds_the_image(house: House, web: httpx.AsyncClient) -> None:
    large = png(1600, 1200, bytes(700_000))
    for image in (IMAGE, large):
        answer = await web.post(PATH, files={"file": ("hand.jpg", image, "image/jpeg")}, data={"note": "mine"})
        assert answer.json()["label"] == "rock"
    assert [image for image, _ in house.eyes.asked] == [IMAGE, large]


@pytest.mark.parametrize(
    ("guess", "reason", "label"),
    [
        (Label.NONE, Cause.NO_HAND, "none"),
        (Label.OTHER, Cause.NO_MOVE, "other"),
        (Label.SCISSORS, Cause.CUT_OFF, "unclear"),
        (Label.PAPER, Cause.UNSURE, "unclear"),
        (Label.PAPER, None, "paper"),
    ],
)
async def test_what_is_not_clear_is_called_so(
    house: House, web: httpx.AsyncClient, guess: Label, reason: Cause | None, label: str
) -> None:
    house.eyes.shows = look(guess, reason=reason)
    answer = (await web.post(PATH, content=IMAGE)).json()
    assert (answer["label"], answer["guess"], answer["accepted"]) == (label, guess, reason is None)
    assert (answer["reason"], answer["advice"]) == (reason, ADVICE[reason] if reason else None)


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"", "image/jpeg", 400, "bad-image"),
        (b"GIF89a", "image/gif", 400, "bad-image"),
        (IMAGE, "text/html", 415, "bad-image"),
        (IMAGE, "application/x-www-form-urlencoded", 415, "bad-image"),
        (IMAGE, "application/json; charset=utf-8", 415, "bad-image"),
        (IMAGE, "multipart/form-data", 400, "bad-image"),
        (IMAGE, "multipart/form-data; boundary=" + "x" * 300, 400, "bad-image"),
        (IMAGE, "multipart/form-data; boundary=x", 400, "bad-image"),
        (b"--x\r\n\r\nno name\r\n--x--\r\n", "multipart/form-data; boundary=x", 400, "bad-image"),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 400, "bad-image"),
        (png(2001, 2000, b""), "image/png", 413, "too-large"),
        (bytes(MAX_UPLOAD + 1), "image/jpeg", 413, "too-large"),
    ],
)
async def test_each_fault_has_its_status_and_code(
    house: House, web: httpx.AsyncClient, content: bytes, kind: str, status: int, code: str
) -> None:
    answer = await web.post(PATH, content=content, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"].endswith(".")
    assert house.eyes.asked == []
    assert house.parts.meters.counts.refused == {code: 1}
    assert (await web.post(PATH, content=IMAGE)).status_code == 200


async def test_a_form_has_one_file(web: httpx.AsyncClient) -> None:
    files = [("file", ("one.jpg", IMAGE)), ("file", ("two.jpg", IMAGE))]
    answer = await web.post(PATH, files=files)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-image")
    answer = await web.post(PATH, files={"file": ("large.jpg", bytes(MAX_UPLOAD + 1))})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Code.BAD_IMAGE, 400), (Code.TOO_LARGE, 413), (Code.SLOW_DOWN, 429), (Code.GESTURES_OFF, 503)],
)
async def test_what_the_eyes_refuse_has_its_status(
    house: House, web: httpx.AsyncClient, fault: Code, status: int
) -> None:
    house.eyes.fault = fault
    answer = await web.post(PATH, content=IMAGE)
    assert (answer.status_code, answer.json()["code"]) == (status, fault)


async def test_haste_is_slowed_down(house: House) -> None:
    page = Predict(house.eyes, house.parts.meters, frozenset(), rate=0.001, burst=3)
    app = httpx.ASGITransport(Starlette(routes=page.routes()))
    async with httpx.AsyncClient(base_url=house.url, transport=app) as web:
        answers = [await web.post(PATH, content=IMAGE) for _ in range(4)]
        answers.append(await web.post(PATH, content=b"no image"))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 400]
    assert answers[3].json()["code"] == "slow-down"
    assert int(answers[3].headers["retry-after"]) > 1


async def test_all_bodies_share_one_room(house: House, web: httpx.AsyncClient) -> None:
    house.eyes.open.clear()
    large = png(1600, 1200, bytes(MAX_UPLOAD - 1000))
    first = asyncio.create_task(web.post(PATH, content=large))
    while not house.eyes.asked:
        await asyncio.sleep(0.01)
    answer = await web.post(PATH, content=large)
    assert (answer.status_code, answer.json()["code"]) == (429, "slow-down")
    house.eyes.open.set()
    assert (await first).status_code == 200
    assert (await web.post(PATH, content=large)).status_code == 200


async def test_pages_of_others_may_not_ask(open_house: Opening) -> None:
    house = await open_house(origins="https://play.example")
    async with httpx.AsyncClient(base_url=house.url) as web:
        for origin, status in ((house.url, 200), ("https://play.example", 200), ("https://evil.example", 403)):
            assert (await web.post(PATH, content=IMAGE, headers={"origin": origin})).status_code == status


async def test_the_page_is_only_posted_to(web: httpx.AsyncClient) -> None:
    assert (await web.get(PATH)).status_code == 405
