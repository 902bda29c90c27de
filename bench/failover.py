"""How long a player waits when the sidecar dies or hangs, and until a model plays again."""

import asyncio
import os
import signal
from time import perf_counter

from msgspec import Struct, json
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench.system import System
from game.wire import PROTOCOL


class Failover(Struct, frozen=True):
    """The longest wait from a move to the next round, in ms, and how many of the rounds were fallbacks."""

    after_kill_ms: float
    while_hung_ms: float
    fallbacks: int
    recovered_after_ms: float


class Rounds:
    """One player who throws rock and measures the wait for the next round."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._open: dict[str, object] = {}
        self.sources: list[str] = []

    async def begin(self) -> None:
        await self._socket.send('{"type":"hello"}')
        await self._start()

    async def _start(self) -> None:
        await self._socket.send('{"type":"start","opponent":"forrest"}')
        await self._until_open()

    async def _until_open(self) -> None:
        while True:
            message = json.decode(await self._socket.recv())
            if message["type"] == "result":
                self.sources.append(message["thought"]["source"])
            elif message["type"] == "round":
                self._open = message
                return
            elif message["type"] == "over":
                await self._socket.send('{"type":"start","opponent":"forrest"}')

    async def wait_ms(self) -> float:
        """Throw, and wait until the next round is open."""
        move = {"type": "move", "match": self._open["match"], "round": self._open["round"], "move": "rock"}
        began = perf_counter()
        await self._socket.send(json.encode(move).decode())
        await self._until_open()
        return (perf_counter() - began) * 1e3


async def measure(system: System, rounds: int = 20) -> Failover:
    """Kill the sidecar, let it come back, then stop its clock and let it run again."""
    address = system.url.replace("http", "ws", 1) + "/ws"
    async with connect(address, subprotocols=[Subprotocol(PROTOCOL)]) as socket:
        player = Rounds(socket)
        await player.begin()
        for _ in range(rounds):
            await player.wait_ms()
        player.sources.clear()
        system.kill("inference")
        killed = [await player.wait_ms() for _ in range(rounds)]
        began = perf_counter()
        system.start("inference")
        while player.sources[-1] != "model":
            await player.wait_ms()
            await asyncio.sleep(0.01)
        recovered = (perf_counter() - began) * 1e3
        os.kill(system.pid("inference"), signal.SIGSTOP)
        hung = [await player.wait_ms() for _ in range(rounds)]
        os.kill(system.pid("inference"), signal.SIGCONT)
        return Failover(max(killed), max(hung), player.sources.count("fallback"), recovered)
