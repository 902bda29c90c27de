"""The hop from the match server to the sidecar and back, as the server makes it."""

import asyncio
from pathlib import Path
from time import perf_counter

from msgspec import Struct

from bench.process import cpu_s
from game.assignment import Alias
from game.features import pack, vector
from game.knowledge import NOTHING
from game.past import begun
from game.points import round_values
from server.oracle import Sidecar


class Hop(Struct, frozen=True):
    """Milliseconds from question to answer with `in_flight` questions open, and the sidecar's µs for each."""

    in_flight: int
    p50_ms: float
    p99_ms: float
    cpu_us: float


async def measure(socket: Path, pid: int, in_flight: int, questions: int) -> Hop:
    """Ask all families in turn that the sidecar has, `in_flight` at a time, each time about somebody new."""
    _, sidecar = await asyncio.get_running_loop().create_unix_connection(lambda: Sidecar(5.0), str(socket))
    latencies = []
    await sidecar.greeted
    assert sidecar.greeting is not None
    families = list(sidecar.greeting.versions)

    async def ask(number: int) -> None:
        for turn in range(number):
            features = pack(vector(NOTHING, round_values(str(turn), 1), 0, 0, 1))
            began = perf_counter()
            found = await sidecar.ask(families[turn % len(families)], features, begun(b""))
            latencies.append(perf_counter() - began)
            assert len(found) == len(Alias)

    await ask(200)
    latencies.clear()
    before = cpu_s(pid)
    await asyncio.gather(*(ask(questions // in_flight) for _ in range(in_flight)))
    used = cpu_s(pid) - before
    sidecar.close()
    latencies.sort()
    total = len(latencies)
    return Hop(in_flight, latencies[total // 2] * 1e3, latencies[total * 99 // 100] * 1e3, used / total * 1e6)
