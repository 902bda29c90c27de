"""The way to the sidecar: an answer or a reason in time, whatever the sidecar does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from support.accepting import accepting

from game import ask
from game.assignment import Alias
from game.features import CONTRACT
from game.opponents import Opponent
from game.records import Prediction
from server.oracle import SILENCES, SidecarOracle
from server.ports import Unanswered

TIMEOUT = 0.04
BAYLEY = {"bayley": Opponent("Bayley", "Adds up hints.")}
FOUND = {Alias.PRODUCTION: Prediction("v1", (0.2, 0.3, 0.5))}

Handle = Callable[[ask.Request], Awaitable[ask.Response | bytes | None]]


async def answers(request: ask.Request) -> ask.Response:
    return ask.Response(request.id, FOUND)


async def silent(request: ask.Request) -> None:
    return None


@asynccontextmanager
async def sidecar(path: Path, handle: Handle, contract: str = CONTRACT) -> AsyncIterator[list[ask.Request]]:
    """A scripted peer on the socket; yields what it was asked."""
    asked: list[ask.Request] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ask.frame(ask.Greeting(contract, {})))
        frames = ask.Frames()
        while data := await reader.read(65536):
            for body in frames.feed(data):
                request = ask.request_decoder.decode(body)
                asked.append(request)
                said = await handle(request)
                if said is not None:
                    writer.write(said if isinstance(said, bytes) else ask.frame(said))

    async with accepting(lambda carried: asyncio.start_unix_server(carried, path), talk):
        try:
            yield asked
        finally:
            path.unlink(missing_ok=True)


@pytest.fixture
async def oracle(tmp_path: Path) -> AsyncIterator[SidecarOracle]:
    oracle = SidecarOracle(tmp_path / "s.sock", TIMEOUT)
    running = asyncio.create_task(oracle.run())
    yield oracle
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def until_connected(oracle: SidecarOracle, connected: bool = True) -> None:
    async with asyncio.timeout(120):
        while oracle.connected is not connected:
            await asyncio.sleep(0.005)


async def test_who_else_can_be_played_is_heard_at_any_time_and_not_forgotten(
    oracle: SidecarOracle, tmp_path: Path
) -> None:
    async def changes(request: ask.Request) -> bytes:
        greeting = ask.Greeting(CONTRACT, {}, BAYLEY)
        return ask.frame(ask.Response(ask.UNASKED, {}, greeting=greeting)) + ask.frame(await answers(request))

    async with sidecar(tmp_path / "s.sock", changes):
        await until_connected(oracle)
        assert oracle.opponents == {}
        with suppress(Unanswered):  # by a busy machine, in time
            await oracle.predict("brian", b"", b"")
        async with asyncio.timeout(120):
            while oracle.opponents != BAYLEY:
                await asyncio.sleep(0.005)
    await until_connected(oracle, False)
    assert oracle.opponents == BAYLEY


async def test_a_sidecar_of_other_features_brings_nobody(oracle: SidecarOracle, tmp_path: Path) -> None:
    other = ask.frame(ask.Response(ask.UNASKED, {}, greeting=ask.Greeting("other", {}, BAYLEY)))

    async def changes(request: ask.Request) -> bytes:
        return other

    async with sidecar(tmp_path / "s.sock", changes):
        await until_connected(oracle)
        with pytest.raises(Unanswered):
            await oracle.predict("brian", b"", b"")
        await until_connected(oracle, False)
        assert oracle.opponents == {}


async def reason(oracle: SidecarOracle) -> str:
    with pytest.raises(Unanswered) as unanswered:
        await oracle.predict("brian", bytes(200), b"")
    return unanswered.value.reason


async def test_it_answers(oracle: SidecarOracle, tmp_path: Path) -> None:
    async with sidecar(tmp_path / "s.sock", answers) as asked:
        await until_connected(oracle)
        assert await oracle.predict("brian", b"\x01" * 200, b"\xff\x07") == FOUND
        assert (asked[0].family, asked[0].features, asked[0].past) == ("brian", b"\x01" * 200, b"\xff\x07")


async def test_who_asks_is_told_where_that_is_traced(oracle: SidecarOracle, tmp_path: Path) -> None:
    async with sidecar(tmp_path / "s.sock", answers) as asked:
        await until_connected(oracle)
        traceparent = f"00-{1:032x}-{2:016x}-01"
        await oracle.predict("brian", bytes(200), b"", traceparent)
        await oracle.predict("brian", bytes(200), b"")
        assert [request.trace for request in asked] == [traceparent, ""]


async def test_many_questions_are_open_at_once_and_answered_in_any_order(oracle, tmp_path: Path) -> None:
    held: list[ask.Request] = []

    async def backwards(request: ask.Request) -> bytes | None:
        held.append(request)
        if len(held) < 5:
            return None
        told = [ask.Response(r.id, {Alias.B: Prediction(r.family, (1, 0, 0))}) for r in reversed(held)]
        return b"".join(ask.frame(response) for response in told)

    async with sidecar(tmp_path / "s.sock", backwards):
        await until_connected(oracle)
        found = await asyncio.gather(*(oracle.predict(f"f{n}", bytes(200), b"") for n in range(5)))
        assert [answer[Alias.B].version for answer in found] == [f"f{n}" for n in range(5)]


async def test_nobody_there_is_said_at_once(oracle: SidecarOracle) -> None:
    assert await reason(oracle) == "down"


async def test_a_silent_one_is_late_and_then_not_waited_for(oracle: SidecarOracle, tmp_path: Path) -> None:
    async with sidecar(tmp_path / "s.sock", silent) as asked:
        await until_connected(oracle)
        assert [await reason(oracle) for _ in range(SILENCES + 10)] == ["late"] * (SILENCES + 10)
        assert len(asked) < SILENCES + 10


async def test_one_that_speaks_again_is_asked_again(oracle: SidecarOracle, tmp_path: Path) -> None:
    hung = True

    async def moody(request: ask.Request) -> ask.Response | None:
        return None if hung else ask.Response(request.id, FOUND)

    async with sidecar(tmp_path / "s.sock", moody):
        await until_connected(oracle)
        for _ in range(SILENCES):
            await reason(oracle)
        hung = False
        async with asyncio.timeout(120):
            while True:
                with suppress(Unanswered):
                    assert await oracle.predict("brian", bytes(200), b"") == FOUND
                    return
                await asyncio.sleep(0.01)


async def test_a_death_fails_what_is_open_and_the_next_life_is_found(oracle: SidecarOracle, tmp_path: Path) -> None:
    async def dies(request: ask.Request) -> bytes:
        return (ask.MAX_FRAME + 1).to_bytes(4)

    async with sidecar(tmp_path / "s.sock", dies):
        await until_connected(oracle)
        assert await reason(oracle) == "down"
    await until_connected(oracle, False)
    async with sidecar(tmp_path / "s.sock", answers):
        await until_connected(oracle)
        assert await oracle.predict("brian", bytes(200), b"") == FOUND


async def test_an_error_is_an_error(oracle: SidecarOracle, tmp_path: Path) -> None:
    async def refuses(request: ask.Request) -> ask.Response:
        return ask.Response(request.id, {}, "unknown family")

    async with sidecar(tmp_path / "s.sock", refuses):
        await until_connected(oracle)
        assert await reason(oracle) == "error"


async def test_other_features_are_not_asked_for(oracle: SidecarOracle, tmp_path: Path) -> None:
    async with sidecar(tmp_path / "s.sock", answers, contract="9:other") as asked:
        while await reason(oracle) == "down" and not oracle.line:
            await asyncio.sleep(0.005)
        assert await reason(oracle) == "down"
        assert not oracle.connected
        assert not asked


async def test_an_answer_that_comes_too_late_is_let_go(oracle: SidecarOracle, tmp_path: Path) -> None:
    async def slow(request: ask.Request) -> ask.Response:
        if request.id == 1:
            await asyncio.sleep(2 * TIMEOUT)
        return ask.Response(request.id, FOUND)

    async with sidecar(tmp_path / "s.sock", slow):
        await until_connected(oracle)
        assert await reason(oracle) == "late"
        async with asyncio.timeout(120):
            while True:
                with suppress(Unanswered):
                    assert await oracle.predict("brian", bytes(200), b"") == FOUND
                    break
