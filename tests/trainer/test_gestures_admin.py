"""The gesture models at the admin port: what serves, photos that come in, and what is rolled back."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from support.database import made
from support.gestures import gesture_manifest
from support.photos import donate, photo
from support.pixels import put_pixels

from bench.system import System
from game.assignment import Alias
from game.gestures import Label
from models.gesture_bundle import Family, GestureStore, SourceScore
from models.places import gestures_at
from models.store import Pin
from server import pages as server_pages
from trainer.gestures import pages
from trainer.lifecycle import book
from trainer.lifecycle.admin import MAX_BODY, Admin
from trainer.lifecycle.ledger import Kind, verify
from trainer.settings import Settings

TOKEN = "a-token-of-some-length"
SCORE = SourceScore(20, 0.5, 0.75, 2 / 3)
OTHER = SourceScore(40, 0.25, 0.5, 0.5)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made(tmp_path)
    return Settings(data_dir=str(tmp_path), admin_token=TOKEN, inference_port=9)


@pytest.fixture
def store(settings: Settings) -> GestureStore:
    return gestures_at(settings.store, settings.data_dir)


@pytest.fixture
def admin(settings: Settings) -> Admin:
    return Admin(settings)


@pytest.fixture
async def operator(admin: Admin) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    transport = httpx.ASGITransport(admin.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://orders", headers=headers) as client:
        yield client


def put(store: GestureStore, model: bytes, family: Family, score: SourceScore, created: str) -> Pin:
    manifest = replace(gesture_manifest(model, family), sources={"drawn": score}, created=created)
    return store.put(manifest, model)


@pytest.fixture
def pins(store: GestureStore) -> dict[str, Pin]:
    """Two pairs, with the same pixels in both."""
    found = {
        "pixels": put(store, b"pixels", Family.PIXELS, SCORE, "2026-01-01"),
        "old": put(store, b"old", Family.POINTS, OTHER, "2025-01-01"),
        "new": put(store, b"new", Family.POINTS, OTHER, "2026-02-01"),
    }
    pixels = {Alias.PRODUCTION: found["pixels"], Alias.B: found["pixels"]}
    points = {Alias.PRODUCTION: found["new"], Alias.B: found["old"]}
    store.swap(store.table().generation, {Family.PIXELS: pixels, Family.POINTS: points})
    return found


async def test_all_there_is_to_say(
    operator: httpx.AsyncClient, pins: dict[str, Pin], tmp_path: Path, settings: Settings
) -> None:
    donate(tmp_path, [("rock", photo(Label.ROCK))])
    told = (await operator.get("/admin/gestures")).json()
    pixels = pins["pixels"].version
    assert told["production"] == {"points": pins["new"].version, "pixels": pixels}
    assert told["before"] == {"points": pins["old"].version, "pixels": pixels}
    assert told["sources"]["Production"]["drawn"]["n"] == OTHER.n and told["sources"]["B"]["drawn"]["n"] == SCORE.n
    assert {"n", "accuracy", "coverage", "accuracy_answered"} <= set(told["sources"]["B"]["drawn"])
    assert told["labelled"] == {"rock": 0, "paper": 0, "scissors": 0} and told["donated"] == 1
    assert told["job"] == {"state": "idle", "phase": "", "percent": 0.0, "eta_s": None, "message": ""}


async def test_a_pair_that_is_alone_has_none_before_it(operator: httpx.AsyncClient, store: GestureStore) -> None:
    pin = put(store, b"pixels", Family.PIXELS, SCORE, "2026-01-01")
    store.swap(store.table().generation, {Family.PIXELS: {Alias.PRODUCTION: pin}})
    told = (await operator.get("/admin/gestures")).json()
    assert told["production"] == {"points": None, "pixels": pin.version}
    assert told["before"] is None and told["sources"]["B"] is None
    answer = await operator.post("/admin/gestures/rollback")
    assert answer.status_code == 409 and "No other gesture models" in answer.json()["error"]


async def test_a_rollback_exchanges_both_and_is_on_record(
    operator: httpx.AsyncClient, pins: dict[str, Pin], store: GestureStore, settings: Settings
) -> None:
    for expected in ("old", "new"):
        answer = await operator.post("/admin/gestures/rollback")
        assert answer.status_code == 200 and answer.json()["kind"] == "rolled-back"
        assert store.table().aliases[Family.POINTS][Alias.PRODUCTION] == pins[expected]
        assert store.table().aliases[Family.PIXELS][Alias.PRODUCTION] == pins["pixels"]
    with book.opened(settings.database, book.GESTURE_LEDGER) as opened:
        rows = opened.rows()
    assert [one.entry.kind for one in rows] == [Kind.ADOPTED, Kind.ROLLED_BACK, Kind.ROLLED_BACK]
    assert verify(rows, store.table()) == (3, None)
    with book.opened(settings.database) as throws:
        assert throws.rows() == []
    told = (await operator.get("/admin/gestures")).json()
    assert [one["number"] for one in told["decisions"]] == [3, 2, 1]


async def test_a_labelled_photo_is_kept_once_under_its_digest(operator: httpx.AsyncClient, settings: Settings) -> None:
    image = photo(Label.PAPER)
    for _ in range(2):
        answer = await operator.post("/admin/gestures/images?label=paper", content=image)
        assert answer.status_code == 201
        assert answer.json()["labelled"] == {"rock": 0, "paper": 1, "scissors": 0}
    (file,) = (settings.retrain_data / "paper").iterdir()
    assert file.name == f"{sha256(image).hexdigest()}.jpeg" and file.read_bytes() == image


@pytest.mark.parametrize(
    ("query", "body", "status", "said"),
    [
        ("", photo(Label.ROCK), 400, "label must be one of rock, paper, scissors"),
        ("?label=lizard", photo(Label.ROCK), 400, "label must be"),
        ("?label=../rock", photo(Label.ROCK), 400, "label must be"),
        ("?label=other", photo(Label.ROCK), 400, "label must be"),
        ("?label=rock", b"", 400, "empty"),
        ("?label=rock", b"GIF89a", 400, "not a JPEG, PNG or WebP"),
        ("?label=rock", bytes(8 * 1024 * 1024 + 1), 413, "longer than"),
    ],
)
async def test_what_is_no_labelled_photo_is_refused_and_not_kept(
    operator: httpx.AsyncClient, settings: Settings, query: str, body: bytes, status: int, said: str
) -> None:
    answer = await operator.post(f"/admin/gestures/images{query}", content=body)
    assert answer.status_code == status and said in answer.json()["error"]
    assert not settings.retrain_data.exists()


async def test_a_retraining_is_asked_for_once_and_apart_from_a_cycle(operator: httpx.AsyncClient, admin: Admin) -> None:
    assert (await operator.post("/admin/retrain", json={"what": "gestures"})).status_code == 202
    assert not admin.retrain.is_set()
    again = await operator.post("/admin/retrain", json={"what": "gestures"})
    assert again.status_code == 409 and "under way already" in again.json()["error"]
    assert (await operator.post("/admin/retrain", json={"what": "rounds"})).status_code == 202
    assert admin.retrain.is_set()
    for body in (b"no json", b'{"what": "dogs"}', b'{"when": "now"}', b" " * (MAX_BODY + 1)):
        assert (await operator.post("/admin/retrain", content=body)).status_code == 400


async def test_without_a_sidecar_a_prediction_says_so(operator: httpx.AsyncClient) -> None:
    answer = await operator.post("/admin/gestures/predict", content=photo(Label.ROCK))
    assert answer.status_code == 503 and "does not answer" in answer.json()["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "/images?label=rock"), ("POST", "/predict"), ("POST", "/rollback")],
)
async def test_without_the_token_nothing_is_told_or_done(
    operator: httpx.AsyncClient, settings: Settings, method: str, path: str
) -> None:
    answer = await operator.request(
        method, f"/admin/gestures{path}", content=photo(Label.ROCK), headers={"Authorization": "Bearer wrong"}
    )
    assert answer.status_code == 401 and not settings.retrain_data.exists()


async def test_the_lab_page_comes_without_a_token_and_keeps_to_itself(operator: httpx.AsyncClient) -> None:
    del operator.headers["Authorization"]
    for path in ("/lab", "/static/style.css"):
        answer = await operator.get(path)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    for path in ("/static/package.json", "/static/tests/state.test.js", "/static/../README.md"):
        assert (await operator.get(path)).status_code == 404


def test_the_page_is_served_as_the_match_server_serves_it() -> None:
    assert pages.HEADERS == server_pages.HEADERS
    assert (pages.SERVED, pages.PRIVATE) == (server_pages.SERVED, server_pages.PRIVATE)


async def test_both_pairs_look_at_a_photo_through_the_sidecar(tmp_path: Path) -> None:
    with System(tmp_path) as system:
        made(tmp_path)
        system.start("inference")
        port = int(system.environment["RPS_INFERENCE_PORT"])
        settings = Settings(data_dir=str(tmp_path), admin_token=TOKEN, inference_port=port)
        store = gestures_at(settings.store, settings.data_dir)
        pins = {Alias.PRODUCTION: put_pixels(store, 1), Alias.B: put_pixels(store, 2)}
        store.swap(store.table().generation, {Family.PIXELS: pins})
        headers = {"Authorization": f"Bearer {TOKEN}"}
        transport = httpx.ASGITransport(Admin(settings).app())
        async with httpx.AsyncClient(transport=transport, base_url="http://orders", headers=headers) as client:
            found = await answered(client, pins[Alias.PRODUCTION].version)
            assert {alias: one["version"] for alias, one in found.items()} == {
                alias: pin.version for alias, pin in pins.items()
            }
            assert all(one["label"] == "rock" and one["clear"] for one in found.values())
            refused = await client.post("/admin/gestures/predict", content=b"no image")
            assert refused.status_code == 400 and "JPEG" in refused.json()["error"]


async def answered(client: httpx.AsyncClient, version: str) -> dict[str, Any]:
    """What is seen in a photo of rock as soon as the sidecar serves this version."""
    for _ in range(600):
        answer = await client.post("/admin/gestures/predict", content=photo(Label.ROCK))
        if answer.status_code == 200 and answer.json()["Production"]["version"] == version:
            found: dict[str, Any] = answer.json()
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(answer.text)
