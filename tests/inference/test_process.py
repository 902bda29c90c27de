"""The process as an operator meets it: started, killed, started again, stopped."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from game.ask import HEADER, greeting_decoder
from game.assignment import Alias
from models.bundle import Manifest
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
    assert (await reader.read()).endswith(version.encode())
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
