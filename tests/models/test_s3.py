"""What holds for a store in a bucket alone: its server may be down, slow, closed or changed by others."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from socket import create_server

import pytest
from msgspec import json
from msgspec.structs import replace
from support.grounds import BucketGround
from support.s3 import SECRET, serving

from game.assignment import Alias
from models.bundle import MANIFEST, MODEL, Manifest, write
from models.errors import BundleError, StoreError, Unreachable
from models.objects import Objects
from models.prune import GRACE_S, prune
from models.store import BUNDLES, TABLE, Pin, Store, Table

Say = Callable[..., Manifest]
P, B, *_ = Alias


class Outage:
    """A server for one test that can be stopped and started again where it was."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self.port = self._running.enter_context(serving())

    def stop(self) -> None:
        self._running.close()

    def start(self) -> None:
        self._running.enter_context(serving(self.port))


@pytest.fixture
def outage() -> Iterator[Outage]:
    found = Outage()
    yield found
    found.stop()


def objects(bucket: BucketGround, endpoint: str, read_s: float = 5, pause_s: float = 0) -> Objects:
    return Objects(replace(bucket.place, endpoint=endpoint), read_s=read_s, pause_s=pause_s)


@pytest.fixture
def store(bucket: BucketGround, outage: Outage) -> Store:
    """Behind the server that can be stopped; what it reads is kept in `cache`."""
    return bucket.store(cache="cache", objects=objects(bucket, f"127.0.0.1:{outage.port}"))


@pytest.fixture
def pin(bucket: BucketGround, manifest: Say) -> Pin:
    """Production at generation 1, published by somebody else."""
    pin = bucket.store().put(manifest(b"one"), b"one")
    bucket.store().swap(0, {"brian": {P: pin}})
    return pin


def one_line(call: Callable[[], object], kind: type[Exception]) -> str:
    with pytest.raises(kind) as caught:
        call()
    assert "\n" not in str(caught.value) and SECRET not in str(caught.value)
    return str(caught.value)


def test_down_at_start_the_last_table_and_its_bundles_serve(
    store: Store, bucket: BucketGround, outage: Outage, pin: Pin, caplog: pytest.LogCaptureFixture
) -> None:
    table = store.table()
    assert store.bundle(pin).model == b"one"
    outage.stop()
    started = bucket.store(cache="cache", objects=objects(bucket, f"127.0.0.1:{outage.port}"))
    assert started.last_table() == table == Table(1, {"brian": {P: pin}})
    assert started.bundle(pin).model == b"one"
    said = [record.getMessage() for record in caplog.records if record.name.startswith("models")]
    assert len(said) == 1 and "Connection refused" in said[0] and "generation 1" in said[0]


@pytest.mark.parametrize("cached", [None, b"{"])
def test_down_at_start_with_nothing_kept_the_shipped_bundles_serve(
    cached: bytes | None, store: Store, outage: Outage, tmp_path: Path, shipped: Path, manifest: Say
) -> None:
    said = manifest(b"shipped")
    pin = Pin(said.version, write(shipped / BUNDLES / said.version, said, b"shipped"))
    (shipped / TABLE).write_bytes(json.encode(Table(0, {"brian": {P: pin}})))
    if cached is not None:
        (tmp_path / "cache").mkdir()
        (tmp_path / "cache" / TABLE).write_bytes(cached)
    outage.stop()
    assert store.last_table() == Table(0, {"brian": {P: pin}})
    assert store.bundle(pin).model == b"shipped"


def test_down_later_nothing_is_lost_and_what_changed_meanwhile_is_seen_after(
    store: Store, bucket: BucketGround, outage: Outage, pin: Pin, manifest: Say
) -> None:
    table, before = store.table(), store.stamp()
    outage.stop()
    assert store.last_table() == table
    down = store.stamp(), store.stamp(pin)
    assert down == (store.stamp(), store.stamp(pin)) and before not in down
    other = bucket.store().put(manifest(b"two"), b"two")
    bucket.store().swap(1, {"brian": {P: other}})
    assert "Connection refused" in one_line(lambda: store.bundle(other), BundleError)
    outage.start()
    assert (store.stamp(), store.stamp(other)) != down and store.stamp(other) != store.stamp()
    assert store.table().aliases == {"brian": {P: other}}
    assert store.bundle(other).model == b"two"


@pytest.mark.parametrize("what", ["table", "bundle"])
def test_a_read_that_failed_between_two_looks_is_made_again(what: str, store: Store, outage: Outage, pin: Pin) -> None:
    looks = store.stamp(), store.stamp(pin)
    outage.stop()
    if what == "table":
        store.last_table()
    else:
        one_line(lambda: store.bundle(pin), BundleError)
    outage.start()
    assert store.stamp() != looks[0]
    assert store.stamp(pin) != looks[1]


def test_down_nothing_can_be_written_or_decided_by_and_each_refusal_is_one_line(
    store: Store, outage: Outage, pin: Pin, manifest: Say
) -> None:
    outage.stop()
    assert "Connection refused" in one_line(lambda: store.put(manifest(b"two"), b"two"), BundleError)
    assert "Connection refused" in one_line(lambda: store.swap(1, {}), StoreError)
    assert "Connection refused" in one_line(store.kept, StoreError)
    assert "Connection refused" in one_line(store.table, StoreError)
    assert "Connection refused" in one_line(lambda: store.drop(1, [pin.version]), StoreError)


def test_nothing_is_pruned_by_a_table_from_the_cache(
    store: Store, bucket: BucketGround, outage: Outage, pin: Pin, manifest: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.table()
    promoted = bucket.store().put(manifest(b"two"), b"two")
    bucket.store().swap(1, {"brian": {P: promoted}})
    outage.stop()
    known = store.last_table()
    outage.start()
    monkeypatch.setattr(store, "table", lambda: known)
    with pytest.raises(StoreError, match="changed meanwhile"):
        prune(store, time.time() + GRACE_S + 60)
    assert bucket.store().bundle(promoted).model == b"two"


def test_a_slow_server_is_given_up_and_left_alone_for_a_while(bucket: BucketGround, pin: Pin) -> None:
    with create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        endpoint = f"127.0.0.1:{silent.getsockname()[1]}"
        slow = bucket.store(objects=objects(bucket, endpoint, read_s=0.1, pause_s=600))
        assert "timed out" in one_line(lambda: slow.swap(0, {}), Unreachable)
        silent.accept()[0].close()
        assert slow.last_table() == Table(0, {})
        assert "timed out" in one_line(lambda: slow.bundle(pin), BundleError)
        assert slow.stamp() == slow.stamp(pin) == ()
        with pytest.raises(BlockingIOError):  # nobody knocked again
            silent.accept()


@pytest.mark.parametrize("change", [{"bucket": "nowhere"}, {"prefix": "other"}])
def test_a_bucket_that_is_missing_is_told_and_a_prefix_without_objects_is_empty(
    change: dict[str, str], bucket: BucketGround, pin: Pin
) -> None:
    store = bucket.store(objects=Objects(replace(bucket.place, **change), pause_s=0))
    if "bucket" in change:
        assert "NoSuchBucket" in one_line(lambda: store.swap(0, {}), Unreachable)
    else:
        assert store.table() == Table(0, {}) and store.kept() == []


def test_of_two_that_read_the_same_table_the_later_changes_nothing(
    bucket: BucketGround, pin: Pin, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Objects(bucket.place)
    store, put_over = bucket.store(objects=late), late.put_over

    def overtaken(name: str, content: bytes, tag: str | None) -> bool:
        bucket.store().swap(1, {"brian": {B: pin}})
        return put_over(name, content, tag)

    monkeypatch.setattr(late, "put_over", overtaken)
    assert "changed meanwhile" in one_line(lambda: store.swap(1, {}), StoreError)
    assert store.table() == Table(2, {"brian": {B: pin}})


def test_a_condition_on_what_is_not_there_is_not_met(bucket: BucketGround) -> None:
    place = Objects(bucket.place)
    assert not place.put_over("a", b"1", "0" * 32)
    assert place.put_over("a", b"1", None) and not place.put_over("a", b"2", None)
    assert place.put_over("a", b"3", place.tag("a")) and bucket.read("a") == b"3"


def test_a_half_written_bundle_is_not_there_until_it_is_written_again(
    store: Store, bucket: BucketGround, manifest: Say
) -> None:
    said = manifest(b"two")
    bucket.write(f"{BUNDLES}/{said.version}/{MODEL}", b"tw")
    assert "not in the store" in one_line(lambda: store.bundle(Pin(said.version, "0" * 64)), BundleError)
    pin = store.put(said, b"two")
    assert store.bundle(pin).model == b"two"


def test_an_altered_object_is_refused_until_it_is_repaired(store: Store, bucket: BucketGround, pin: Pin) -> None:
    name = f"{BUNDLES}/{pin.version}/{MODEL}"
    bucket.write(name, b"two")
    look = store.stamp(pin)
    assert "does not match the digest" in one_line(lambda: store.bundle(pin), BundleError)
    assert store.stamp(pin) == look
    bucket.write(name, b"one")
    assert store.stamp(pin) != look
    assert store.bundle(pin).model == b"one"


@pytest.mark.parametrize("name", [MODEL, MANIFEST])
def test_an_altered_file_of_the_cache_is_fetched_again(name: str, store: Store, tmp_path: Path, pin: Pin) -> None:
    store.bundle(pin)
    file = tmp_path / "cache" / BUNDLES / pin.version / name
    whole = file.read_bytes()
    file.write_bytes(whole + b" ")
    assert store.bundle(pin).model == b"one"
    assert file.read_bytes() == whole


def test_the_cache_holds_what_the_table_names(store: Store, bucket: BucketGround, tmp_path: Path, pin: Pin) -> None:
    store.bundle(pin)
    bucket.store().swap(1, {"brian": {}})
    store.table()
    assert list((tmp_path / "cache" / BUNDLES).iterdir()) == []


def test_a_cache_that_cannot_be_written_is_told(store: Store, tmp_path: Path, pin: Pin) -> None:
    (tmp_path / "cache").write_bytes(b"a file")
    assert store.table().generation == 1
    assert "cannot be kept" in one_line(lambda: store.bundle(pin), BundleError)


def test_no_request_tells_of_the_credentials(
    bucket: BucketGround, manifest: Say, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store = bucket.store()
    store.swap(0, {"brian": {P: store.put(manifest(b"one"), b"one")}})
    told = [record.getMessage() for record in caplog.records if record.name.partition(".")[0] in ("urllib3", "models")]
    assert not [line for line in told if "X-Amz" in line or SECRET in line]
    assert SECRET not in repr(bucket.place) and SECRET not in f"{bucket.place}"


def test_an_object_over_the_limit_is_refused(store: Store, pin: Pin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.objects.MAX_MODEL", 2)
    assert "larger than 2 bytes" in one_line(lambda: store.bundle(pin), BundleError)


def test_an_answer_that_is_not_of_s3_is_told(bucket: BucketGround, pin: Pin) -> None:
    def answer(environ: object, start: Callable[[str, list[tuple[str, str]]], None]) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/html")])
        return [b"<p>Sign in"]

    with serving(app=answer) as port:
        store = bucket.store(objects=objects(bucket, f"127.0.0.1:{port}"))
        assert store.stamp(pin) == ()
        assert "cannot be used" in one_line(store.kept, Unreachable)
        assert "cannot be read" in one_line(store.table, StoreError)
        assert pin.version in one_line(lambda: store.bundle(pin), BundleError)
