import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec import ValidationError, json
from msgspec.structs import replace

from game.assignment import Alias
from models.bundle import MANIFEST, MODEL, Manifest, read, write
from models.errors import BundleError, StoreError
from models.store import BUNDLES, TABLE, FolderStore, Pin, Table

Say = Callable[..., Manifest]
P, B, S1, S2 = Alias


@pytest.fixture
def pin(store: FolderStore, manifest: Say) -> Pin:
    return store.put(manifest(b"one"), b"one")


def test_nothing_at_all_is_an_empty_table(store: FolderStore) -> None:
    assert store.table() == Table(0, {})


def test_an_empty_store_is_what_was_shipped(store: FolderStore, shipped: Path, manifest: Say) -> None:
    said = manifest(b"shipped")
    pin = Pin(said.version, write(shipped / BUNDLES / said.version, said, b"shipped"))
    (shipped / TABLE).write_bytes(json.encode(Table(0, {"brian": {P: pin}})))
    assert store.table().aliases == {"brian": {P: pin}}
    assert store.bundle(pin).model == b"shipped"
    store.swap(0, {"brian": {P: pin, B: pin}})
    assert FolderStore(shipped, shipped).table().generation == 0
    assert store.table().generation == 1
    assert store.bundle(pin).model == b"shipped"


def test_what_was_put_can_be_had(store: FolderStore, pin: Pin) -> None:
    bundle = store.bundle(pin)
    assert (bundle.model, bundle.manifest.version, bundle.digest) == (b"one", pin.version, pin.digest)


def test_putting_twice_changes_nothing(store: FolderStore, root: Path, pin: Pin, manifest: Say) -> None:
    before = store.stamp(pin)
    assert store.put(manifest(b"one"), b"one") == pin
    assert store.put(replace(manifest(b"one"), created="later"), b"one") == pin
    assert store.stamp(pin) == before
    assert [folder.name for folder in (root / BUNDLES).iterdir()] == [pin.version]


def test_many_put_the_same_at_once(store: FolderStore, root: Path, manifest: Say) -> None:
    with ThreadPoolExecutor(8) as pool:
        pins = set(pool.map(lambda _: store.put(manifest(b"one"), b"one"), range(16)))
    assert len(pins) == 1
    assert len(list((root / BUNDLES).iterdir())) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"version": "../../outside"}, {"version": "/etc/x"}, {"version": "."}, {"contract": "0:0"}, {"output": "y"}],
)
def test_what_could_not_be_served_is_not_kept(
    wrong: dict[str, str], store: FolderStore, tmp_path: Path, manifest: Say
) -> None:
    with pytest.raises(BundleError):
        store.put(manifest(b"one", **wrong), b"one")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_manifest_of_another_model_is_not_kept(store: FolderStore, tmp_path: Path, manifest: Say) -> None:
    with pytest.raises(BundleError, match="does not match the digest"):
        store.put(manifest(b"one"), b"two")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", [MODEL, MANIFEST])
def test_a_tampered_bundle_is_refused(name: str, store: FolderStore, root: Path, pin: Pin) -> None:
    file = root / BUNDLES / pin.version / name
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(BundleError, match=pin.version):
        store.bundle(pin)


def test_a_bundle_under_another_version_is_refused(store: FolderStore, root: Path, pin: Pin) -> None:
    (root / BUNDLES / pin.version).rename(root / BUNDLES / "brian-2")
    with pytest.raises(BundleError, match="not in the store"):
        store.bundle(pin)
    with pytest.raises(BundleError, match=f"its manifest is of version {pin.version}"):
        store.bundle(Pin("brian-2", pin.digest))


def test_a_swap_raises_the_generation(store: FolderStore, pin: Pin) -> None:
    assert store.swap(0, {"brian": {P: pin}}) == Table(1, {"brian": {P: pin}})
    assert store.swap(1, {"brian": {B: pin}}) == store.table() == Table(2, {"brian": {B: pin}})


def test_a_swap_from_another_generation_changes_nothing(store: FolderStore, pin: Pin) -> None:
    store.swap(0, {"brian": {P: pin}})
    for generation in (0, 2, -1):
        with pytest.raises(StoreError, match="changed meanwhile"):
            store.swap(generation, {})
    assert store.table() == Table(1, {"brian": {P: pin}})


def test_of_many_swaps_at_once_one_succeeds(root: Path, shipped: Path, pin: Pin) -> None:
    def swap(alias: Alias) -> bool:
        try:
            FolderStore(root, shipped).swap(0, {"brian": {alias: pin}})
        except StoreError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(swap, [*Alias, *Alias])) == [False] * 7 + [True]
    assert FolderStore(root, shipped).table().generation == 1


def test_a_swap_that_fails_midway_leaves_the_table(
    store: FolderStore, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.swap(0, {"brian": {P: pin}})

    def fail(descriptor: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        store.swap(1, {})
    monkeypatch.undo()
    assert store.table() == Table(1, {"brian": {P: pin}})
    assert store.swap(1, {}).generation == 2


def test_readers_see_whole_tables_while_others_swap(store: FolderStore, pin: Pin) -> None:
    store.swap(0, {"brian": {P: pin}})

    def swaps() -> None:
        for generation in range(1, 40):
            store.swap(generation, {str(family): {P: pin} for family in range(generation + 1)})

    with ThreadPoolExecutor(1) as pool:
        work, seen = pool.submit(swaps), 0
        while not work.done():
            table = store.table()
            assert len(table.aliases) == table.generation
            assert table.generation >= seen
            seen = table.generation
        work.result()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b'{"generation": 1}',
        b'{"generation": 1, "aliases": {"brian": {"Nobody": {"version": "x", "digest": "y"}}}}',
        b'{"generation": 1, "aliases": {"brian": {"B": {"version": "../../etc", "digest": "y"}}}}',
    ],
)
def test_a_table_that_is_none_is_told(text: bytes, store: FolderStore, root: Path) -> None:
    root.mkdir()
    (root / TABLE).write_bytes(text)
    with pytest.raises(StoreError, match="cannot be read"):
        store.table()
    with pytest.raises(StoreError, match="cannot be read"):
        store.swap(1, {})


def test_a_pin_that_leads_elsewhere_cannot_be_read() -> None:
    with pytest.raises(ValidationError):
        json.decode(b'{"version": "..", "digest": "y"}', type=Pin)


def test_stamps_change_with_what_they_look_at(store: FolderStore, root: Path, pin: Pin) -> None:
    table, files = store.stamp(), store.stamp(pin)
    assert (store.stamp(), store.stamp(pin)) == (table, files)
    store.swap(0, {"brian": {P: pin}})
    assert store.stamp() != table
    assert store.stamp(pin) == files
    (root / BUNDLES / pin.version / MODEL).unlink()
    assert store.stamp(pin) != files


def test_a_kept_bundle_is_whole_for_any_reader(store: FolderStore, root: Path, pin: Pin) -> None:
    assert read(root / BUNDLES / pin.version, pin.digest).model == b"one"
    assert not [path for path in (root / BUNDLES).iterdir() if path.name.startswith(".")]
