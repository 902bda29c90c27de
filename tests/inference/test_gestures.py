"""Gestures over HTTP, with a real pipeline over a small real model."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from support.gestures import CLASSES
from support.images import GREEN, picture
from support.pixels import put_pixels

from game.assignment import Alias
from game.gestures import Label
from game.look import MAX_UPLOAD
from inference import gestures
from inference.follow import Follower
from inference.http import create_app
from inference.lookout import Lookout
from inference.shelf import Window
from inference.sights import GestureFollower, GestureWindow, Sights
from models.gesture_bundle import Family, GestureStore
from models.store import FolderStore

P, B, *_ = Alias


@pytest.fixture
async def lookout(gesture_window: GestureWindow, gesture_follower: GestureFollower) -> Lookout:
    return Lookout(Sights(gesture_window, None))


@pytest.fixture
async def client(
    lookout: Lookout, gesture_window: GestureWindow, store: FolderStore, window: Window
) -> AsyncIterator[httpx.AsyncClient]:
    also = gestures.routes(lookout, gesture_window, Sights(gesture_window, None))
    transport = httpx.ASGITransport(create_app(window, Follower(store, window), also))
    task = asyncio.create_task(lookout.work())
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as client:
        yield client
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_an_image_is_answered_with_what_it_shows(client: httpx.AsyncClient, gesture_store: GestureStore) -> None:
    answer = await client.post("/gestures/predict", content=picture(GREEN))
    assert answer.status_code == 200
    told = answer.json()
    assert (told["label"], told["clear"], told["reason"], told["advice"]) == ("paper", True, None, None)
    assert set(told["probabilities"]) == set(Label) if len(told["probabilities"]) == 5 else set(CLASSES)
    assert told["probabilities"]["paper"] == told["confidence"] > 0.9
    assert told["version"] == gesture_store.table().aliases[Family.PIXELS][P].version
    assert told["landmarks"] == []
    assert told["ms"] > 0


async def test_the_alias_says_who_looks(
    client: httpx.AsyncClient, gesture_store: GestureStore, gesture_follower: GestureFollower
) -> None:
    path = "/gestures/predict?alias=B"
    assert (await client.post(path, content=picture())).status_code == 503
    other, before = put_pixels(gesture_store, 2), gesture_store.table().aliases[Family.PIXELS][P]
    gesture_store.swap(1, {Family.PIXELS: {P: other, B: before}})
    await gesture_follower.look()
    assert (await client.post(path, content=picture())).json()["version"] == before.version
    assert (await client.post("/gestures/predict", content=picture())).json()["version"] == other.version
    answer = await client.post("/gestures/predict?alias=C", content=picture())
    assert (answer.status_code, answer.json()) == (400, {"error": "There is no alias 'C'."})


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [(b"", 400, "bad-image"), (b"%PDF-1.4", 400, "bad-image"), (picture(size=(3000, 3000)), 413, "too-large")],
    ids=["nothing", "no image", "too many pixels"],
)
async def test_what_may_not_be_looked_at_is_refused_with_its_code(
    body: bytes, status: int, code: str, client: httpx.AsyncClient
) -> None:
    answer = await client.post("/gestures/predict", content=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["error"]


async def test_a_body_that_is_too_large_is_not_read_to_its_end(client: httpx.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield bytes(1024 * 1024)

    answer = await client.post("/gestures/predict", content=endless())
    assert answer.status_code == 413
    assert read <= MAX_UPLOAD // 1024**2 + 2
    told = {"content-length": str(300 * 1024**2)}
    read = 0
    assert (await client.post("/gestures/predict", content=endless(), headers=told)).status_code == 413
    assert read <= 1


async def test_so_many_uploads_are_read_at_once_and_no_more(client: httpx.AsyncClient) -> None:
    go, reading, all_here = asyncio.Event(), 0, asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        nonlocal reading
        reading += 1
        if reading == gestures.UPLOADS:
            all_here.set()
        await go.wait()
        yield picture()

    slow_ones = [asyncio.create_task(client.post("/gestures/predict", content=slow())) for _ in range(gestures.UPLOADS)]
    await all_here.wait()
    answer = await client.post("/gestures/predict", content=picture())
    assert (answer.status_code, answer.json()["code"]) == (429, "slow-down")
    go.set()
    assert {answer.status_code for answer in await asyncio.gather(*slow_ones)} == {200}
    assert (await client.post("/gestures/predict", content=picture())).status_code == 200


async def test_what_looks_is_told(client: httpx.AsyncClient, gesture_store: GestureStore) -> None:
    version = gesture_store.table().aliases[Family.PIXELS][P].version
    assert (await client.get("/gestures")).json() == {
        "hands": False,
        "aliases": {"Production": {"gesture-pixels": {"version": version, "classes": CLASSES, "threshold": 0.5}}},
    }
