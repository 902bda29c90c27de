"""The process as an operator meets it: started, killed, started again, stopped."""

import asyncio
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from msgspec import json
from prometheus_client.parser import text_string_to_metric_families
from support.images import GREEN, picture
from support.pixels import put_pixels
from support.receiver import receiving

from game.ask import HEADER, Request, frame, greeting_decoder
from game.assignment import Alias
from game.codes import Code
from game.features import SIZE
from game.gestures import Label
from game.look import LookRequest, LookResponse, response_decoder, socket_for_images
from models.bundle import Manifest
from models.gesture_bundle import Family
from models.places import gestures_at
from models.store import FolderStore

ROOT = Path(__file__).parents[2]


class Sidecar:
    """A running process, whose lines are read as they come."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self, pattern: str) -> re.Match[str]:
        """Wait for a line of the log; fails where the process ends without it."""
        assert self.process.stderr is not None
        lines = []
        async for raw in self.process.stderr:
            lines.append(raw.decode())
            if found := re.search(pattern, lines[-1]):
                return found
        raise AssertionError(f"no line {pattern!r} in {lines}")

    async def url(self) -> str:
        return (await self.line(r"Ready in .* (http://\S+)/v2\.$")).group(1)

    async def end(self) -> tuple[int, str]:
        """The exit code and what is left of the log."""
        _, left = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, left.decode()


Start = Callable[..., Awaitable[Sidecar]]


@pytest.fixture
def data() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
async def start(data: Path) -> AsyncIterator[Start]:
    """Start a sidecar on `data` and a free port."""
    started: list[Sidecar] = []

    async def start(**variables: str) -> Sidecar:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("RPS_")}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "inference",
            cwd=ROOT,
            env={**kept, "RPS_DATA_DIR": str(data), "RPS_INFERENCE_PORT": "0", **variables},
            stderr=asyncio.subprocess.PIPE,
        )
        started.append(Sidecar(process))
        return started[-1]

    yield start
    for sidecar in started:
        if sidecar.process.returncode is None:
            sidecar.process.kill()
            await sidecar.process.communicate()


@pytest.fixture
def version(data: Path, onnx: Callable[..., bytes], manifest: Callable[..., Manifest]) -> str:
    """The only version in the store below `data`."""
    store, model = FolderStore(data / "store", data / "none"), onnx(1)
    pin = store.put(manifest(model), model)
    store.swap(0, {"brian": {Alias.PRODUCTION: pin}})
    return pin.version


async def served(data: Path) -> dict[str, dict[Alias, str]]:
    reader, writer = await asyncio.open_unix_connection(data / "inference.sock")
    body = await reader.readexactly(int.from_bytes(await reader.readexactly(HEADER)))
    writer.close()
    await writer.wait_closed()
    return greeting_decoder.decode(body).versions


async def test_a_killed_sidecar_starts_again_and_a_stopped_one_leaves_cleanly(
    start: Start, data: Path, version: str
) -> None:
    first = await start()
    url = await first.url()
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{url}/v2/health/ready")).json() == {"ready": True}
        assert (await client.get(f"{url}/v2/models/brian")).json()["versions"] == [version]
    first.process.kill()
    await first.end()
    assert (data / "inference.sock").is_socket()

    second = await start()
    await second.url()
    assert await served(data) == {"brian": {Alias.PRODUCTION: version}}
    second.process.terminate()
    code, log = await second.end()
    assert code == 0
    assert "Traceback" not in log
    assert not (data / "inference.sock").exists()


async def test_a_promotion_in_the_store_is_followed(
    start: Start, data: Path, version: str, onnx: Callable[..., bytes], manifest: Callable[..., Manifest]
) -> None:
    sidecar = await start()
    await sidecar.url()
    store, model = FolderStore(data / "store", data / "none"), onnx(2)
    pin = store.put(manifest(model), model)
    store.swap(1, {"brian": {Alias.PRODUCTION: pin}})
    await sidecar.line(f"brian.Production: {version} -> {pin.version}")
    assert await served(data) == {"brian": {Alias.PRODUCTION: pin.version}}


async def test_a_connected_peer_does_not_hold_up_the_stop(start: Start, data: Path, version: str) -> None:
    sidecar = await start()
    url = await sidecar.url()
    reader, writer = await asyncio.open_unix_connection(data / "inference.sock")
    async with httpx.AsyncClient() as client:
        await client.get(f"{url}/v2")
        sidecar.process.terminate()
        code, log = await sidecar.end()
    assert code == 0
    assert "Traceback" not in log
    greeting = greeting_decoder.decode((await reader.read())[HEADER:])  # and nothing after it
    assert greeting.versions == {"brian": {Alias.PRODUCTION: version}}
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"RPS_INFERENCE_PORT": "http"}, "A setting cannot be used"),
        ({"RPS_INFERENCE_PROT": "1"}, "did you mean RPS_INFERENCE_PORT"),
        ({"RPS_INFERENCE_HOST": "256.0.0.1"}, "cannot be used"),
        ({"RPS_INFERENCE_SOCKET": "/"}, "no socket"),
    ],
)
async def test_a_start_that_cannot_be_ends_with_one_line(variables: dict[str, str], reason: str, start: Start) -> None:
    code, log = await (await start(**variables)).end()
    assert code == 1
    assert reason in log
    assert len(log.splitlines()) == 1


async def test_two_sidecars_do_not_share_an_address(start: Start, data: Path, version: str) -> None:
    url = await (await start()).url()
    for variables in ({}, {"RPS_INFERENCE_PORT": url.rpartition(":")[2], "RPS_INFERENCE_SOCKET": str(data / "other")}):
        code, log = await (await start(**variables)).end()
        assert code == 1
        assert "another process listens" in log or "Address already in use" in log
        assert len(log.splitlines()) == 1
    assert await served(data) == {"brian": {Alias.PRODUCTION: version}}


async def test_a_sidecar_starts_without_its_object_store(start: Start, data: Path) -> None:
    sidecar = await start(RPS_STORE_URL="s3://me:hidden@127.0.0.1:1/bundles?secure=0", RPS_LOG_LEVEL="debug")
    told = (await sidecar.line("Going on with generation 0")).string
    assert "Connection refused" in told
    assert "hidden" not in told
    await sidecar.url()
    shipped = FolderStore(data / "none").table().aliases
    assert await served(data) == {
        family: {alias: pin.version for alias, pin in pins.items()} for family, pins in shipped.items()
    }
    sidecar.process.terminate()
    code, log = await sidecar.end()
    assert code == 0
    assert "cannot be used" not in log


class Seeing:
    """A connection to the images' socket of the sidecar on `data`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def look(self, image: bytes) -> LookResponse:
        self.writer.write(frame(LookRequest(1, time.monotonic() + 30, image)))
        return response_decoder.decode(
            await self.reader.readexactly(int.from_bytes(await self.reader.readexactly(HEADER)))
        )

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


async def seeing(data: Path) -> Seeing:
    return Seeing(*await asyncio.open_unix_connection(socket_for_images(data / "inference.sock")))


async def test_images_are_seen_on_a_socket_of_their_own_and_a_promotion_is_followed(
    start: Start, data: Path, version: str
) -> None:
    store = gestures_at(data / "store", "", shipped=data / "none")
    first, second = put_pixels(store), put_pixels(store, 2)
    store.swap(0, {Family.PIXELS: {Alias.PRODUCTION: first}})
    sidecar = await start()
    url = await sidecar.url()
    client = await seeing(data)
    look = (await client.look(picture(GREEN))).look
    assert look and (look.label, look.version) == (Label.PAPER, first.version)
    store.swap(1, {Family.PIXELS: {Alias.PRODUCTION: second, Alias.B: first}})
    await sidecar.line(f"gesture-pixels.Production: {first.version} -> {second.version}")
    look = (await client.look(picture(GREEN))).look
    assert look and look.version == second.version
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{url}/gestures/predict?alias=B", content=picture(GREEN))
        assert (answer.json()["label"], answer.json()["version"]) == ("paper", first.version)
        assert set((await http.get(f"{url}/gestures")).json()["aliases"]) == {"Production", "B"}
    assert await served(data) == {"brian": {Alias.PRODUCTION: version}}
    await client.close()


async def test_a_stop_leaves_no_socket_and_holds_nobody_up_whose_images_wait(
    start: Start, data: Path, version: str
) -> None:
    store = gestures_at(data / "store", "", shipped=data / "none")
    store.swap(0, {Family.PIXELS: {Alias.PRODUCTION: put_pixels(store)}})
    sidecar = await start()
    await sidecar.url()
    client = await seeing(data)
    image = picture(size=(2000, 1900))
    client.writer.write(b"".join(frame(LookRequest(id, time.monotonic() + 30, image)) for id in range(20)))
    await client.writer.drain()
    await client.reader.readexactly(HEADER)
    sidecar.process.terminate()
    code, log = await sidecar.end()
    assert code == 0
    assert "Traceback" not in log
    assert not list(data.glob("*.sock"))
    await client.close()


async def test_no_gesture_model_in_the_store_leaves_rounds_as_they_are(start: Start, data: Path, version: str) -> None:
    store = gestures_at(data / "store", "", shipped=data / "none")
    store.swap(0, {})
    sidecar = await start()
    await sidecar.url()
    client = await seeing(data)
    assert (await client.look(picture())).code is Code.GESTURES_OFF
    assert await served(data) == {"brian": {Alias.PRODUCTION: version}}
    await client.close()


async def answered(data: Path, *requests: Request) -> None:
    """Ask these on the socket, and wait for all answers."""
    reader, writer = await asyncio.open_unix_connection(data / "inference.sock")
    writer.write(b"".join(map(frame, requests)))
    for _ in range(len(requests) + 1):  # the greeting comes first
        await reader.readexactly(int.from_bytes(await reader.readexactly(HEADER)))
    writer.close()
    await writer.wait_closed()


def request(id: int, trace: str = "") -> Request:
    return Request(id, "brian", time.monotonic() + 30, bytes(SIZE), trace=trace)


async def test_the_page_of_metrics_tells_all_that_the_sidecar_did(start: Start, data: Path, version: str) -> None:
    store = gestures_at(data / "store", "", shipped=data / "none")
    store.swap(0, {Family.PIXELS: {Alias.PRODUCTION: put_pixels(store)}})
    url = await (await start()).url()
    await answered(data, *map(request, range(5)))
    client = await seeing(data)
    await client.look(picture(GREEN))
    await client.close()
    async with httpx.AsyncClient() as http:
        page = await http.get(f"{url}/metrics")
        assert (await http.get(f"{url}/v2/health/live")).json() == {"live": True}
    assert page.headers["content-type"].startswith("text/plain")
    families = {family.name: family for family in text_string_to_metric_families(page.text)}
    assert set(families) >= {
        "rps_inference_requests",
        "rps_inference_duration_seconds",
        "rps_inference_batch_size",
        "rps_inference_queue_depth",
        "rps_model_runs",
        "rps_model_run_time_seconds",
        "rps_looks",
        "rps_look_duration_seconds",
        "rps_model_info",
        "rps_model_age_seconds",
        "rps_store_looks",
        "rps_store_look_duration_seconds",
    }
    (requests,) = families["rps_inference_requests"].samples
    assert (requests.name, requests.value) == ("rps_inference_requests_total", 5)
    assert requests.labels.items() >= {"family": "brian", "result": "answered"}.items()
    assert {one.labels["version"] for one in families["rps_model_info"].samples if one.labels["family"] == "brian"} == {
        version
    }


async def test_what_is_told_reaches_a_receiver_before_the_sidecar_ends(start: Start, data: Path, version: str) -> None:
    trace, sender = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with receiving() as receiver:
        sidecar = await start(OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)
        await sidecar.url()
        await answered(data, request(1), request(2, f"00-{trace}-{sender}-01"))
        sidecar.process.terminate()
        code, log = await sidecar.end()
        assert (code, "Traceback" in log) == (0, False)
        assert receiver.value("inference", "rps.inference.requests", family="brian", result="answered") == 2
        predict, run = sorted(receiver.spans["inference"], key=lambda span: span.name)
    assert (predict.name, predict.trace_id.hex(), predict.parent_span_id.hex()) == ("predict", trace, sender)
    assert (run.name, run.parent_span_id) == ("run", predict.span_id)


async def test_lines_can_be_json(start: Start, data: Path, version: str) -> None:
    sidecar = await start(RPS_LOG_FORMAT="json")
    await sidecar.line("Ready in")
    sidecar.process.terminate()
    code, log = await sidecar.end()
    assert code == 0
    lines = [json.decode(line) for line in log.splitlines()]
    assert [(line["message"], line["level"], line["service"]) for line in lines] == [("Stopped.", "INFO", "inference")]


async def test_a_sidecar_without_telemetry_answers_all_the_same(start: Start, data: Path, version: str) -> None:
    url = await (await start(OTEL_SDK_DISABLED="true")).url()
    await answered(data, request(1, f"00-{1:032x}-{1:016x}-01"))
    async with httpx.AsyncClient() as http:
        page = await http.get(f"{url}/metrics")
    assert (page.status_code, page.text) == (200, "")
