"""The way to the sidecar's eyes: a look or a refusal in time, whatever the sidecar does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from support.accepting import accepting
from support.house import look

from game.ask import Frames, frame
from game.codes import Code
from game.gestures import Label, Look
from game.look import MAX_LOOK_FRAME, MAX_UPLOAD, LookRequest, LookResponse, request_decoder
from server.errors import Refusal
from server.eyes import MAX_UNSENT, SILENCES, SidecarEyes

SHORT, LONG = 0.04, 5.0
FOUND = look(Label.SCISSORS)

Handle = Callable[[LookRequest], Awaitable[LookResponse | bytes | None]]


async def answers(request: LookRequest) -> LookResponse:
    return LookResponse(request.id, FOUND)


async def silent(request: LookRequest) -> None:
    return None


@asynccontextmanager
async def sidecar(path: Path, handle: Handle) -> AsyncIterator[list[LookRequest]]:
    """A scripted peer on the socket; yields what it was asked."""
    asked: list[LookRequest] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = Frames(MAX_LOOK_FRAME)
        while data := await reader.read(65536):
            for body in frames.feed(data):
                asked.append(request_decoder.decode(body))
                said = await handle(asked[-1])
                if said is not None:
                    writer.write(said if isinstance(said, bytes) else frame(said))

    async with accepting(lambda carried: asyncio.start_unix_server(carried, path), talk):
        try:
            yield asked
        finally:
            path.unlink(missing_ok=True)


@pytest.fixture
async def eyes(tmp_path: Path) -> AsyncIterator[SidecarEyes]:
    eyes = SidecarEyes(tmp_path / "images.sock")
    running = asyncio.create_task(eyes.run())
    yield eyes
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def connected(eyes: SidecarEyes) -> None:
    while not eyes.connected:
        await asyncio.sleep(0.005)


async def refused(eyes: SidecarEyes, patience: float = LONG, image: bytes = b"image") -> Refusal:
    with pytest.raises(Refusal) as caught:
        await eyes.look(image, patience)
    return caught.value


async def test_a_look_comes_back_to_who_asked(eyes: SidecarEyes, tmp_path: Path) -> None:
    held: list[LookRequest] = []

    async def backwards(request: LookRequest) -> bytes | None:
        held.append(request)
        if len(held) < 3:
            return None
        return b"".join(frame(LookResponse(each.id, look(Label(each.image.decode())))) for each in reversed(held))

    async with sidecar(tmp_path / "images.sock", backwards) as asked:
        await connected(eyes)
        labels = [Label.ROCK, Label.PAPER, Label.NONE]
        looks: list[Look] = await asyncio.gather(*(eyes.look(each.encode(), LONG, f"s-{each}") for each in labels))
        assert [each.label for each in looks] == labels
        assert [request.stream for request in asked] == [f"s-{each}" for each in labels]


async def test_who_asks_is_told_where_that_is_traced(eyes: SidecarEyes, tmp_path: Path) -> None:
    async with sidecar(tmp_path / "images.sock", answers) as asked:
        await connected(eyes)
        traceparent = f"00-{1:032x}-{2:016x}-01"
        await eyes.look(b"image", LONG, trace=traceparent)
        await eyes.look(b"image", LONG)
        assert [request.trace for request in asked] == [traceparent, ""]


async def test_the_largest_image_passes_whole(eyes: SidecarEyes, tmp_path: Path) -> None:
    async with sidecar(tmp_path / "images.sock", answers) as asked:
        await connected(eyes)
        image = bytes(range(256)) * (MAX_UPLOAD // 256)
        assert await eyes.look(image, LONG) == FOUND
        assert asked[0].image == image


@pytest.mark.parametrize("code", [Code.BAD_IMAGE, Code.TOO_LARGE, Code.SLOW_DOWN, Code.GESTURES_OFF])
async def test_what_the_sidecar_refuses_is_refused(eyes: SidecarEyes, tmp_path: Path, code: Code) -> None:
    async def refuses(request: LookRequest) -> LookResponse:
        return LookResponse(request.id, None, code, "For this reason.")

    async with sidecar(tmp_path / "images.sock", refuses):
        await connected(eyes)
        refusal = await refused(eyes)
        assert (refusal.code, str(refusal)) == (code, "For this reason.")
        assert (refusal.retry_after_ms is not None) is (code is Code.SLOW_DOWN)


async def test_without_a_sidecar_there_are_no_gestures(eyes: SidecarEyes) -> None:
    assert (await refused(eyes)).code is Code.GESTURES_OFF


async def test_a_silent_sidecar_is_not_waited_for_and_in_the_end_called_anew(eyes: SidecarEyes, tmp_path: Path) -> None:
    async with sidecar(tmp_path / "images.sock", silent):
        await connected(eyes)
        line = eyes.line
        for _ in range(SILENCES):
            assert (await refused(eyes, SHORT)).code is Code.SLOW_DOWN
        while eyes.line is line:
            await asyncio.sleep(0.005)
    async with sidecar(tmp_path / "images.sock", answers):
        while not eyes.connected or eyes.line is line:
            await asyncio.sleep(0.005)
        assert await eyes.look(b"image", LONG) == FOUND


async def test_what_is_not_taken_is_bounded(eyes: SidecarEyes, tmp_path: Path) -> None:
    reading = asyncio.Event()

    async def stuck(request: LookRequest) -> LookResponse:
        await reading.wait()
        return LookResponse(request.id, FOUND)

    async with sidecar(tmp_path / "images.sock", stuck):
        await connected(eyes)
        first, second = (asyncio.create_task(eyes.look(bytes(MAX_UPLOAD), LONG)) for _ in range(2))
        while eyes.line is None or eyes.line.unsent <= MAX_UNSENT:
            await asyncio.sleep(0.005)
        assert (await refused(eyes)).code is Code.SLOW_DOWN
        reading.set()
        assert await first == await second == FOUND


async def test_a_sidecar_that_dies_fails_what_was_asked_and_is_found_again(eyes: SidecarEyes, tmp_path: Path) -> None:
    async def dies(request: LookRequest) -> bytes:
        return (2**31).to_bytes(4)

    async with sidecar(tmp_path / "images.sock", dies):
        await connected(eyes)
        assert (await refused(eyes)).code is Code.GESTURES_OFF
    async with sidecar(tmp_path / "images.sock", answers):
        await connected(eyes)
        assert await eyes.look(b"image", LONG) == FOUND


async def test_however_many_looks_are_open_one_alarm_is_set(
    eyes: SidecarEyes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, alarms = asyncio.get_running_loop(), list[asyncio.TimerHandle]()
    real = loop.call_later

    def call_later(delay: float, callback: Callable[..., object], *more: object) -> asyncio.TimerHandle:
        handle = real(delay, callback, *more)
        if eyes.line is not None and callback == eyes.line._expire:
            alarms.append(handle)
        return handle

    async with sidecar(tmp_path / "images.sock", silent):
        await connected(eyes)
        monkeypatch.setattr(loop, "call_later", call_later)
        looks = [asyncio.create_task(eyes.look(b"image", LONG - number / 100)) for number in range(20)]
        await asyncio.sleep(0)
        assert len(alarms) == 20
        assert [alarm for alarm in alarms if not alarm.cancelled()] == alarms[-1:]
        for each in looks:
            each.cancel()
        await asyncio.gather(*looks, return_exceptions=True)


async def test_a_short_patience_ends_before_a_long_one(eyes: SidecarEyes, tmp_path: Path) -> None:
    async with sidecar(tmp_path / "images.sock", silent):
        await connected(eyes)
        long = asyncio.create_task(eyes.look(b"image", LONG))
        await asyncio.sleep(0)
        assert (await refused(eyes, SHORT)).code is Code.SLOW_DOWN
        assert not long.done()
        long.cancel()
        assert await asyncio.gather(long, return_exceptions=True)
