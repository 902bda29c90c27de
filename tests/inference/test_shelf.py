import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from game.assignment import Alias
from game.features import CONTRACT
from inference.shelf import Shelf, stock
from models.bundle import MANIFEST, MODEL, Manifest, write
from models.store import FolderStore, Pin, Table

Put = Callable[..., Pin]
Onnx = Callable[..., bytes]
Say = Callable[..., Manifest]

P, B, S1, S2 = Alias


def versions(shelf: Shelf) -> dict[str, dict[Alias, str]]:
    return shelf.greeting().versions


def test_the_shelf_is_what_the_table_says(stocked: FolderStore) -> None:
    table = stocked.table()
    shelf, refused = stock(stocked, table, Shelf())
    assert not refused
    assert versions(shelf) == {
        family: {alias: pin.version for alias, pin in pins.items()} for family, pins in table.aliases.items()
    }
    assert shelf.greeting().contract == CONTRACT
    assert str(shelf) == "12 models of 3 families (generation 1)"


def test_aliases_of_one_version_share_one_model(store: FolderStore, put: Put) -> None:
    pin, other = put(1), put(2)
    shelf, _ = stock(store, Table(1, {"brian": {P: pin, B: pin, S1: other}}), Shelf())
    models = shelf.families["brian"]
    assert models[P] is models[B]
    assert models[P] is not models[S1]


def test_models_that_stay_are_not_loaded_again(stocked: FolderStore, put: Put) -> None:
    before, _ = stock(stocked, stocked.table(), Shelf())
    pins = stocked.table().aliases["brian"]
    after, _ = stock(stocked, Table(2, {"brian": {P: pins[B], B: put(99)}}), before)
    assert after.families["brian"][P] is before.families["brian"][B]
    assert after.generation == 2
    assert list(after.families) == ["brian"]


def spoil(folder: Path, how: str) -> None:
    match how:
        case "model changed":
            (folder / MODEL).write_bytes((folder / MODEL).read_bytes() + b"\0")
        case "model missing":
            (folder / MODEL).unlink()
        case "manifest changed":
            (folder / MANIFEST).write_bytes((folder / MANIFEST).read_bytes() + b" ")
        case "manifest missing":
            (folder / MANIFEST).unlink()
        case "all missing":
            shutil.rmtree(folder)


HOW = ["model changed", "model missing", "manifest changed", "manifest missing", "all missing"]


@pytest.mark.parametrize("how", HOW)
def test_a_spoilt_bundle_leaves_its_alias_empty_and_the_rest_serves(
    how: str, stocked: FolderStore, tmp_path: Path
) -> None:
    pin = stocked.table().aliases["brian"][B]
    spoil(tmp_path / "store/bundles" / pin.version, how)
    shelf, refused = stock(stocked, stocked.table(), Shelf())
    assert set(shelf.families["brian"]) == {P, S1, S2}
    assert set(shelf.families["logan"]) == set(Alias)
    (one,) = refused
    assert (one.family, one.alias, one.pin) == ("brian", B, pin)
    assert pin.version in one.reason
    assert "\n" not in one.reason


@pytest.mark.parametrize("how", HOW)
def test_a_spoilt_successor_leaves_what_served_and_the_other_aliases_change(
    how: str, stocked: FolderStore, put: Put, tmp_path: Path
) -> None:
    before, _ = stock(stocked, stocked.table(), Shelf())
    bad, good = put(50), put(51)
    spoil(tmp_path / "store/bundles" / bad.version, how)
    pins = stocked.table().aliases["brian"]
    after, refused = stock(stocked, Table(2, {"brian": {**pins, P: bad, B: good}}), before)
    assert after.families["brian"][P] is before.families["brian"][P]
    assert after.families["brian"][B].version == good.version
    assert [one.alias for one in refused] == [P]


def test_a_model_of_another_family_is_refused(store: FolderStore, put: Put) -> None:
    pin = put(1, "logan")
    shelf, refused = stock(store, Table(1, {"brian": {P: pin}, "logan": {P: pin}}), Shelf())
    assert list(shelf.families) == ["logan"]
    assert "cannot serve brian" in refused[0].reason


@pytest.mark.parametrize("options", [{"last": "Log"}, {"given": "x"}, {"classes": 2}])
def test_a_whole_bundle_around_a_bad_model_is_refused(
    options: dict[str, object], store: FolderStore, onnx: Onnx, manifest: Say, put: Put
) -> None:
    model = onnx(1, **options)
    pin = store.put(manifest(model), model)
    shelf, refused = stock(store, Table(1, {"brian": {P: pin, B: put(2)}}), Shelf())
    assert list(shelf.families["brian"]) == [B]
    assert [one.pin for one in refused] == [pin]


def test_a_model_for_other_features_is_refused(
    store: FolderStore, onnx: Onnx, manifest: Say, put: Put, tmp_path: Path
) -> None:
    model = onnx(1)
    said = manifest(model, contract="0:0")
    pin = Pin(said.version, write(tmp_path / "store/bundles" / said.version, said, model))
    shelf, refused = stock(store, Table(1, {"brian": {P: pin, B: put(2)}}), Shelf())
    assert list(shelf.families["brian"]) == [B]
    assert "trained for features 0:0" in refused[0].reason
