"""Real Unix sockets with many requests under way."""

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path
from stat import S_IMODE

import numpy as np
import pytest

from game.ask import (
    HEADER,
    MAX_FRAME,
    UNASKED,
    Frames,
    Greeting,
    Request,
    Response,
    frame,
    greeting_decoder,
    response_decoder,
)
from game.assignment import Alias
from game.features import CONTRACT, SIZE
from game.opponents import Opponent
from inference.follow import Follower
from inference.protocol import Listener
from inference.shelf import Window
from models.store import FolderStore, Pin

FEATURES = np.random.default_rng(1).random(SIZE // 4, np.float32).tobytes()


class Client:
    """A match server's side of the socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._frames = Frames()
        self._bodies: list[bytes] = []

    async def body(self) -> bytes | None:
        """The next frame's body; None where the sidecar closed."""
        while not self._bodies:
            data = await self._reader.read(65536)
            if not data:
                return None
            self._bodies = self._frames.feed(data)
        return self._bodies.pop(0)

    async def greeting(self) -> Greeting:
        body = await self.body()
        assert body is not None
        return greeting_decoder.decode(body)

    async def response(self) -> Response:
        body = await self.body()
        assert body is not None
        return response_decoder.decode(body)

    def send(self, *requests: Request) -> None:
        self.writer.write(b"".join(map(frame, requests)))

    async def ask(self, id: int, family: str = "brian") -> Response:
        self.send(request(id, family))
        return await self.response()

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


def request(id: int, family: str = "brian", seconds: float = 60) -> Request:
    return Request(id, family, time.monotonic() + seconds, FEATURES)


async def connect(path: Path) -> Client:
    return Client(*await asyncio.open_unix_connection(path))


async def test_the_sidecar_greets_with_what_it_holds(listener: tuple[Path, Listener], stocked: FolderStore) -> None:
    client = await connect(listener[0])
    greeting = await client.greeting()
    assert greeting.contract == CONTRACT
    assert greeting.versions == {
        family: {alias: pin.version for alias, pin in pins.items()} for family, pins in stocked.table().aliases.items()
    }
    await client.close()


async def test_only_this_user_may_connect(listener: tuple[Path, Listener]) -> None:
    assert S_IMODE(listener[0].stat().st_mode) == 0o600


async def test_many_requests_of_several_connections_are_all_answered(listener: tuple[Path, Listener]) -> None:
    clients = [await connect(listener[0]) for _ in range(3)]
    for client in clients:
        await client.greeting()
        client.send(*(request(id, ("brian", "forrest", "logan")[id % 3]) for id in range(200)))
    for client in clients:
        responses = [await client.response() for _ in range(200)]
        assert {one.id for one in responses} == set(range(200))
        assert all(one.error is None and len(one.predictions) == 4 for one in responses)
        await client.close()


async def test_a_late_request_is_told_so(listener: tuple[Path, Listener]) -> None:
    client = await connect(listener[0])
    await client.greeting()
    client.send(request(1, seconds=-1), request(2))
    assert (await client.response()).error == "late"
    assert (await client.response()).error is None
    await client.close()


@pytest.mark.parametrize(
    "bad",
    [
        (MAX_FRAME + 1).to_bytes(HEADER),
        (3).to_bytes(HEADER) + b"\xc1\xc1\xc1",
        (0).to_bytes(HEADER),
        b"GET / HTTP/1.1\r\n\r\n",
        (2).to_bytes(HEADER) + b"\x91\x01",
    ],
    ids=["too large", "not msgpack", "empty", "another protocol", "not a request"],
)
async def test_a_bad_frame_closes_its_own_connection_only(
    bad: bytes, listener: tuple[Path, Listener], caplog: pytest.LogCaptureFixture
) -> None:
    offender, other = await connect(listener[0]), await connect(listener[0])
    await offender.greeting()
    await other.greeting()
    offender.writer.write(bad)
    assert await offender.body() is None
    assert (await other.ask(1)).error is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    await offender.close()
    await other.close()


async def test_a_swap_under_load_drops_nothing_and_mixes_nothing(
    listener: tuple[Path, Listener],
    follower: Follower,
    stocked: FolderStore,
    window: Window,
    put: Callable[..., Pin],
) -> None:
    old = stocked.table().aliases
    new = {**old, "brian": {alias: put(100 + place) for place, alias in enumerate(Alias)}}
    wholes = [{alias: pin.version for alias, pin in aliases["brian"].items()} for aliases in (old, new)]
    started, swapped = asyncio.Event(), asyncio.Event()
    seen: list[dict[Alias, str]] = []

    async def load() -> None:
        client = await connect(listener[0])
        await client.greeting()
        after = 0
        while after < 20:
            ids = range(len(seen), len(seen) + 16)
            client.send(*map(request, ids))
            responses = [await client.response() for _ in ids]
            assert [one.id for one in responses] == list(ids)
            seen.extend({alias: one.version for alias, one in each.predictions.items()} for each in responses)
            started.set()
            after += swapped.is_set()
        await client.close()

    async def swap() -> None:
        await started.wait()
        stocked.swap(1, new)
        await follower.look()
        swapped.set()

    await asyncio.gather(load(), swap())
    places = [wholes.index(versions) for versions in seen]
    assert places == sorted(places)
    assert set(places) == {0, 1}


async def test_a_new_connection_is_greeted_with_the_new_shelf(
    listener: tuple[Path, Listener], follower: Follower, stocked: FolderStore, put: Callable[..., Pin]
) -> None:
    pin = put(100)
    stocked.swap(1, {"brian": {Alias.PRODUCTION: pin}})
    await follower.look()
    client = await connect(listener[0])
    assert (await client.greeting()).versions == {"brian": {Alias.PRODUCTION: pin.version}}
    await client.close()


async def test_all_who_are_connected_are_told_of_a_swap_without_asking(
    listener: tuple[Path, Listener], window: Window, follower: Follower, stocked: FolderStore, put: Callable[..., Pin]
) -> None:
    path, serving = listener
    follower.herald = lambda shelf: serving.tell(Response(UNASKED, {}, greeting=shelf.greeting()))
    peers = [await connect(path), await connect(path)]
    before = [await peer.greeting() for peer in peers]
    pin = put(100, opponent=Opponent("Brianna", "His sister."))
    stocked.swap(1, {"brian": {Alias.PRODUCTION: pin}})
    await follower.look()
    for peer in peers:
        told = await peer.response()
        assert (told.id, told.greeting) == (UNASKED, window.shelf.greeting())
        assert told.greeting is not None and told.greeting.versions == {"brian": {Alias.PRODUCTION: pin.version}}
        assert told.greeting.opponents == {"brian": Opponent("Brianna", "His sister.")}
        assert (await peer.ask(1)).id == 1
        await peer.close()
    assert [one.opponents for one in before] == [{}, {}]


async def test_a_peer_that_reads_late_still_gets_every_answer(listener: tuple[Path, Listener]) -> None:
    client, count = await connect(listener[0]), 6000
    await client.greeting()
    client.send(*map(request, range(count)))
    other = await connect(listener[0])
    await other.greeting()
    assert (await other.ask(1)).id == 1
    responses = [await client.response() for _ in range(count)]
    assert {one.id for one in responses} == set(range(count))
    assert {one.error for one in responses} <= {None, "overloaded"}
    await client.close()
    await other.close()


async def test_closing_answers_what_was_asked(listener: tuple[Path, Listener]) -> None:
    path, serving = listener
    client = await connect(path)
    await client.greeting()
    first = await client.ask(0)
    client.send(*map(request, range(1, 300)))
    responses = [await client.response()]
    closing = asyncio.create_task(serving.close())
    while body := await client.body():
        responses.append(response_decoder.decode(body))
    await closing
    ids = [one.id for one in responses]
    assert first.error is None
    assert ids == list(range(1, len(ids) + 1))
    assert all(one.error is None for one in responses)
    with pytest.raises(ConnectionRefusedError):
        await connect(path)
    await client.close()


async def test_a_peer_that_takes_no_answers_does_not_hold_up_the_closing(
    listener: tuple[Path, Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.protocol.CLOSING", 0.01)
    path, serving = listener
    other = await connect(path)
    await other.greeting()
    with socket.socket(socket.AF_UNIX) as stuck:
        stuck.connect(str(path))
        stuck.setblocking(False)
        asked = b"".join(map(frame, map(request, range(64))))
        with pytest.raises(BlockingIOError):  # it reads nothing, so in the end nothing is read from it
            while stuck.send(asked) == len(asked):
                assert (await other.ask(1)).error is None
            stuck.send(asked)
        await serving.close()
    assert await other.body() is None
    await other.close()
