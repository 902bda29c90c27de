"""Models that follow a player, over the Open Inference Protocol."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest
from support.gates import Replay, bundle, gate
from support.play import play_out

from game import match as rules
from game.assignment import Alias
from game.fold import begin
from game.past import LONGEST
from game.records import Closed
from inference.follow import Follower
from inference.http import create_app
from inference.reader import Reader
from inference.shelf import Shelf, Window
from models.store import FolderStore

Json = dict[str, Any]
PLAYED, _ = play_out()
AGAIN = rules.question(begin(PLAYED.opened))
FRESH = AGAIN.features
PAST = PLAYED.known.past
PATH = "/v2/models/maxine/infer"


@pytest.fixture
def window() -> Window:
    window = Window()
    window.shelf = Shelf(1, {"maxine": {Alias.PRODUCTION: Reader(bundle(gate(1))), Alias.B: Reader(bundle(gate(2)))}})
    return window


@pytest.fixture
async def client(window: Window, store: FolderStore) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(window, Follower(store, window)))
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as client:
        yield client


def features(**changes: object) -> Json:
    numbers = np.frombuffer(FRESH, "<f4").tolist()
    return {"name": "features", "shape": [1, 50], "datatype": "FP32", "data": numbers, **changes}


def past(told: bytes = PAST, **changes: object) -> Json:
    return {"name": "past", "shape": [1, len(told)], "datatype": "UINT8", "data": list(told), **changes}


async def test_metadata_tells_the_second_input(client: httpx.AsyncClient) -> None:
    told = (await client.get("/v2/models/maxine")).json()
    assert told["inputs"] == [
        {"name": "features", "datatype": "FP32", "shape": [1, 50]},
        {"name": "past", "datatype": "UINT8", "shape": [1, -1]},
    ]
    assert told["outputs"] == [{"name": "probabilities", "datatype": "FP32", "shape": [1, 3]}]


@pytest.mark.parametrize("name", ["maxine", "maxine.B"])
async def test_an_inference_reads_the_whole_past(name: str, client: httpx.AsyncClient, window: Window) -> None:
    answer = await client.post(f"/v2/models/{name}/infer", json={"inputs": [past(), features()]})
    assert answer.status_code == 200
    (output,) = answer.json()["outputs"]
    assert output["shape"] == [1, 3]
    seed = 2 if name.endswith("B") else 1
    assert output["data"] == pytest.approx(Replay(gate(seed)).says(PAST, FRESH), abs=1e-5)
    stats = (await client.get(f"/v2/models/{name}/stats")).json()["model_stats"]
    assert stats[0]["inference_count"] == 1


async def test_without_a_past_nothing_is_known(client: httpx.AsyncClient) -> None:
    said = [
        (await client.post(PATH, json={"inputs": inputs})).json()["outputs"][0]["data"]
        for inputs in ([features()], [features(), past(b"")], [past(b"", data=[[]]), features()])
    ]
    assert said[0] == said[1] == said[2] == pytest.approx(Replay(gate(1)).says(b"", FRESH), abs=1e-5)


async def test_the_longest_past_is_read(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, json={"inputs": [features(), past(bytes(LONGEST))]})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ([], "the model takes 'features', and 'past' or not"),
        ([past()], "the model takes"),
        ([features(), features()], "the model takes"),
        ([features(), past(), past()], "the model takes"),
        ([features(), past(name="x")], "the model takes"),
        ([features(shape=[2, 50], data=[0.5] * 100)], "takes one"),
        ([features(data=[0.5] * 50)], "tell of no round"),
        ([features(), past(datatype="FP32")], "'FP32', not UINT8"),
        ([features(), past(shape=[len(PAST)])], "shape of 'past'"),
        ([features(), past(shape=[])], "shape of 'past'"),
        ([features(), past(shape=[2, 1])], "shape of 'past'"),
        ([features(), past(bytes(LONGEST + 1))], "shape of 'past'"),
        ([features(), past(shape=[1, 3])], "its shape says"),
        ([features(), past(bytes([200]))], "stands for no round"),
        ([features(), past(b"\0", data=[0.5])], "stands for no round"),
        ([features(), past(b"\0", data=[-1])], "stands for no round"),
        ([features(), past(b"\0", data=[1e300])], "stands for no round"),
        ([features(), past(b"\0", data=["0"])], "cannot be read"),
    ],
)
async def test_a_wrong_inference_is_refused_with_its_reason(
    inputs: list[Json], reason: str, client: httpx.AsyncClient
) -> None:
    answer = await client.post(PATH, json={"inputs": inputs})
    assert answer.status_code == 400
    assert reason in answer.json()["error"]


async def test_a_gate_that_gives_no_distribution_is_told_so(
    client: httpx.AsyncClient, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = window.shelf.families["maxine"][Alias.PRODUCTION]
    assert isinstance(model, Reader)
    run = model.run
    monkeypatch.setattr(model, "run", lambda *fed: run(*fed)._replace(shares=np.full((1, 3), np.nan, np.float32)))
    answer = await client.post(PATH, json={"inputs": [features()]})
    assert (answer.status_code, model.tally.done().failed) == (400, 1)
    assert "gives no probabilities" in answer.json()["error"]


def test_the_past_of_these_tests_is_of_a_whole_match() -> None:
    assert isinstance(PLAYED.closed, Closed)
    assert len(PAST) == 1 + len(PLAYED.rounds)
