"""Triton's `statistics` extension: counts of the loaded versions."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest

from game.ask import Request
from game.assignment import Alias
from inference.batch import answer
from inference.follow import Follower
from inference.http import create_app
from inference.loaded import Floats
from inference.model import Model, ask
from inference.shelf import Shelf, Window
from inference.tally import Done, Tally
from models.bundle import Bundle
from models.store import FolderStore, Pin

P, B, S1, S2 = Alias
Json = dict[str, Any]


@pytest.fixture
async def client(follower: Follower, window: Window) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(window, follower))
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as client:
        yield client


async def stats(client: httpx.AsyncClient, path: str = "") -> list[Json]:
    answered = await client.get(f"/v2/models{path}/stats")
    assert answered.status_code == 200
    assert list(answered.json()) == ["model_stats"]
    found: list[Json] = answered.json()["model_stats"]
    return found


def play(window: Window, rounds: int, value: float = 0.5, family: str = "brian") -> None:
    """So many rounds at once, as the match server asks for them."""
    row = np.full(50, value, np.float32).tobytes()
    answer(window.shelf, [Request(id, family, 1.0, row) for id in range(rounds)], now=0)


async def test_a_version_that_was_only_loaded_has_done_nothing(client: httpx.AsyncClient, window: Window) -> None:
    version = window.shelf.families["brian"][B].version
    nothing = {"count": 0, "ns": 0}
    assert await stats(client, "/brian.B") == [
        {
            "name": "brian.B",
            "version": version,
            "inference_count": 0,
            "execution_count": 0,
            "inference_stats": {"success": nothing, "fail": nothing},
        }
    ]


async def test_rows_and_runs_are_counted_apart(client: httpx.AsyncClient, window: Window) -> None:
    play(window, 5)
    play(window, 2)
    for told in await stats(client, "/brian"):
        success = told["inference_stats"]["success"]
        assert (told["inference_count"], told["execution_count"], success["count"]) == (7, 2, 2)
        assert success["ns"] > 0
        assert told["inference_stats"]["fail"] == {"count": 0, "ns": 0}
    assert all(told["inference_count"] == 0 for told in await stats(client, "/logan"))


async def test_an_inference_over_http_counts_for_its_version_alone(client: httpx.AsyncClient) -> None:
    given = {"name": "features", "shape": [3, 50], "datatype": "FP32", "data": [0.5] * 150}
    await client.post("/v2/models/brian.shadow1/infer", json={"inputs": [given]})
    counts = {
        told["name"]: told["inference_count"] for alias in Alias for told in await stats(client, f"/brian.{alias}")
    }
    assert counts == {"brian.Production": 0, "brian.B": 0, "brian.shadow1": 3, "brian.shadow2": 0}


async def test_a_name_tells_all_its_versions_and_a_version_itself(client: httpx.AsyncClient, window: Window) -> None:
    versions = [model.version for model in window.shelf.families["brian"].values()]
    assert [told["version"] for told in await stats(client, "/brian")] == versions
    (one,) = await stats(client, f"/brian/versions/{versions[2]}")
    assert (one["name"], one["version"]) == ("brian", versions[2])


async def test_every_loaded_version_is_told_once(
    client: httpx.AsyncClient, window: Window, stocked: FolderStore
) -> None:
    told = [(one["name"], one["version"]) for one in await stats(client)]
    models = {(family, model.version) for family, by in window.shelf.families.items() for model in by.values()}
    assert sorted(told) == sorted(models)
    assert len(models) == 12
    pin = stocked.table().aliases["brian"][P]
    stocked.swap(1, {"brian": dict.fromkeys(Alias, pin)})
    await client.post("/v2/repository/models/brian/load")
    assert [(one["name"], one["version"]) for one in await stats(client)] == [("brian", pin.version)]


async def test_a_run_without_a_distribution_is_a_failure(client: httpx.AsyncClient, window: Window) -> None:
    play(window, 2, np.nan)
    play(window, 1)
    for told in await stats(client, "/brian"):
        success, fail = told["inference_stats"]["success"], told["inference_stats"]["fail"]
        assert (success["count"], fail["count"]) == (1, 1)
        assert fail["ns"] > 0
        assert told["inference_count"] == 1


@pytest.mark.parametrize("nonsense", [[np.nan, 0.5, 0.5], [np.inf, 0.0, 0.0], [2.0, 3.0, 4.0], [0.0, 0.0, 0.0]])
def test_a_version_that_answers_nonsense_is_counted_and_left_out_while_the_others_answer(
    nonsense: list[float], shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = shelf.families["brian"][B]

    def run(features: Floats) -> Floats:
        return np.tile(np.array(nonsense, np.float32), (len(features), 1))

    monkeypatch.setattr(bad, "run", run)
    request = Request(1, "brian", 1.0, np.full(50, 0.5, np.float32).tobytes())
    (response,) = answer(shelf, [request], now=0)
    assert response.error is None
    assert set(response.predictions) == {P, S1, S2}
    assert (bad.tally.done().failed, bad.tally.done().rows) == (1, 0)
    assert all(shelf.families["brian"][alias].tally.done().failed == 0 for alias in (P, S1, S2))


def test_a_run_that_the_runtime_refuses_is_a_failure(onnx: Callable[..., bytes], bundle: Callable[..., Bundle]) -> None:
    model = Model(bundle(onnx(1)))
    _, sound = ask([model], np.zeros((2, 49), np.float32))
    assert not sound.any()
    assert (model.tally.done().failed, model.tally.done().runs) == (1, 0)


async def test_counts_stay_with_a_version_that_changes_its_alias_and_end_with_its_loading(
    client: httpx.AsyncClient, window: Window, stocked: FolderStore, put: Callable[..., Pin]
) -> None:
    play(window, 3)
    pins = stocked.table().aliases["brian"]
    stocked.swap(1, {"brian": {P: put(99), B: pins[P]}})
    await client.post("/v2/repository/models/brian/load")
    new, kept = await stats(client, "/brian")
    assert (new["version"], new["inference_count"]) == (put(99).version, 0)
    assert (kept["version"], kept["inference_count"]) == (pins[P].version, 3)
    stocked.swap(2, {"brian": pins})
    await client.post("/v2/repository/models/brian/load")
    again = {told["version"]: told["inference_count"] for told in await stats(client, "/brian")}
    assert again == {pin.version: 3 if pin == pins[P] else 0 for pin in pins.values()}


def test_threads_that_count_at_once_lose_nothing() -> None:
    tally = Tally()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(lambda: [tally.add(3, 3, 2) or tally.add(3, 1, 5) for _ in range(2000)])
    assert tally.done() == Done(rows=32000, runs=8000, ns=16000, failed=8000, failed_ns=40000)
