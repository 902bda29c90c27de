"""Triton's `model_repository` extension over a real store."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from game.assignment import Alias
from inference.follow import Follower, Seen
from inference.http import create_app
from inference.repository import check_loaded
from inference.shelf import Window
from models.bundle import MODEL
from models.places import place, store_at
from models.store import TABLE, FolderStore, Pin, Table

P, B, S1, S2 = Alias
Put = Callable[..., Pin]


@pytest.fixture
async def client(follower: Follower, window: Window) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(window, follower))
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as client:
        yield client


@pytest.fixture
def spoilt(stocked: FolderStore, put: Put, tmp_path: Path) -> Pin:
    """Promoted to Brian's B, and damaged."""
    pin = put(98)
    (tmp_path / "store/bundles" / pin.version / MODEL).unlink()
    promote(stocked, B, pin)
    return pin


def promote(store: FolderStore, alias: Alias, pin: Pin) -> None:
    table = store.table()
    store.swap(table.generation, {**table.aliases, "brian": {**table.aliases["brian"], alias: pin}})


async def load(client: httpx.AsyncClient, name: str) -> tuple[int, dict[str, str]]:
    answer = await client.post(f"/v2/repository/models/{name}/load")
    return answer.status_code, answer.json()


async def index(client: httpx.AsyncClient, **asked: object) -> dict[str, tuple[str, str, str]]:
    answer = (
        await client.post("/v2/repository/index", json=asked) if asked else await client.post("/v2/repository/index")
    )
    assert answer.status_code == 200
    assert all(list(one) == ["name", "version", "state", "reason"] for one in answer.json())
    return {one["name"]: (one["version"], one["state"], one["reason"]) for one in answer.json()}


async def test_the_index_tells_every_alias_as_the_table_wants_it(
    client: httpx.AsyncClient, stocked: FolderStore
) -> None:
    assert await index(client) == {
        f"{family}.{alias}": (pin.version, "READY", "")
        for family, pins in stocked.table().aliases.items()
        for alias, pin in pins.items()
    }


async def test_the_index_of_an_empty_store_is_empty(store: FolderStore, window: Window) -> None:
    follower = Follower(store, window)
    transport = httpx.ASGITransport(create_app(window, follower))
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as client:
        assert await index(client) == {}
        assert (await load(client, "brian"))[0] == 404


async def test_a_refused_bundle_is_unavailable_with_its_reason_and_what_goes_on(
    client: httpx.AsyncClient, follower: Follower, window: Window, spoilt: Pin
) -> None:
    kept = window.shelf.families["brian"][B].version
    await follower.look()
    found = await index(client)
    version, state, reason = found["brian.B"]
    assert (version, state) == (spoilt.version, "UNAVAILABLE")
    assert reason.startswith(f"Bundle {spoilt.version}: ")
    assert reason.endswith(f"{kept} goes on in its place.")
    assert sorted({state for name, (_, state, _) in found.items() if name != "brian.B"}) == ["READY"]
    assert "brian.B" not in await index(client, ready=True)
    assert len(await index(client, ready=True)) == 11
    assert len(await index(client, ready=False)) == 12


async def test_a_refused_bundle_without_a_predecessor_is_told_so(
    stocked: FolderStore, spoilt: Pin, window: Window
) -> None:
    follower = Follower(stocked, window)
    await follower.look()
    transport = httpx.ASGITransport(create_app(window, follower))
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as client:
        assert (await index(client))["brian.B"][2].endswith("Nothing serves in its place.")


@pytest.mark.parametrize("name", ["brian", "brian.Production"])
async def test_a_load_serves_what_the_table_says_now(
    name: str, client: httpx.AsyncClient, stocked: FolderStore, window: Window, put: Put
) -> None:
    pin = put(99)
    promote(stocked, P, pin)
    assert await load(client, name) == (200, {})
    assert window.shelf.families["brian"][P].version == pin.version
    assert (await index(client))["brian.Production"] == (pin.version, "READY", "")


async def test_a_load_of_what_is_refused_tells_the_reason(client: httpx.AsyncClient, spoilt: Pin) -> None:
    for name in ("brian", "brian.B"):
        status, answer = await load(client, name)
        assert status == 400
        assert answer["error"].startswith(f"brian.B: Bundle {spoilt.version}: ")
    for name in ("brian.Production", "logan"):
        assert await load(client, name) == (200, {})


async def test_a_bundle_that_was_mended_is_loaded(
    client: httpx.AsyncClient, stocked: FolderStore, put: Put, tmp_path: Path
) -> None:
    pin = put(97)
    file = tmp_path / "store/bundles" / pin.version / MODEL
    whole = file.read_bytes()
    file.unlink()
    promote(stocked, B, pin)
    assert (await load(client, "brian"))[0] == 400
    file.write_bytes(whole)
    assert await load(client, "brian") == (200, {})


@pytest.mark.parametrize("name", ["nobody", "BRIAN", "brian.Nothing", "brian.", "brian.B.B", "."])
async def test_a_load_of_an_unknown_name_is_told_so(name: str, client: httpx.AsyncClient) -> None:
    status, answer = await load(client, name)
    assert status == 404
    assert list(answer) == ["error"]


async def test_a_load_from_a_store_that_cannot_be_read_tells_the_reason(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    (tmp_path / "store" / TABLE).write_bytes(b"{")
    status, answer = await load(client, "brian")
    assert status == 400
    assert "cannot be read" in answer["error"]
    assert len(await index(client, ready=True)) == 12


async def test_a_load_from_a_store_out_of_reach_tells_the_reason(window: Window, tmp_path: Path) -> None:
    bucket = "s3://me:hidden@127.0.0.1:1/bundles?secure=0"
    follower = Follower(store_at(place(bucket, ""), str(tmp_path)), window)
    transport = httpx.ASGITransport(create_app(window, follower))
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as client:
        assert await load(client, "brian") == (400, {"error": "The store cannot be reached."})
        assert (await index(client, ready=True))["brian.Production"]  # the shipped ones serve meanwhile


async def test_loads_at_once_all_answer(
    client: httpx.AsyncClient, stocked: FolderStore, window: Window, put: Put
) -> None:
    promote(stocked, P, put(99))
    assert await asyncio.gather(*(load(client, "brian") for _ in range(8))) == [(200, {})] * 8
    assert window.shelf.families["brian"][P].version == put(99).version


async def test_a_load_takes_no_model_from_outside(client: httpx.AsyncClient) -> None:
    path = "/v2/repository/models/brian/load"
    assert (await client.post(path, json={"parameters": {"file:1/model.onnx": "AAAA"}})).status_code == 400
    assert (await client.post(path, json={"parameters": {}})).status_code == 200
    assert (await client.post(path, content=b"[")).status_code == 400


async def test_nothing_is_unloaded(client: httpx.AsyncClient, window: Window) -> None:
    answer = await client.post("/v2/repository/models/brian/unload")
    assert answer.status_code == 400
    assert "table" in answer.json()["error"]
    assert "brian" in window.shelf.families


@pytest.mark.parametrize("path", ["index", "models/brian/load", "models/brian/unload"])
async def test_the_repository_is_asked_by_post_alone(path: str, client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/v2/repository/{path}")).status_code == 405


def test_a_name_that_only_begins_alike_is_another(window: Window) -> None:
    seen = Seen(Table(1, {"brian": {P: Pin("brian-1", "")}}), [])
    check_loaded("brian", seen, window.shelf)
    with pytest.raises(Exception, match="no model 'bri'"):
        check_loaded("bri", seen, window.shelf)
