"""Gesture bundles, and the store that they have to themselves beside that of the predictors."""

from collections.abc import Callable
from pathlib import Path

import pytest
from minio import Minio
from msgspec import json
from msgspec.structs import replace
from support.gestures import CLASSES, gesture_manifest
from support.grounds import BucketGround
from support.s3 import ACCESS, SECRET

from game.assignment import Alias
from game.gestures import Label
from models import bundle
from models.bundle import MANIFEST, MODEL, SIGNATURE, Manifest, write
from models.errors import BundleError
from models.gesture_bundle import CONTRACTS, Family, GestureManifest, GestureStore, read
from models.places import Bucket, Place, gestures_at, store_at
from models.prune import GRACE_S, prune
from models.store import BUNDLES, TABLE, Pin

CONTENT = b"a model"
P, B, *_ = Alias
KEY = "k" * 16


def refusal(folder: Path, digest: str | None = None, key: bytes = b"") -> str:
    with pytest.raises(BundleError) as caught:
        read(folder, digest, key)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "b", gesture_manifest(CONTENT), CONTENT)
    return tmp_path / "b"


@pytest.mark.parametrize("family", Family)
def test_what_was_written_is_read(family: Family, tmp_path: Path) -> None:
    said = gesture_manifest(CONTENT, family)
    digest = write(tmp_path / "b", said, CONTENT)
    found = read(tmp_path / "b", digest)
    assert (found.manifest, found.digest, found.model) == (said, digest, CONTENT)
    assert found.manifest.version.startswith(f"{family}-")


def test_what_is_not_whole_is_refused(folder: Path) -> None:
    assert "digest" in refusal(folder, "0" * 64)
    (folder / MODEL).write_bytes(CONTENT[:-1])
    assert "does not match the digest" in refusal(folder)
    (folder / MODEL).unlink()
    assert "cannot be read" in refusal(folder)


def test_a_key_demands_its_signature(tmp_path: Path, folder: Path) -> None:
    assert "not signed" in refusal(folder, key=b"key")
    write(tmp_path / "signed", gesture_manifest(CONTENT), CONTENT, b"key")
    assert read(tmp_path / "signed", key=b"key").model == CONTENT
    assert (tmp_path / "signed" / SIGNATURE).exists()
    assert "signature" in refusal(tmp_path / "signed", key=b"other")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"format": 2}, "format 2 is not 1"),
        ({"contract": "pixels-0"}, "prepared as 'pixels-0', this system prepares them as 'pixels-1'"),
        ({"contract": CONTRACTS[Family.POINTS]}, "prepared as 'points-1'"),
        ({"classes": []}, "its classes (none)"),
        ({"classes": [Label.ROCK, Label.PAPER, Label.NONE]}, "rock, paper, none are not all three moves"),
        ({"classes": [*CLASSES, Label.ROCK]}, "each label once"),
        ({"classes": ["rock", "paper", "lizard"]}, "cannot be read"),
        ({"threshold": 1.5}, "cannot be read"),
        ({"kind": "throws"}, "cannot be read"),
        ({"family": "brian"}, "cannot be read"),
        ({"version": "../up"}, "cannot be read"),
    ],
)
def test_what_cannot_be_served_here_is_refused(change: dict[str, object], fault: str, tmp_path: Path) -> None:
    write(tmp_path / "b", replace(gesture_manifest(CONTENT), **change), CONTENT)
    assert fault in refusal(tmp_path / "b")


def test_neither_kind_is_read_as_the_other(tmp_path: Path, folder: Path, manifest: Callable[..., Manifest]) -> None:
    with pytest.raises(BundleError, match="cannot be read"):
        bundle.read(folder)
    write(tmp_path / "throws", manifest(CONTENT), CONTENT)
    assert "cannot be read" in refusal(tmp_path / "throws")


@pytest.fixture(params=["folder", "bucket", "whole bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return tmp_path / "store"
    ground: BucketGround = request.getfixturevalue("bucket")
    return ground.place if request.param == "bucket" else replace(ground.place, prefix="")


def names_below(place: Place) -> set[str]:
    if isinstance(place, Path):
        return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file() and path.name != ".lock"}
    client = Minio(place.endpoint, access_key=ACCESS, secret_key=SECRET, secure=False, region=place.region)
    prefix = f"{place.prefix}/" if place.prefix else ""
    found = client.list_objects(place.bucket, prefix, recursive=True)
    return {str(one.object_name).removeprefix(prefix) for one in found}


def put(store: GestureStore, content: bytes, family: Family = Family.PIXELS) -> Pin:
    return store.put(gesture_manifest(content, family), content)


def test_gestures_have_a_store_of_their_own(place: Place, tmp_path: Path, manifest: Callable[..., Manifest]) -> None:
    throws = store_at(place, str(tmp_path), shipped=tmp_path / "none")
    gestures = gestures_at(place, str(tmp_path), shipped=tmp_path / "none")
    pin, other = put(gestures, b"seen"), throws.put(manifest(b"one"), b"one")
    gestures.swap(0, {Family.PIXELS: {P: pin}})
    assert throws.table().generation == 0
    assert gestures.table().aliases == {Family.PIXELS: {P: pin}}
    assert gestures.bundle(pin).manifest.classes == CLASSES
    assert throws.bundle(other).model == b"one"
    assert f"gestures/{TABLE}" in names_below(place)
    assert f"gestures/{BUNDLES}/{pin.version}/{MANIFEST}" in names_below(place)


def test_both_families_change_at_once(tmp_path: Path) -> None:
    store = gestures_at(tmp_path, "", shipped=tmp_path / "none")
    first = {family: put(store, b"1", family) for family in Family}
    second = {family: put(store, b"2", family) for family in Family}
    store.swap(0, {family: {P: first[family]} for family in Family})
    after = store.swap(1, {family: {P: second[family], B: first[family]} for family in Family})
    assert store.table() == after
    assert {pins[P] for pins in after.aliases.values()} == set(second.values())


def test_pruning_one_store_leaves_the_other_alone(
    place: Place, tmp_path: Path, manifest: Callable[..., Manifest]
) -> None:
    throws = store_at(place, str(tmp_path), shipped=tmp_path / "none")
    gestures = gestures_at(place, str(tmp_path), shipped=tmp_path / "none")
    pin, other = put(gestures, b"seen"), throws.put(manifest(b"one"), b"one")
    later = max(one.since for one in throws.kept() + gestures.kept()) + GRACE_S + 1
    assert [one.name for one in throws.kept()] == [other.version]
    assert prune(throws, later) == [other.version]
    assert gestures.bundle(pin).model == b"seen"
    assert prune(gestures, later) == [pin.version]


def test_a_bundle_of_the_other_kind_is_not_kept(
    place: Place, tmp_path: Path, manifest: Callable[..., Manifest]
) -> None:
    with pytest.raises(BundleError):
        gestures_at(place, str(tmp_path)).put(manifest(b"one"), b"one")
    with pytest.raises(BundleError):
        store_at(place, str(tmp_path)).put(gesture_manifest(b"one"), b"one")
    assert not names_below(place)


def test_the_key_holds_for_gestures_and_not_for_what_was_shipped(tmp_path: Path) -> None:
    shipped = tmp_path / "shipped"
    said = gesture_manifest(b"shipped")
    pin = Pin(said.version, write(shipped / BUNDLES / said.version, said, b"shipped"))
    (shipped / TABLE).write_bytes(json.encode({"generation": 0, "aliases": {Family.PIXELS: {P: pin}}}))
    unsigned = put(gestures_at(tmp_path / "store", "", shipped=shipped), b"unsigned")
    store = gestures_at(tmp_path / "store", "", KEY, shipped)
    assert store.table().aliases == {Family.PIXELS: {P: pin}}
    assert store.bundle(pin).model == b"shipped"
    with pytest.raises(BundleError, match="not signed"):
        store.bundle(unsigned)
    assert store.bundle(put(store, b"signed")).model == b"signed"


def test_a_bucket_that_is_away_leaves_what_was_read_of_it(bucket: BucketGround, tmp_path: Path) -> None:
    store = gestures_at(bucket.place, str(tmp_path), shipped=tmp_path / "none")
    pin = put(store, b"seen")
    store.swap(0, {Family.PIXELS: {P: pin}})
    store.table()
    store.bundle(pin)
    gone: Bucket = replace(bucket.place, endpoint=bucket.place.endpoint.rpartition(":")[0] + ":1")
    cached, away = (tmp_path / "cache" / place.endpoint.replace(":", "_") for place in (bucket.place, gone))
    cached.rename(away)
    alone = gestures_at(gone, str(tmp_path), shipped=tmp_path / "none")
    assert alone.last_table().aliases == {Family.PIXELS: {P: pin}}
    assert alone.bundle(pin).model == b"seen"


def test_a_manifest_tells_what_it_learned_from_and_how_well(tmp_path: Path) -> None:
    said = gesture_manifest(CONTENT)
    write(tmp_path / "b", said, CONTENT)
    told = json.decode((tmp_path / "b" / MANIFEST).read_bytes())
    assert told["kind"] == "gesture"
    assert told["sources"]["made-up"]["accuracy_answered"] == 0.9
    assert json.decode(json.encode(told), type=GestureManifest) == said
