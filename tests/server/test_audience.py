"""Telling players: in order, on every socket, and never waiting for one that does not read."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from game.wire import Pong
from server.audience import BACKLOG, PER_PLAYER, REPLACED, TOO_SLOW, Audience, Connection
from server.eager import begun


class Pipe:
    """A socket that takes messages only while it is open."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.sent: list[MutableMapping[str, Any]] = []

    async def send(self, event: MutableMapping[str, Any]) -> None:
        await asyncio.sleep(0)
        await self.open.wait()
        self.sent.append(event)


def texts(pipe: Pipe) -> list[str]:
    return [event["text"] for event in pipe.sent if event["type"] == "websocket.send"]


async def test_messages_leave_in_order() -> None:
    pipe = Pipe()
    connection = Connection(pipe.send)
    for number in range(20):
        connection.post(str(number))
    await connection.flushed()
    assert texts(pipe) == [str(number) for number in range(20)]


async def test_one_that_does_not_read_hinders_no_other_and_is_closed() -> None:
    deaf, quick, audience = Pipe(), Pipe(), Audience()
    deaf.open.clear()
    slow, other = Connection(deaf.send), Connection(quick.send)
    for connection in (slow, other):
        audience.join("p", connection)
    for number in range(BACKLOG + 5):
        audience.tell("p", Pong(number))
        await other.flushed()
    assert len(texts(quick)) == BACKLOG + 5
    deaf.open.set()
    await slow.flushed()
    assert deaf.sent[-1]["code"] == TOO_SLOW
    assert len(texts(deaf)) == 1


async def test_one_that_is_to_be_closed_is_closed_whatever_it_is_told_after() -> None:
    deaf = Pipe()
    deaf.open.clear()
    connection = Connection(deaf.send)
    for number in range(BACKLOG):
        connection.post(str(number))
    connection.close(REPLACED)
    connection.post("late")
    deaf.open.set()
    await connection.flushed()
    assert deaf.sent[-1] == {"type": "websocket.close", "code": REPLACED, "reason": ""}
    assert texts(deaf) == [str(number) for number in range(BACKLOG)]


async def test_the_oldest_socket_gives_way() -> None:
    audience, pipes = Audience(), [Pipe() for _ in range(PER_PLAYER + 1)]
    connections = [Connection(pipe.send) for pipe in pipes]
    for connection in connections:
        audience.join("p", connection)
    audience.tell("p", Pong(1))
    for connection in connections:
        await connection.flushed()
    assert [event["type"] for event in pipes[0].sent] == ["websocket.close"]
    assert pipes[0].sent[0]["code"] == REPLACED
    assert all(len(texts(pipe)) == 1 for pipe in pipes[1:])
    for connection in connections:
        audience.leave("p", connection)
    assert list(audience) == []


async def test_a_lost_socket_is_let_go() -> None:
    async def lost(event: MutableMapping[str, Any]) -> None:
        raise RuntimeError("closed")

    connection = Connection(lost)
    connection.post("one")
    connection.post("two")
    await connection.flushed()


async def test_what_need_not_wait_is_done_at_once() -> None:
    done = []

    async def quick() -> None:
        done.append(1)

    assert begun(quick()) is None
    assert done == [1]


async def test_what_waits_goes_on_in_a_task_as_it_would_alone() -> None:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    seen = []

    async def waits() -> None:
        seen.append(await future)
        await asyncio.sleep(0)
        with pytest.raises(ValueError, match="inside"):
            await failing()
        seen.append(2)

    async def failing() -> None:
        await asyncio.sleep(0)
        raise ValueError("inside")

    task = begun(waits())
    assert task is not None
    assert not seen
    future.set_result(1)
    await task
    assert seen == [1, 2]


async def test_a_cancelled_rest_cancels_the_coroutine() -> None:
    seen = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    task = begun(waits())
    assert task is not None
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled"]
