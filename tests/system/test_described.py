"""What the processes say and answer is what the documents tell, field by field: a whole match, and every HTTP path."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.client import connected
from support.database import made
from support.house import House, running
from support.images import RED, picture
from support.seeing import seeing
from support.specs import Http, Socket, Watched

from bench.system import System
from game.codes import Code
from game.errors import CorruptRecord
from game.features import NAMES
from game.look import MAX_UPLOAD
from inference import gestures
from inference.answers import MAX_BODY
from inference.follow import Follower
from inference.http import create_app
from inference.lookout import Lookout
from inference.shelf import Window
from inference.sights import GestureWindow, Sights
from models.places import store_at
from server.errors import LogUnavailable
from server.settings import Settings as ServerSettings
from trainer.lifecycle.admin import Admin
from trainer.settings import Settings as TrainerSettings

TOKEN = "a-token-of-some-length"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}
PATIENCE_S = 180
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "rps.v1",
}
FEATURES = {"name": "features", "shape": [1, 50], "datatype": "FP32", "data": [0.0] * len(NAMES)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """All three processes, with gesture models that tell colours."""
    with seeing(tmp_path_factory.mktemp("whole"), RPS_ADMIN_TOKEN=TOKEN) as system:
        system.start("trainer")
        yield system


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running(ServerSettings(port=0, data_dir=str(tmp_path), control_share=0.0)) as opened:
        yield opened


def asking(url: str, **more: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=PATIENCE_S, **more)


async def test_every_frame_of_both_directions_is_as_the_document_tells(whole: System, house: House) -> None:
    socket = Socket()
    async with connected(whole.url) as client:
        player = Watched(client)
        await player.hello(name="Ada")
        await player.ask("hello")
        round = await player.start("logan", client_ref="one")
        await player.show(round, picture(RED))
        await player.until("seen")
        await player.show(round, picture(RED), "play", input="upload")
        round = await player.until("round")
        await player.say("sync", match=round["match"], seen=round["seq"])
        assert (await player.play_out(await player.until("round")))["type"] == "over"
        round = await player.start("brian")
        assert (await player.ask("leave", match=round["match"]))["type"] == "over"
        assert (await player.ask("forget"))["type"] == "forgotten"
        await player.settled()
    async with connected(house.url) as client:
        stopped = Watched(client)
        await stopped.hello()
        house.server.should_exit = True
        await stopped.until("draining")
    for frame in [*player.said, *player.heard, *stopped.said, *stopped.heard]:
        assert socket.faults(frame) == [], frame
    assert socket.seen == (socket.messages("receive") | socket.messages("send")) - {"image"}


async def test_the_server_answers_as_its_document_tells(whole: System) -> None:
    told = Http("openapi.json")
    async with connected(whole.url) as player, asking(whole.url) as web:
        await player.hello(name="Grace")
        over = await player.play_out(await player.start("forrest"))
        live = await player.start("forrest")
        for path in ("/", "/lab", "/livez", "/readyz", "/metrics", "/api/leaderboard", "/api/stats", "/api/promotions"):
            assert told.hold(path, await web.get(path)).status_code == 200
        for match, status in ((over["match"], 200), ("nothing", 404), (live["match"], 409)):
            assert told.hold("/api/matches/{id}", await web.get(f"/api/matches/{match}")).status_code == status
        assert told.hold("/api/promotions", await web.get("/api/promotions?limit=0")).status_code == 400
        for file, status in (("main.js", 200), ("style.css", 200), ("icon.svg", 200), ("none.js", 404)):
            assert told.hold("/static/{path}", await web.get(f"/static/{file}")).status_code == status
        form = {"files": {"any": ("hand.png", picture(RED))}}
        for sent, status in (
            ({"content": picture(RED)}, 200),
            ({"content": b"no image"}, 400),
            ({"content": b"", "headers": {"Origin": "http://elsewhere.example"}}, 403),
            ({"content": bytes(MAX_UPLOAD + 1)}, 413),
            ({"content": b"{}", "headers": {"Content-Type": "application/json"}}, 415),
            (form, 200),
        ):
            answer = await web.post("/api/gesture/predict", **sent)  # type: ignore[arg-type]
            assert told.hold("/api/gesture/predict", answer).status_code == status


async def test_what_can_fail_in_the_server_is_told_as_its_document_says(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Http("openapi.json")
    predict, paths = "/api/gesture/predict", ("/api/leaderboard", "/api/stats", "/api/promotions")

    async def away(*_: object) -> None:
        raise LogUnavailable("away")

    async def damaged(*_: object) -> None:
        raise CorruptRecord("damaged")

    async with asking(house.url) as web:
        house.oracle.fault = "down"
        assert told.hold("/readyz", await web.get("/readyz")).status_code == 503
        house.eyes.fault = Code.GESTURES_OFF
        assert told.hold(predict, await web.post(predict, content=picture())).status_code == 503
        monkeypatch.setattr("server.limits.Bucket.take", lambda *_: 0.5)
        assert told.hold(predict, await web.post(predict, content=picture())).status_code == 429
        for name in ("leaders", "totals", "ledger", "records"):
            monkeypatch.setattr(house.parts.log, name, away)
        for path in paths:
            assert told.hold(path, await web.get(path)).status_code == 503
        assert told.hold("/api/matches/{id}", await web.get("/api/matches/one")).status_code == 503
        monkeypatch.setattr(house.parts.log, "records", damaged)
        assert told.hold("/api/matches/{id}", await web.get("/api/matches/one")).status_code == 500
        for more, status in (({"Sec-WebSocket-Protocol": "chat"}, 400), ({"Origin": "http://else.example"}, 403)):
            assert told.hold("/ws", await web.get("/ws", headers=UPGRADE | more)).status_code == status
        house.parts.meters.counts.connections = house.parts.settings.max_connections
        assert told.hold("/ws", await web.get("/ws", headers=UPGRADE)).status_code == 503


async def test_the_sidecar_answers_as_its_document_tells(whole: System) -> None:
    told = Http("openapi-inference.json")
    name, one = "/v2/models/{name}", "/v2/models/{name}/versions/{version}"
    async with asking(f"http://127.0.0.1:{whole.environment['RPS_INFERENCE_PORT']}") as web:
        for path in ("/v2", "/v2/", "/v2/health/live", "/v2/health/ready", "/metrics", "/gestures"):
            assert told.hold(path, await web.get(path)).status_code == 200
        for path in ("/v2/models", "/v2/models/stats"):
            assert told.hold(path, await web.get(path)).status_code == 200
        (version, *_) = (await web.get("/v2/models/logan")).json()["versions"]
        for path in (name, one):
            for given, status in (("logan", 200), ("nobody", 404)):
                address = path.format(name=given, version=version)
                for rest in ("", "/ready", "/stats"):
                    assert told.hold(path + rest, await web.get(address + rest)).status_code == status
                answer = await web.post(f"{address}/infer", json={"inputs": [FEATURES], "id": "7"})
                assert told.hold(f"{path}/infer", answer).status_code == status
            address = path.format(name="logan", version=version)
            for content, status in ((b"{}", 400), (bytes(MAX_BODY + 1), 413)):
                answer = await web.post(f"{address}/infer", content=content)
                assert told.hold(f"{path}/infer", answer).status_code == status
        index, load = "/v2/repository/index", "/v2/repository/models/{name}/load"
        for content, status in ((b"", 200), (b"[]", 400), (bytes(MAX_BODY + 1), 413)):
            assert told.hold(index, await web.post(index, content=content)).status_code == status
        for given, content, status in (("logan", b"", 200), ("nobody", b"", 404), ("logan", b"[]", 400)):
            assert told.hold(load, await web.post(load.format(name=given), content=content)).status_code == status
        assert (
            told.hold(load, await web.post(load.format(name="logan"), content=bytes(MAX_BODY + 1))).status_code == 413
        )
        unload = load.replace("/load", "/unload")
        assert told.hold(unload, await web.post(unload.format(name="logan"))).status_code == 400
        predict = "/gestures/predict"
        for content, status in ((picture(RED), 200), (b"no image", 400), (bytes(MAX_UPLOAD + 1), 413)):
            assert told.hold(predict, await web.post(predict, content=content)).status_code == status
        assert told.hold(predict, await web.post(f"{predict}?alias=none", content=b"")).status_code == 400
    missing = {(path, status) for _, path, status in set(told.told()) - told.seen}
    assert missing == {("/v2/health/ready", 400), (predict, 429), (predict, 503)}


async def test_a_sidecar_with_nothing_to_serve_says_so_as_its_document_tells(tmp_path: Path) -> None:
    told = Http("openapi-inference.json")
    window, seen_in = Window(), GestureWindow()
    sights = Sights(seen_in, None)
    lookout = Lookout(sights)
    working = asyncio.create_task(lookout.work())
    app = create_app(
        window, Follower(store_at(tmp_path, str(tmp_path)), window), gestures.routes(lookout, seen_in, sights)
    )
    async with asking("http://sidecar", transport=httpx.ASGITransport(app)) as web:
        assert told.hold("/v2/health/ready", await web.get("/v2/health/ready")).status_code == 400
        predict = "/gestures/predict"
        assert told.hold(predict, await web.post(predict, content=picture())).status_code == 503
    working.cancel()


async def listening(web: httpx.AsyncClient) -> None:
    """Wait until the admin port answers."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await web.get("/metrics")
                return
            except httpx.TransportError:
                await asyncio.sleep(0.1)


async def test_the_trainer_answers_as_its_document_tells(whole: System) -> None:
    told = Http("openapi-trainer.json")
    async with asking(f"http://127.0.0.1:{whole.environment['RPS_ADMIN_PORT']}", headers=SHOWN) as web:
        await listening(web)
        for path in ("/lab", "/metrics", "/admin/aliases", "/admin/gestures"):
            assert told.hold(path, await web.get(path)).status_code == 200
        for file, status in (("main.js", 200), ("none.js", 404)):
            assert told.hold("/static/{path}", await web.get(f"/static/{file}")).status_code == status
        for order in ("promote", "rollback", "demote"):
            path = f"/admin/{order}"
            assert told.hold(path, await web.post(path, json={"family": "logan"})).status_code == 200
            assert told.hold(path, await web.post(path, content=b"no order")).status_code == 400
            assert told.hold(path, await web.post(path, json={"family": "nobody"})).status_code == 409
        assert told.hold("/admin/reload", await web.post("/admin/reload")).status_code == 200
        rollback, predict = "/admin/gestures/rollback", "/admin/gestures/predict"
        assert told.hold(rollback, await web.post(rollback)).status_code == 200
        for content, status in ((picture(RED), 200), (b"no image", 400), (bytes(MAX_UPLOAD + 1), 413)):
            assert told.hold(predict, await web.post(predict, content=content)).status_code == status
        for method, path in told.operations:
            if path.startswith("/admin/"):
                answer = await web.request(method, path, headers={"Authorization": "Bearer wrong"})
                assert told.hold(path, answer).status_code == 401


async def test_what_can_fail_in_the_trainer_is_told_as_its_document_says(tmp_path: Path) -> None:
    told = Http("openapi-trainer.json")
    made(tmp_path)
    settings = TrainerSettings(data_dir=str(tmp_path), admin_token=TOKEN, inference_port=9)
    transport = httpx.ASGITransport(Admin(settings).app())
    async with asking("http://orders", transport=transport, headers=SHOWN) as web:
        retrain, images = "/admin/retrain", "/admin/gestures/images"
        for content, status in ((b"[]", 400), (b"", 202), (b"", 409)):
            assert told.hold(retrain, await web.post(retrain, content=content)).status_code == status
        assert told.hold("/admin/reload", await web.post("/admin/reload")).status_code == 503
        for content, status in ((picture(RED), 201), (b"no image", 400), (bytes(MAX_UPLOAD + 1), 413)):
            answer = await web.post(images, params={"label": "rock"}, content=content)
            assert told.hold(images, answer).status_code == status
        predict, rollback = "/admin/gestures/predict", "/admin/gestures/rollback"
        assert told.hold(predict, await web.post(predict, content=picture(RED))).status_code == 503
        assert told.hold(rollback, await web.post(rollback)).status_code == 409
    transport = httpx.ASGITransport(Admin(TrainerSettings(data_dir=str(tmp_path))).app())
    async with asking("http://orders", transport=transport) as web:
        for method, path in told.operations:
            if path.startswith("/admin/"):
                assert told.hold(path, await web.request(method, path)).status_code == 503
