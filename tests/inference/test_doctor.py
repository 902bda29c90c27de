"""The sidecar's doctor: over what was shipped, over a store, and over what is broken."""

import asyncio
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from minio import Minio
from msgspec import json
from support import s3

from bench.system import System, free_port
from game.assignment import Alias
from inference import doctor
from inference.looks import models, places
from inference.settings import Settings
from models import bundle
from models.hands.fetch import FETCHED, complete
from models.places import place as place_at
from models.places import store_at
from models.store import SHIPPED, FolderStore, Pin
from telemetry import ports
from telemetry.doctor import Outcome

KEY = "a key for these tests alone"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine may be busy."""
    monkeypatch.setattr("telemetry.doctor.PATIENCE_S", 120.0)


def seen(capsys: pytest.CaptureFixture[str], **variables: object) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit status and the checks by name."""
    status = doctor.main({f"RPS_{name.upper()}": str(text) for name, text in variables.items()}, as_json=True)
    return status, {check["name"]: check for check in json.decode(capsys.readouterr().out)["checks"]}


def test_before_the_first_start_nothing_fails_and_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "var"
    status, checks = seen(capsys, data_dir=data, inference_port=0)
    assert status == 0 and not data.exists()
    assert "16 models of 4 families" in checks["models"]["found"]
    assert "2 gesture models" in checks["gestures"]["found"]
    assert "ONNX Runtime" in checks["runtimes"]["found"]


async def test_beside_a_running_sidecar_all_is_well(system: System) -> None:
    settings = Settings(data_dir=str(system.folder), inference_port=int(system.environment["RPS_INFERENCE_PORT"]))
    assert "answers there" in (await asyncio.to_thread(places.port, settings)).text
    assert "a process listens" in (await asyncio.to_thread(places.sockets, settings)).text


def test_whoever_answers_otherwise_is_somebody_else() -> None:
    for body in (b"", b"[]", b'{"name": "triton"}'):
        assert places._ours(ports.Answer(200, body)) is None
    assert places.port(Settings(inference_port=free_port())).outcome is Outcome.OK


def test_a_socket_is_free_or_left_or_no_socket_or_too_long(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    settings = Settings(inference_socket=str(path))
    assert "is free" in places.sockets(settings).text and not path.exists()
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))
    assert "the next start removes it" in places.sockets(settings).text and path.exists()
    path.unlink()
    path.write_text("")
    assert places.sockets(settings).outcome is Outcome.FAILED
    long = places.sockets(Settings(inference_socket=str(tmp_path / ("s" * 107))))
    assert long.outcome is Outcome.FAILED and "shorter" in long.mend


def test_the_images_socket_is_looked_at_too(tmp_path: Path) -> None:
    (tmp_path / "s-images.sock").write_text("")
    found = places.sockets(Settings(inference_socket=str(tmp_path / "s.sock")))
    assert found.outcome is Outcome.FAILED and "s-images.sock" in found.text


@pytest.fixture
def kept(tmp_path: Path) -> Callable[[str], tuple[Settings, Pin]]:
    """Settings over a store with one of the shipped bundles as Logan's Production, signed with this key."""

    def keep(key: str) -> tuple[Settings, Pin]:
        shipped = FolderStore(SHIPPED)
        pins = shipped.table().aliases["logan"]
        found = shipped.bundle(pins[Alias.PRODUCTION])
        store = FolderStore(tmp_path / "store", key=key.encode())
        pin = store.put(found.manifest, found.model)
        store.swap(0, {"logan": {Alias.PRODUCTION: pin}})
        return Settings(data_dir=str(tmp_path), bundle_key=key), pin

    return keep


def test_a_store_is_loaded_as_the_sidecar_does(kept: Callable[[str], tuple[Settings, Pin]]) -> None:
    settings, _ = kept(KEY)
    assert "generation 1, only signed bundles" in models.store(settings).text
    assert models.models(settings).text == "1 models of 1 families (generation 1), all answer"


@pytest.mark.parametrize("key", ["", KEY])
def test_a_bundle_that_was_changed_or_is_not_signed_is_named(
    kept: Callable[[str], tuple[Settings, Pin]], tmp_path: Path, key: str
) -> None:
    settings, pin = kept(key)
    folder = tmp_path / "store" / "bundles" / pin.version
    if key:
        (folder / "signature.txt").unlink()
        shutil.rmtree(tmp_path / "none", ignore_errors=True)
    else:
        (folder / "model.onnx").write_bytes(b"something else")
    found = models.models(settings)
    assert found.outcome is Outcome.FAILED and found.text.startswith(f"logan.Production: Bundle {pin.version}")
    assert "rollback" in found.mend and KEY not in found.text


def test_aliases_that_cannot_be_read_are_a_failure(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "aliases.json").write_text("no table")
    settings = Settings(data_dir=str(tmp_path))
    assert models.store(settings).outcome is Outcome.FAILED
    assert models.models(settings).outcome is Outcome.FAILED


def test_a_bucket_that_does_not_answer_is_a_failure_and_leaves_no_cache(tmp_path: Path) -> None:
    url = f"s3://ACCESS:secret@127.0.0.1:{free_port()}/bucket?secure=0"
    settings = Settings(data_dir=str(tmp_path / "var"), store_url=url)
    for found in (models.store(settings), models.models(settings), models.gestures(settings)):
        assert found.outcome is Outcome.FAILED and "secret" not in found.text + found.mend
    assert list(tmp_path.iterdir()) == []


def test_of_a_bucket_that_answers_nothing_is_left_here_either(
    kept: Callable[[str], tuple[Settings, Pin]], tmp_path: Path
) -> None:
    """Not even in the folder where a sidecar keeps what it has read of a bucket."""
    _, pin = kept("")
    bundle_ = FolderStore(tmp_path / "store").bundle(pin)
    with s3.serving() as port:
        url = f"s3://{s3.ACCESS}:{quote(s3.SECRET, safe='')}@127.0.0.1:{port}/bucket?secure=0"
        client = Minio(
            f"127.0.0.1:{port}", access_key=s3.ACCESS, secret_key=s3.SECRET, secure=False, region="us-east-1"
        )
        client.make_bucket(bucket_name="bucket")
        store = store_at(place_at(url, ""), str(tmp_path / "publisher"))
        store.put(bundle_.manifest, bundle_.model)
        store.swap(0, {"logan": {Alias.PRODUCTION: pin}})
        looking = Settings(data_dir=str(tmp_path / "var"), store_url=url)
        assert "generation 1" in models.store(looking).text
        assert models.models(looking).text == "1 models of 1 families (generation 1), all answer"
    assert not (tmp_path / "var").exists()


def test_a_shipped_bundle_that_was_changed_is_named(tmp_path: Path) -> None:
    assert models.shipped().outcome is Outcome.OK
    shutil.copytree(SHIPPED, tmp_path / "shipped")
    places_ = ((tmp_path / "shipped", bundle.read),)
    assert models.shipped(places_).text == "16 bundles are whole"
    harmed = next((tmp_path / "shipped" / "bundles").iterdir())
    (harmed / "model.onnx").write_bytes(b"")
    found = models.shipped(places_)
    assert found.outcome is Outcome.FAILED and harmed.name in found.text and "git checkout" in found.mend
    assert models.shipped(((tmp_path, bundle.read),)).outcome is Outcome.FAILED


@pytest.mark.skipif(not complete(), reason="needs the hand networks: python -m models.hands.fetch")
def test_the_hand_networks_are_fetched_or_how_to_is_said(tmp_path: Path) -> None:
    assert models.hands().outcome is Outcome.OK
    assert models.hands(tmp_path / "none").mend == "python -m models.hands.fetch"
    shutil.copytree(FETCHED, tmp_path / "some")
    (tmp_path / "some" / "LICENSE").write_text("another")
    assert models.hands(tmp_path / "some").outcome is Outcome.WARNING
