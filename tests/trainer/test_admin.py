"""The admin port: only with the token, one of two at once, and every refusal says why."""

import asyncio
import json
import socket
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import httpx
import pytest
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from support.database import made

from bench.system import free_port
from game.assignment import Alias
from game.settings import SettingsError, load
from models.store import FolderStore
from trainer.lifecycle import book
from trainer.lifecycle.admin import MAX_BODY, NO_TOKEN, Admin
from trainer.lifecycle.ledger import Kind, verify
from trainer.meters import Meters
from trainer.settings import Settings

TOKEN = "a-token-of-some-length"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made(tmp_path)
    return Settings(data_dir=str(tmp_path), admin_token=TOKEN, admin_port=free_port(), inference_port=9)


@pytest.fixture
async def operator(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Admin(settings).app())
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://orders/admin", headers=headers) as client:
        yield client


def kinds(settings: Settings) -> list[Kind]:
    with book.opened(settings.database) as opened:
        rows = opened.rows()
    assert verify(rows, FolderStore(Path(settings.data_dir) / "store").table())[1] is None
    return [one.entry.kind for one in rows]


async def test_an_order_is_done_and_answered_with_its_entry(operator: httpx.AsyncClient, settings: Settings) -> None:
    before = (await operator.get("/aliases")).json()["aliases"]["logan"]
    answer = await operator.post("/promote", json={"family": "logan"})
    assert answer.status_code == 200
    entry = answer.json()
    assert entry["kind"] == "promoted" and entry["by"].startswith("operator at")
    now = (await operator.get("/aliases")).json()
    assert now["generation"] == 1 and now["aliases"]["logan"]["Production"] == before["B"]
    assert (await operator.post("/rollback", json={"family": "logan"})).status_code == 200
    assert (await operator.post("/demote", json={"family": "logan"})).status_code == 200
    assert kinds(settings) == [Kind.ADOPTED, Kind.PROMOTED, Kind.ROLLED_BACK, Kind.DEMOTED]


async def test_of_orders_that_come_at_once_exactly_one_is_done(operator: httpx.AsyncClient, settings: Settings) -> None:
    store = FolderStore(Path(settings.data_dir) / "store")
    wanted = [pin.version for alias, pin in store.table().aliases["brian"].items() if alias is not Alias.PRODUCTION]
    body = [{"family": "brian", "version": version, "generation": 0} for version in wanted]
    answers = await asyncio.gather(*(operator.post("/promote", json=one) for one in body))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert kinds(settings).count(Kind.PROMOTED) == 1
    assert store.table().generation == 1


@pytest.mark.parametrize("header", ["", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer "])
@pytest.mark.parametrize("path", ["promote", "demote", "rollback", "retrain", "reload"])
async def test_without_the_token_nothing_is_done(
    operator: httpx.AsyncClient, settings: Settings, path: str, header: str
) -> None:
    answer = await operator.post(f"/{path}", json={"family": "brian"}, headers={"Authorization": header})
    assert answer.status_code == 401 and answer.json() == {"error": "The token is missing or wrong."}
    assert kinds(settings) == []


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"not json", 400, "cannot be read"),
        (b"{}", 400, "family"),
        (b'{"family": "brian", "force": true}', 400, "force"),
        (b" " * (MAX_BODY + 1), 400, "longer than"),
        (b'{"family": "nobody"}', 409, "no family 'nobody'"),
        (b'{"family": "brian", "version": "brian-x"}', 409, "never had a version"),
        (b'{"family": "brian", "generation": 9}', 409, "at generation 0 now, not 9"),
    ],
)
async def test_an_order_that_cannot_be_followed_says_why(
    operator: httpx.AsyncClient, settings: Settings, body: bytes, status: int, said: str
) -> None:
    answer = await operator.post("/promote", content=body)
    assert answer.status_code == status and said in answer.json()["error"]
    assert Kind.PROMOTED not in kinds(settings)


async def test_retraining_is_asked_for_once(settings: Settings) -> None:
    orders = Admin(settings)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(orders.app()), base_url="http://orders") as client:
        assert (await client.post("/admin/retrain", headers=headers)).status_code == 202
        assert orders.retrain.is_set()
        assert (await client.post("/admin/retrain", headers=headers)).status_code == 409


async def test_without_a_sidecar_reload_says_so(operator: httpx.AsyncClient) -> None:
    answer = await operator.post("/reload")
    assert answer.status_code == 503 and "The sidecar does not answer" in answer.json()["error"]


async def test_without_a_database_an_order_says_so(operator: httpx.AsyncClient, settings: Settings) -> None:
    settings.database.unlink()
    answer = await operator.post("/promote", json={"family": "brian"})
    assert answer.status_code == 503 and "no database" in answer.json()["error"]


def asked(settings: Settings) -> int:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with urlopen(
        urllib.request.Request(f"http://127.0.0.1:{settings.admin_port}/admin/aliases", headers=headers), timeout=60
    ) as found:
        return int(json.load(found)["generation"])


@pytest.fixture
def orders(settings: Settings) -> Iterator[Admin]:
    found = Admin(settings)
    yield found
    found.close()


def until_open(settings: Settings) -> int:
    for _ in range(1000):
        try:
            return asked(settings)
        except (URLError, ConnectionError):
            Event().wait(0.01)
    raise AssertionError("it never listened")


def test_it_listens_while_open_and_not_afterwards(orders: Admin, settings: Settings) -> None:
    orders.open()
    orders.open()
    assert until_open(settings) == 0
    with pytest.raises(HTTPError):
        urlopen(f"http://127.0.0.1:{settings.admin_port}/admin/aliases", timeout=60)
    orders.close()
    with pytest.raises(URLError):
        asked(settings)


def test_a_port_in_use_is_told_of_and_no_more(
    orders: Admin, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", settings.admin_port)):
        orders.open()
        orders.close()
    assert "cannot be listened on" in caplog.text


async def test_without_a_token_every_order_is_refused_and_pages_answer(settings: Settings) -> None:
    async def page(request: Request) -> Response:
        return Response("told")

    silent = Admin(replace(settings, admin_token=""), open_to_all=[Route("/metrics", page)])
    transport = httpx.ASGITransport(silent.app())
    orders = ["promote", "demote", "rollback", "retrain", "reload"]
    async with httpx.AsyncClient(transport=transport, base_url="http://orders") as client:
        for header in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {TOKEN}"}):
            answers = [await client.post(f"/admin/{name}", json={"family": "brian"}, headers=header) for name in orders]
            answers += [await client.get(f"/admin/{name}", headers=header) for name in ("aliases", "gestures")]
            assert {answer.status_code for answer in answers} == {503}
            assert all(answer.json() == {"error": NO_TOKEN} for answer in answers)
        assert (await client.get("/metrics")).text == "told"
        assert "<title>" in (await client.get("/lab")).text
    assert kinds(settings) == [] and not silent.retrain.is_set()


def test_without_a_token_it_listens_and_says_that_no_orders_are_taken(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with closing(Admin(replace(settings, admin_token=""))) as silent:
        silent.open()
        for _ in range(1000):
            try:
                asked(settings)
            except HTTPError as error:
                with error:
                    assert error.code == 503
                break
            except (URLError, ConnectionError):
                Event().wait(0.01)
        else:
            raise AssertionError("it never listened")
    assert NO_TOKEN in caplog.text


async def test_what_comes_is_counted_by_order_and_by_how_it_was_answered(settings: Settings) -> None:
    meters = Meters()
    app = Admin(settings, meters=meters).app()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://orders/admin") as client:
        await client.get("/aliases", headers=headers)
        await client.post("/promote", json={"family": "logan"}, headers=headers)
        await client.post("/promote", json={"family": "nobody"}, headers=headers)
        await client.post("/promote", json={"family": "logan"})
        await client.post("/reload", headers=headers)
    assert meters.orders.series == {
        ("aliases", "2xx"): 1, ("promote", "2xx"): 1, ("promote", "4xx"): 2, ("reload", "5xx"): 1,
    }  # fmt: skip


def test_a_short_token_is_refused() -> None:
    with pytest.raises(SettingsError, match="16 characters or more"):
        load(Settings, {"RPS_ADMIN_TOKEN": "short"})
