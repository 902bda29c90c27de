"""Small real bundles: a softmax over random weights, so that each seed is another model."""

from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import uvloop
from msgspec.structs import replace
from onnx import TensorProto, helper, numpy_helper
from support.pixels import put_pixels

from game.assignment import Alias
from game.features import CONTRACT, NAMES
from game.opponents import Opponent
from inference.batch import Desk
from inference.follow import Follower
from inference.model import Model
from inference.places import bind_unix
from inference.protocol import Listener, listen
from inference.shelf import Shelf, Window
from inference.sights import GestureFollower, GestureWindow
from models.bundle import INPUT, OUTPUT, Bundle, Manifest, Scores, Training, version_of
from models.gesture_bundle import Family, GestureStore
from models.places import gestures_at
from models.store import FolderStore, Pin


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], uvloop.Loop]]:
    """The loop that the process runs on."""
    return {"uvloop": uvloop.new_event_loop}


FAMILIES = ("brian", "forrest", "logan")


def _onnx(
    seed: int = 0,
    *,
    given: str = INPUT,
    told: str = OUTPUT,
    width: int = len(NAMES),
    classes: int = 3,
    last: str = "Softmax",
    axis: int = -1,
    double: bool = False,
    crowd: bool = False,
) -> bytes:
    dtype, type_ = (np.float64, TensorProto.DOUBLE) if double else (np.float32, TensorProto.FLOAT)
    random = np.random.default_rng(seed)
    weights = random.normal(size=(width, classes)).astype(dtype)
    bias = random.normal(size=classes).astype(dtype)
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", [given, "weights", "bias"], ["scores"]),
            helper.make_node("ReduceMean", ["scores"], ["others"], axes=[0]),
            helper.make_node("Sub", ["scores", "others"], ["logits"])
            if crowd
            else helper.make_node("Identity", ["scores"], ["logits"]),
            helper.make_node(last, ["logits"], [told], **({"axis": axis} if last == "Softmax" else {})),  # type: ignore[arg-type]
        ],
        "small",
        [helper.make_tensor_value_info(given, type_, ["n", width])],
        [helper.make_tensor_value_info(told, type_, ["n", classes])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return bytes(proto.SerializeToString())


def _manifest(model: bytes, family: str = "brian", *, version: str = "", contract: str = CONTRACT) -> Manifest:
    scores = Scores(1, 0.5, 1.0, (0.4, 0.6), (0.9, 1.1))
    return Manifest(
        format=1,
        family=family,
        version=version or version_of(family, model),
        created="2025-01-01T00:00:00Z",
        contract=contract,
        input=INPUT,
        output=OUTPUT,
        model_sha256=sha256(model).hexdigest(),
        training=Training(["made up"], 1, 1, "CC0-1.0"),
        configuration={},
        metrics=scores,
        baselines={},
    )


@pytest.fixture
def onnx() -> Callable[..., bytes]:
    return _onnx


@pytest.fixture
def manifest() -> Callable[..., Manifest]:
    return _manifest


@pytest.fixture
def bundle() -> Callable[..., Bundle]:
    """A bundle around these bytes, as a store would give it."""
    return lambda model, family="brian": Bundle(_manifest(model, family), sha256(model).hexdigest(), model)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    """An empty store over no shipped bundles."""
    return FolderStore(tmp_path / "store", tmp_path / "shipped")


@pytest.fixture
def put(store: FolderStore) -> Callable[..., Pin]:
    """Keep the model of this seed in the store."""

    def keep(seed: int, family: str = "brian", opponent: Opponent | None = None) -> Pin:
        model = _onnx(seed)
        return store.put(replace(_manifest(model, family), opponent=opponent), model)

    return keep


@pytest.fixture
def stocked(store: FolderStore, put: Callable[..., Pin]) -> FolderStore:
    """The store at generation 1: three families, four aliases each, twelve versions."""
    aliases = {
        family: {alias: put(10 * row + column, family) for column, alias in enumerate(Alias)}
        for row, family in enumerate(FAMILIES)
    }
    store.swap(0, aliases)
    return store


@pytest.fixture
def window() -> Window:
    return Window()


@pytest.fixture
async def follower(stocked: FolderStore, window: Window) -> Follower:
    """Has looked once: the window shows what the store says."""
    follower = Follower(stocked, window)
    await follower.look()
    return follower


@pytest.fixture
def shelf(bundle: Callable[..., Bundle]) -> Shelf:
    """Two families, the second with all aliases on one version, no store behind it."""
    shared = Model(bundle(_onnx(9), "logan"))
    return Shelf(
        1,
        {
            "brian": {alias: Model(bundle(_onnx(seed))) for seed, alias in enumerate(Alias)},
            "logan": dict.fromkeys(Alias, shared),
        },
    )


@pytest.fixture
async def listener(follower: Follower, window: Window) -> AsyncIterator[tuple[Path, Listener]]:
    """A sidecar's socket over the stocked store, and its path (short, as socket paths must be)."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        listener = await listen(bind_unix(path), Desk(window), lambda: window.shelf.greeting())
        yield path, listener
        await listener.close()


@pytest.fixture
def gesture_store(tmp_path: Path) -> GestureStore:
    """At generation 1: one model of whole images, as Production."""
    store = gestures_at(tmp_path / "store", "", shipped=tmp_path / "none")
    store.swap(0, {Family.PIXELS: {Alias.PRODUCTION: put_pixels(store)}})
    return store


@pytest.fixture
def gesture_window() -> GestureWindow:
    return GestureWindow()


@pytest.fixture
async def gesture_follower(gesture_store: GestureStore, gesture_window: GestureWindow) -> GestureFollower:
    """Has looked once."""
    follower = GestureFollower(gesture_store, gesture_window)
    await follower.look()
    return follower
