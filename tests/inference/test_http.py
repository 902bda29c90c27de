"""The Open Inference Protocol v2, against its REST specification."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest

from game.assignment import Alias
from inference.answers import MAX_BODY
from inference.follow import Follower
from inference.http import SMALL, create_app
from inference.model import Model
from inference.replies import predict
from inference.shelf import Shelf, Window
from inference.tensors import MAX_ROWS
from models.store import FolderStore
from telemetry.release import VERSION

P, B, S1, S2 = Alias
ROW = [0.5] * 50
Json = dict[str, Any]


@pytest.fixture
async def client(shelf: Shelf, window: Window, store: FolderStore) -> AsyncIterator[httpx.AsyncClient]:
    window.shelf = shelf
    transport = httpx.ASGITransport(create_app(window, Follower(store, window)))
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as client:
        yield client


def body(rows: int = 1, **changes: object) -> Json:
    return {"inputs": [{"name": "features", "shape": [rows, 50], "datatype": "FP32", "data": ROW * rows, **changes}]}


def model(shelf: Shelf, alias: Alias = P, family: str = "brian") -> Model:
    return shelf.families[family][alias]


def said(model: Model, rows: int = 1) -> list[float]:
    """What the hot path answers for the same rows, flat."""
    found = predict({P: model}, np.full((rows, 50), 0.5, np.float32))
    return [share for each in found for share in each[P].probabilities]


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
async def test_server_metadata(path: str, client: httpx.AsyncClient) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.json() == {
        "name": "rps-quest-inference",
        "version": VERSION,
        "extensions": ["model_repository", "statistics"],
    }


async def test_health(client: httpx.AsyncClient, window: Window) -> None:
    assert (await client.get("/v2/health/live")).json() == {"live": True}
    ready = await client.get("/v2/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"ready": True})
    window.shelf = Shelf()
    ready = await client.get("/v2/health/ready")
    assert (ready.status_code, ready.json()) == (400, {"ready": False})
    assert (await client.get("/v2/health/live")).status_code == 200


async def test_model_metadata(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await client.get("/v2/models/brian")
    assert answer.json() == {
        "name": "brian",
        "versions": [model(shelf, alias).version for alias in Alias],
        "platform": "onnx_onnxv1",
        "inputs": [{"name": "features", "datatype": "FP32", "shape": [-1, 50]}],
        "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]}],
    }
    one = await client.get("/v2/models/brian.shadow1")
    assert one.json()["versions"] == [model(shelf, S1).version]
    assert (await client.get("/v2/models/logan")).json()["versions"] == [model(shelf, P, "logan").version]


async def test_the_names_of_all_models(client: httpx.AsyncClient) -> None:
    names = (await client.get("/v2/models")).json()["models"]
    assert names[:5] == ["brian", *(f"brian.{alias}" for alias in Alias)]
    for name in names:
        assert (await client.get(f"/v2/models/{name}/ready")).json() == {"name": name, "ready": True}


async def test_models_and_versions_are_told_by_path(client: httpx.AsyncClient, shelf: Shelf) -> None:
    version = model(shelf, S1).version
    for name in ("brian", "brian.shadow1"):
        path = f"/v2/models/{name}/versions/{version}"
        assert (await client.get(path)).json()["name"] == name
        assert (await client.get(f"{path}/ready")).json() == {"name": name, "ready": True}
        answer = await client.post(f"{path}/infer", json=body())
        assert answer.json()["model_version"] == version
        assert answer.json()["outputs"][0]["data"] == said(model(shelf, S1))


async def test_an_inference_answers_as_the_hot_path(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await client.post("/v2/models/brian/infer", json={"id": "42", "parameters": {"any": 1}, **body(3)})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "model_name": "brian",
        "model_version": model(shelf).version,
        "id": "42",
        "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [3, 3], "data": said(model(shelf), 3)}],
    }


async def test_an_alias_answers_by_its_own_model(client: httpx.AsyncClient, shelf: Shelf) -> None:
    for alias in Alias:
        answer = (await client.post(f"/v2/models/brian.{alias}/infer", json=body())).json()
        assert (answer["model_name"], answer["model_version"]) == (f"brian.{alias}", model(shelf, alias).version)
        assert "id" not in answer


async def test_data_may_come_as_rows_or_flat_and_integers_are_numbers(client: httpx.AsyncClient) -> None:
    flat = (await client.post("/v2/models/brian/infer", json=body(2, data=[1] * 100))).json()
    rows = (await client.post("/v2/models/brian/infer", json=body(2, data=[[1.0] * 50] * 2))).json()
    assert flat == rows


async def test_a_large_inference_answers_like_a_small_one(client: httpx.AsyncClient) -> None:
    rows = 2 * SMALL // (2 * 50)
    large = await client.post("/v2/models/brian/infer", json=body(rows, data=[1] * 50 * rows))
    small = await client.post("/v2/models/brian/infer", json=body(1, data=[1] * 50))
    assert len(large.request.content) > SMALL
    one = small.json()["outputs"][0]["data"]
    assert large.json()["outputs"][0]["data"] == pytest.approx(one * rows, abs=2e-6)


async def test_the_output_may_be_asked_for_by_name(client: httpx.AsyncClient) -> None:
    asked = {"outputs": [{"name": "probabilities", "parameters": {}}], **body()}
    assert (await client.post("/v2/models/brian/infer", json=asked)).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({}, "cannot be read"),
        ({"inputs": []}, "0 inputs"),
        ({"inputs": body()["inputs"] * 2}, "2 inputs"),
        ({"inputs": "features"}, "cannot be read"),
        ({"id": 42, **body()}, "cannot be read"),
        ({"outputs": [{"name": "label"}], **body()}, "no output 'label'"),
        (body(name="x"), "no input 'x'"),
        (body(datatype="FP64"), "'FP64', not FP32"),
        (body(shape=[50]), "shape is"),
        (body(shape=[]), "shape is"),
        (body(shape=[1, 49], data=[0.0] * 49), "shape is"),
        (body(shape=[0, 50], data=[]), "shape is"),
        (body(shape=[-1, 50]), "shape is"),
        (body(shape=[MAX_ROWS + 1, 50]), "shape is"),
        (body(shape=[1, 50, 1]), "shape is"),
        (body(data=ROW[1:]), "its shape says"),
        (body(2, data=ROW), "its shape says"),
        (body(data=[]), "its shape says"),
        (body(data=[ROW, ROW]), "its shape says"),
        (body(2, data=[ROW, ROW[1:]]), "not of one length"),
        (body(data=[*ROW[1:], "1"]), "cannot be read"),
        (body(data=[*ROW[1:], None]), "cannot be read"),
        (body(data=[*ROW[1:], True]), "cannot be read"),
        (body(data=[*ROW[1:], 1e300]), "beyond 1e+06"),
        (body(data=[3e38] * 50), "beyond 1e+06"),
        (body(data=[[[0.5] * 50]]), "cannot be read"),
    ],
)
async def test_a_wrong_inference_is_refused_with_its_reason(
    wrong: Json, reason: str, client: httpx.AsyncClient
) -> None:
    answer = await client.post("/v2/models/brian/infer", json=wrong)
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]
    assert reason in answer.json()["error"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "nan"])
async def test_numbers_that_are_not_finite_are_refused(number: str, client: httpx.AsyncClient) -> None:
    text = httpx.Request("POST", "http://x", json=body()).content.replace(b"0.5", number.encode(), 1)
    answer = await client.post("/v2/models/brian/infer", content=text)
    assert answer.status_code == 400
    assert "cannot be read" in answer.json()["error"]


async def test_a_body_over_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v2/models/brian/infer", content=b" " * (MAX_BODY + 1))
    assert answer.status_code == 413
    assert str(MAX_BODY) in answer.json()["error"]


@pytest.mark.parametrize(
    "path",
    [
        "/v2/models/nobody",
        "/v2/models/nobody/ready",
        "/v2/models/brian.Nothing",
        "/v2/models/BRIAN",
        "/v2/models/brian/versions/none",
        "/v2/models/brian/versions/none/ready",
        "/v2/models/nobody/stats",
        "/v2/models/brian/versions/none/stats",
        "/v2/nothing",
        "/",
    ],
)
async def test_what_is_not_there_is_told_so(path: str, client: httpx.AsyncClient) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert list(answer.json()) == ["error"]


async def test_inference_of_what_is_not_there_is_told_so(client: httpx.AsyncClient, shelf: Shelf) -> None:
    for path in ("nobody", "brian/versions/none", f"brian.B/versions/{model(shelf, P).version}"):
        assert (await client.post(f"/v2/models/{path}/infer", json=body())).status_code == 404


async def test_a_family_without_production_answers_by_its_aliases_only(
    client: httpx.AsyncClient, shelf: Shelf, window: Window
) -> None:
    window.shelf = Shelf(2, {"brian": {B: model(shelf, B)}})
    assert (await client.get("/v2/models/brian")).status_code == 404
    assert (await client.get("/v2/models/brian.B")).status_code == 200


async def test_a_wrong_method_is_told_so(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v2/models/brian/infer")
    assert answer.status_code == 405
    assert list(answer.json()) == ["error"]
