"""What every store holds to, whatever lies under it."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec import ValidationError, json
from msgspec.structs import replace
from support.grounds import FolderGround, Ground

from game.assignment import Alias
from models.bundle import MANIFEST, MODEL, SIGNATURE, Manifest, write
from models.errors import BundleError, StoreError
from models.files import DRAFT
from models.prune import GRACE_S, prune
from models.store import BUNDLES, TABLE, FolderStore, Pin, Store, Table

Say = Callable[..., Manifest]
P, B, S1, S2 = Alias


@pytest.fixture
def pin(store: Store, manifest: Say) -> Pin:
    return store.put(manifest(b"one"), b"one")


def test_nothing_at_all_is_an_empty_table(store: Store) -> None:
    assert store.table() == Table(0, {})


def test_an_empty_store_is_what_was_shipped(store: Store, shipped: Path, manifest: Say) -> None:
    said = manifest(b"shipped")
    pin = Pin(said.version, write(shipped / BUNDLES / said.version, said, b"shipped"))
    (shipped / TABLE).write_bytes(json.encode(Table(0, {"brian": {P: pin}})))
    assert store.table().aliases == {"brian": {P: pin}}
    assert store.bundle(pin).model == b"shipped"
    store.swap(0, {"brian": {P: pin, B: pin}})
    assert FolderStore(shipped, shipped).table().generation == 0
    assert store.table().generation == 1
    assert store.bundle(pin).model == b"shipped"


def test_what_was_put_can_be_had(store: Store, pin: Pin) -> None:
    bundle = store.bundle(pin)
    assert (bundle.model, bundle.manifest.version, bundle.digest) == (b"one", pin.version, pin.digest)


def test_putting_twice_changes_nothing(store: Store, ground: Ground, pin: Pin, manifest: Say) -> None:
    before = store.stamp(pin)
    assert store.put(manifest(b"one"), b"one") == pin
    assert store.put(replace(manifest(b"one"), created="later"), b"one") == pin
    assert store.stamp(pin) == before
    assert ground.names() == [f"{BUNDLES}/{pin.version}/{name}" for name in (MANIFEST, MODEL)]


def test_many_put_the_same_at_once(store: Store, ground: Ground, manifest: Say) -> None:
    with ThreadPoolExecutor(8) as pool:
        pins = set(pool.map(lambda _: store.put(manifest(b"one"), b"one"), range(16)))
    assert len(pins) == 1
    assert len(ground.names()) == 2


@pytest.mark.parametrize(
    "wrong",
    [{"version": "../../outside"}, {"version": "/etc/x"}, {"version": "."}, {"contract": "0:0"}, {"output": "y"}],
)
def test_what_could_not_be_served_is_not_kept(
    wrong: dict[str, str], store: Store, tmp_path: Path, manifest: Say
) -> None:
    with pytest.raises(BundleError):
        store.put(manifest(b"one", **wrong), b"one")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_manifest_of_another_model_is_not_kept(store: Store, tmp_path: Path, manifest: Say) -> None:
    with pytest.raises(BundleError, match="does not match the digest"):
        store.put(manifest(b"one"), b"two")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", [MODEL, MANIFEST])
def test_a_tampered_bundle_is_refused(name: str, store: Store, ground: Ground, pin: Pin) -> None:
    file = f"{BUNDLES}/{pin.version}/{name}"
    ground.write(file, ground.read(file) + b" ")
    with pytest.raises(BundleError, match=pin.version):
        store.bundle(pin)


def test_a_bundle_under_another_version_is_refused(store: Store, ground: Ground, pin: Pin) -> None:
    for name in (MODEL, MANIFEST):
        ground.write(f"{BUNDLES}/brian-2/{name}", ground.read(f"{BUNDLES}/{pin.version}/{name}"))
    with pytest.raises(BundleError, match=f"its manifest is of version {pin.version}"):
        store.bundle(Pin("brian-2", pin.digest))


def test_a_swap_raises_the_generation(store: Store, pin: Pin) -> None:
    assert store.swap(0, {"brian": {P: pin}}) == Table(1, {"brian": {P: pin}})
    assert store.swap(1, {"brian": {B: pin}}) == store.table() == Table(2, {"brian": {B: pin}})


def test_a_swap_from_another_generation_changes_nothing(store: Store, pin: Pin) -> None:
    store.swap(0, {"brian": {P: pin}})
    for generation in (0, 2, -1):
        with pytest.raises(StoreError, match="changed meanwhile"):
            store.swap(generation, {})
    assert store.table() == Table(1, {"brian": {P: pin}})


def test_of_many_swaps_at_once_one_succeeds(ground: Ground, pin: Pin) -> None:
    def swap(alias: Alias) -> bool:
        try:
            ground.store().swap(0, {"brian": {alias: pin}})
        except StoreError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(swap, [*Alias, *Alias])) == [False] * 7 + [True]
    assert ground.store().table().generation == 1


def test_a_swap_that_fails_midway_leaves_the_table(
    tmp_path: Path, manifest: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderGround(tmp_path / "store", tmp_path / "shipped").store()
    pin = store.put(manifest(b"one"), b"one")
    store.swap(0, {"brian": {P: pin}})

    def fail(descriptor: int) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="full"):
        store.swap(1, {})
    monkeypatch.undo()
    assert store.table() == Table(1, {"brian": {P: pin}})
    assert store.swap(1, {}).generation == 2


def test_readers_see_whole_tables_while_others_swap(store: Store, pin: Pin) -> None:
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
def test_a_table_that_is_none_is_told(text: bytes, store: Store, ground: Ground) -> None:
    ground.write(TABLE, text)
    with pytest.raises(StoreError, match="cannot be read"):
        store.table()
    with pytest.raises(StoreError, match="cannot be read"):
        store.swap(1, {})


def test_a_pin_that_leads_elsewhere_cannot_be_read() -> None:
    with pytest.raises(ValidationError):
        json.decode(b'{"version": "..", "digest": "y"}', type=Pin)


def test_stamps_change_with_what_they_look_at(store: Store, ground: Ground, pin: Pin) -> None:
    table, files = store.stamp(), store.stamp(pin)
    assert (store.stamp(), store.stamp(pin)) == (table, files)
    store.swap(0, {"brian": {P: pin}})
    assert store.stamp() != table
    assert store.stamp(pin) == files
    ground.remove(f"{BUNDLES}/{pin.version}/{MODEL}")
    assert store.stamp(pin) != files


def test_a_bundle_without_its_manifest_is_not_there(store: Store, ground: Ground, pin: Pin) -> None:
    ground.remove(f"{BUNDLES}/{pin.version}/{MANIFEST}")
    with pytest.raises(BundleError, match=f"{pin.version}: .*(not in the store|{MANIFEST} cannot be read)"):
        store.bundle(pin)


KEY, OTHER = b"a key of theirs alone", b"the key of somebody else"


def test_what_was_signed_is_read_with_the_same_key_alone(ground: Ground, manifest: Say) -> None:
    pin = ground.store(KEY).put(manifest(b"one"), b"one")
    assert f"{BUNDLES}/{pin.version}/{SIGNATURE}" in ground.names()
    assert ground.store(KEY).bundle(pin).model == ground.store().bundle(pin).model == b"one"
    with pytest.raises(BundleError, match="the signature is not of this manifest and key"):
        ground.store(OTHER).bundle(pin)


def test_with_a_key_what_is_unsigned_is_refused(store: Store, ground: Ground, pin: Pin, manifest: Say) -> None:
    with pytest.raises(BundleError, match="it is not signed"):
        ground.store(KEY).bundle(pin)
    with pytest.raises(BundleError, match="it is not signed"):
        ground.store(KEY).put(manifest(b"one"), b"one")


@pytest.mark.parametrize("name", [SIGNATURE, MANIFEST])
def test_with_a_key_what_was_altered_is_refused_whatever_the_pin_says(name: str, ground: Ground, manifest: Say) -> None:
    signed = ground.store(KEY).put(manifest(b"one"), b"one")
    file = f"{BUNDLES}/{signed.version}/{name}"
    ground.write(file, ground.read(file).replace(b"0", b"1"))
    altered = sha256(ground.read(f"{BUNDLES}/{signed.version}/{MANIFEST}")).hexdigest()
    with pytest.raises(BundleError, match="the signature is not of this manifest and key"):
        ground.store(KEY).bundle(Pin(signed.version, altered))


def test_shipped_bundles_need_no_signature(ground: Ground, shipped: Path, manifest: Say) -> None:
    said = manifest(b"shipped")
    pin = Pin(said.version, write(shipped / BUNDLES / said.version, said, b"shipped"))
    assert ground.store(KEY).bundle(pin).model == b"shipped"


def put_all(store: Store, manifest: Say, *models: bytes) -> list[Pin]:
    return [store.put(manifest(model), model) for model in models]


def test_pruning_spares_what_is_named_asked_for_or_newest(store: Store, manifest: Say) -> None:
    named, also, first, last = put_all(store, manifest, b"named", b"also", b"first", b"last")
    store.swap(0, {"brian": {P: named}})
    later = time.time() + GRACE_S + 60
    ages = {one.name: one.since for one in store.kept()}
    oldest, newest = sorted((first.version, last.version), key=lambda name: (-ages[name], name), reverse=True)
    assert prune(store, later, newest=1, also=[also.version]) == [oldest]
    assert {one.name for one in store.kept()} == {named.version, also.version, newest}
    assert set(prune(store, later)) == {also.version, newest}
    assert [one.name for one in store.kept()] == [named.version]
    assert store.bundle(named).model == b"named"
    assert prune(store, later) == []


def test_pruning_spares_what_is_younger_than_an_hour(store: Store, pin: Pin) -> None:
    assert prune(store, time.time() + GRACE_S - 60) == []
    assert store.bundle(pin).model == b"one"


def test_pruning_removes_old_drafts_before_any_bundle_of_the_newest(store: Store, ground: Ground, pin: Pin) -> None:
    draft = f"{DRAFT}x" if isinstance(ground, FolderGround) else "brian-half"
    ground.write(f"{BUNDLES}/{draft}/{MODEL}", b"half")
    assert {(one.name, one.draft) for one in store.kept()} == {(pin.version, False), (draft, True)}
    assert prune(store, time.time(), newest=5) == []
    assert prune(store, time.time() + GRACE_S + 60, newest=5) == [draft]
    assert [one.name for one in store.kept()] == [pin.version]


def test_nothing_is_dropped_when_the_table_was_changed_meanwhile(store: Store, pin: Pin) -> None:
    store.swap(0, {"brian": {P: pin}})
    with pytest.raises(StoreError, match="changed meanwhile"):
        store.drop(0, [pin.version])
    assert store.bundle(pin).model == b"one"


def test_an_empty_store_keeps_nothing_and_prunes_nothing(store: Store) -> None:
    assert store.kept() == prune(store, time.time()) == []
