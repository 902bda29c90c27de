"""A NATS server of the test's own, which may be killed and started again; and a look into a stream from outside."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import which
from subprocess import DEVNULL, Popen

import nats
import pytest
from nats.aio.client import Client

needs_nats_server = pytest.mark.skipif(which("nats-server") is None, reason="needs Debian's package nats-server")


class OwnNats:
    """`nats-server` over a folder, on a port that stays the same."""

    def __init__(self, folder: Path, jetstream: bool = True) -> None:
        self._folder = folder
        self._jetstream = jetstream
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self._port = one.getsockname()[1]
        self._process: Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    async def start(self) -> None:
        words = ["nats-server", "-a", "127.0.0.1", "-p", str(self._port)]
        words += ["-js", "-sd", str(self._folder)] if self._jetstream else []
        self._process = Popen(words, stdout=DEVNULL, stderr=DEVNULL)  # noqa: ASYNC220  # it is there at once
        async with asyncio.timeout(120):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    return

    def pause(self) -> None:
        """It keeps its connections and does nothing, until it is woken."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """As a loss of power would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@asynccontextmanager
async def own_nats(folder: Path, jetstream: bool = True) -> AsyncIterator[OwnNats]:
    """A NATS server that is started by the test and ended with it."""
    server = OwnNats(folder, jetstream)
    try:
        yield server
    finally:
        server.kill()


@asynccontextmanager
async def outsider(url: str) -> AsyncIterator[Client]:
    """Somebody else's connection."""
    client = await nats.connect(url)
    try:
        yield client
    finally:
        await client.close()
