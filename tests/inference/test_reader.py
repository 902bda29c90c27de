"""What may be loaded as a reader, and that it is one."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from support import gates
from support.gates import REMEMBERED, bundle, gate

from game.assignment import Alias
from inference.model import Model
from inference.reader import MOST_REMEMBERED, Reader
from inference.shelf import Shelf, load, plain, readers, stock
from models.bundle import Bundle
from models.errors import BundleError
from models.experts.layout import CELLS
from models.experts.reading import LOGS, MEMORY, SCENE, Evidence
from models.experts.specs import VOICES
from models.experts.standing import MERITS as MERITS_EACH
from models.experts.standing import SCENE as SCENE_SIZE
from models.store import FolderStore, Table

GOOD = np.ones((CELLS, 3), np.float32)
ZERO = np.where(np.arange(CELLS)[:, None] == 7, 0, GOOD)


def test_a_reader_knows_what_it_is() -> None:
    whole = bundle(gate(1))
    reader = Reader(whole)
    assert (reader.family, reader.version, reader.digest) == ("maxine", whole.manifest.version, whole.digest)
    assert (reader.remembers, reader.prior.shape) == (REMEMBERED, (CELLS, 3))
    assert Reader(bundle(gate(1, remembers=MOST_REMEMBERED))).remembers == MOST_REMEMBERED


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({LOGS: (VOICES - 1, 3)}, "cannot be loaded|inputs are"),
        ({SCENE: (SCENE_SIZE + 1,)}, "cannot be loaded|inputs are"),
        ({"extra": (1,)}, "inputs are"),
        ({MEMORY: ("any",)}, "memory is"),
        ({"remembers": MOST_REMEMBERED + 1}, "memory is"),
        ({"drop": "next_memory"}, "without next_memory"),
        ({"drop": "prior"}, "without prior"),
        ({"drop": "probabilities"}, "without probabilities"),
        ({"prior": GOOD[:-1]}, "prior is not"),
        ({"prior": ZERO}, "counts above zero"),
        ({"prior": np.where(GOOD > 0, np.nan, GOOD)}, "counts above zero"),
        ({"last": "Identity"}, "no probabilities"),
        ({"crowd": True}, "otherwise for rows in a batch"),
    ],
)
def test_a_gate_that_breaks_the_contract_is_refused(changes: dict[str, object], fault: str) -> None:
    with pytest.raises(BundleError, match=fault) as caught:
        Reader(bundle(gate(1, **changes)))
    assert "\n" not in str(caught.value)


def test_a_gate_that_fails_at_work_says_nan() -> None:
    reader = Reader(bundle(gate(1)))
    nothing = Evidence(
        np.zeros((2, VOICES - 1, 3), np.float32),
        np.zeros((2, VOICES, MERITS_EACH), np.float32),
        np.zeros((2, SCENE_SIZE), np.float32),
        np.zeros((2, 3, 3), np.float32),
    )
    said = reader.run(nothing, reader.nothing_yet(2))
    assert (said.shares.shape, said.memory.shape) == ((2, 3), (2, REMEMBERED))
    assert np.isnan(said.shares).all()
    assert np.isnan(said.memory).all()


def test_the_manifest_says_which_kind_a_bundle_is(onnx, bundle) -> None:  # type: ignore[no-untyped-def]
    features, reads = bundle(onnx(1), "maxine"), gates.bundle(gate(1))
    assert isinstance(load(features), Model)
    assert isinstance(load(reads), Reader)
    for other in (
        Bundle(replace(features.manifest, reads=reads.manifest.reads), features.digest, features.model),
        Bundle(replace(reads.manifest, reads=""), reads.digest, reads.model),
    ):
        with pytest.raises(BundleError, match="inputs are"):
            load(other)
    models = {Alias.PRODUCTION: load(reads), Alias.B: load(features)}
    assert (list(readers(models)), list(plain(models))) == ([Alias.PRODUCTION], [Alias.B])


def test_readers_come_from_the_store_like_others(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store", tmp_path / "shipped")
    pin = store.put(gates.manifest(gate(1)), gate(1))
    shelf, refused = stock(store, Table(1, {"maxine": dict.fromkeys(Alias, pin)}), Shelf())
    assert not refused
    (reader,) = set(shelf.families["maxine"].values())
    assert isinstance(reader, Reader)
    after, _ = stock(store, Table(2, {"maxine": {Alias.B: pin}}), shelf)
    assert after.families["maxine"] == {Alias.B: reader}
    with pytest.raises(BundleError, match="trained on the bank 000000000000"):
        store.put(gates.manifest(gate(2), reads="0" * 64), gate(2))


FED = {"logs": (VOICES, 3), "merits": (VOICES, MERITS_EACH), "scene": (SCENE_SIZE,), "frames": (3, 3)}


@pytest.mark.parametrize("changed", FED)
def test_the_gates_of_these_tests_use_all_that_they_are_fed(changed: str) -> None:
    """Otherwise that they agree would show less than it seems."""
    reader, random = Reader(bundle(gate(1))), np.random.default_rng(0)
    fed = {name: random.random((1, *shape), np.float32) for name, shape in FED.items()}
    before = reader.run(Evidence(**fed), reader.nothing_yet())
    fed[changed] = random.random(fed[changed].shape, np.float32)
    after = reader.run(Evidence(**fed), reader.nothing_yet())
    assert not np.allclose(np.concatenate(before, 1), np.concatenate(after, 1))


def test_the_gates_of_these_tests_use_what_they_remember() -> None:
    reader, random = Reader(bundle(gate(1))), np.random.default_rng(0)
    fed = Evidence(*(random.random((1, *shape), np.float32) for shape in FED.values()))
    assert not np.allclose(
        reader.run(fed, reader.nothing_yet()).shares, reader.run(fed, reader.nothing_yet() + 1).shares
    )
