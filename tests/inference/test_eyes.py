"""The images' socket, with real connections."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE
from tempfile import TemporaryDirectory

import pytest
from support.images import BLUE, RED, picture

from game.ask import HEADER, Frames, frame
from game.codes import Code
from game.gestures import Label
from game.look import MAX_LOOK_FRAME, MAX_UPLOAD, LookRequest, LookResponse, response_decoder
from inference.eyes import listen_for_images
from inference.lookout import LINE, Lookout
from inference.places import bind_unix
from inference.protocol import Listener
from inference.sights import GestureFollower, GestureWindow, Sights


class Client:
    """A match server's side of the socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._frames = Frames(MAX_LOOK_FRAME)
        self._bodies: list[bytes] = []

    async def response(self) -> LookResponse | None:
        """The next response; None where the sidecar closed."""
        while not self._bodies:
            data = await self._reader.read(65536)
            if not data:
                return None
            self._bodies = self._frames.feed(data)
        return response_decoder.decode(self._bodies.pop(0))

    def send(self, *requests: LookRequest) -> None:
        self.writer.write(b"".join(map(frame, requests)))

    async def ask(self, image: bytes, stream: str = "") -> LookResponse:
        self.send(request(0, image, stream))
        response = await self.response()
        assert response is not None
        return response

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


def request(id: int, image: bytes = b"", stream: str = "", seconds: float = 60) -> LookRequest:
    return LookRequest(id, time.monotonic() + seconds, image or picture(), stream)


async def connect(path: Path) -> Client:
    return Client(*await asyncio.open_unix_connection(path))


@pytest.fixture
async def lookout(gesture_window: GestureWindow, gesture_follower: GestureFollower) -> Lookout:
    return Lookout(Sights(gesture_window, None))


@pytest.fixture
async def listener(lookout: Lookout) -> AsyncIterator[tuple[Path, Listener]]:
    """The socket's path (short, as socket paths must be), nobody at work behind it yet."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        listener = await listen_for_images(bind_unix(path), lookout)
        yield path, listener
        await listener.close()


@pytest.fixture
async def socket(listener: tuple[Path, Listener], lookout: Lookout) -> AsyncIterator[Path]:
    """The same, somebody at work."""
    task = asyncio.create_task(lookout.work())
    yield listener[0]
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_nothing_is_said_before_a_question_and_only_this_user_may_ask(socket: Path) -> None:
    client = await connect(socket)
    response = await client.ask(picture(RED))
    assert response.look and response.look.label is Label.ROCK
    assert S_IMODE(socket.stat().st_mode) == 0o600
    await client.close()


async def test_many_images_of_several_connections_are_all_answered(socket: Path) -> None:
    clients = [await connect(socket) for _ in range(3)]
    for client in clients:
        client.send(*(request(id) for id in range(10)))
    for client in clients:
        responses = [await client.response() for _ in range(10)]
        assert [one.id for one in responses if one and one.look] == list(range(10))
        await client.close()


async def test_the_largest_upload_is_answered(socket: Path) -> None:
    client, image = await connect(socket), picture(BLUE)
    response = await client.ask(image + bytes(MAX_UPLOAD - len(image)))
    assert response.look and response.look.label is Label.SCISSORS
    response = await client.ask(image + bytes(MAX_UPLOAD - len(image) + 1))
    assert response.code is Code.TOO_LARGE
    await client.close()


async def test_a_bad_image_leaves_its_connection_open(socket: Path) -> None:
    client = await connect(socket)
    for image, code in [(b"GIF89a" + bytes(99), Code.BAD_IMAGE), (picture(size=(4000, 4000)), Code.TOO_LARGE)]:
        assert (await client.ask(image)).code is code
    assert (await client.ask(picture())).look
    await client.close()


@pytest.mark.parametrize(
    "bad",
    [
        (MAX_LOOK_FRAME + 1).to_bytes(HEADER),
        (3).to_bytes(HEADER) + b"\xc1\xc1\xc1",
        b"GET / HTTP/1.1\r\n\r\n",
        (2).to_bytes(HEADER) + b"\x91\x01",
    ],
    ids=["too large", "not msgpack", "another protocol", "not a request"],
)
async def test_a_bad_frame_closes_its_own_connection_only(
    bad: bytes, socket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    offender, other = await connect(socket), await connect(socket)
    offender.writer.write(bad)
    assert await offender.response() is None
    assert (await other.ask(picture())).look
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    await offender.close()
    await other.close()


async def test_who_closes_is_dropped_and_the_others_are_answered(socket: Path, lookout: Lookout) -> None:
    gone, other = await connect(socket), await connect(socket)
    gone.send(*(request(id) for id in range(LINE - 1)))
    await gone.writer.drain()
    gone.writer.transport.abort()
    assert (await other.ask(picture())).look
    assert (await other.ask(picture())).look
    await other.close()
    await gone.close()


async def test_closing_answers_or_drops_what_waits_and_lets_everybody_go(
    listener: tuple[Path, Listener],
) -> None:
    path, serving = listener
    client = await connect(path)
    client.send(*(request(id, stream=str(id % 2)) for id in range(5)))
    first = [await client.response() for _ in range(3)]
    assert [one.id for one in first if one and one.code is Code.SLOW_DOWN] == [0, 1, 2]
    await serving.close()
    last = [await client.response() for _ in range(3)]
    assert [one.id for one in last[:2] if one and one.code is Code.SLOW_DOWN] == [4, 3]
    assert last[2] is None
    with pytest.raises(ConnectionRefusedError):
        await connect(path)
    await client.close()
