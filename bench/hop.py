"""The hop from the match server to the sidecar and back, as the server makes it."""

import asyncio
from pathlib import Path
from random import Random
from time import perf_counter

from msgspec import Struct

from bench.process import cpu_s
from game.assignment import Alias
from game.features import NAMES, pack
from game.opponents import OPPONENTS
from server.oracle import Sidecar


class Hop(Struct, frozen=True):
    """Milliseconds from question to answer with `in_flight` questions open, and the sidecar's µs for each."""

    in_flight: int
    p50_ms: float
    p99_ms: float
    cpu_us: float


async def measure(socket: Path, pid: int, in_flight: int, questions: int) -> Hop:
    """Ask all families in turn, `in_flight` at a time."""
    _, sidecar = await asyncio.get_running_loop().create_unix_connection(lambda: Sidecar(5.0), str(socket))
    random, families, latencies = Random(1), tuple(OPPONENTS), []
    await sidecar.greeted

    async def ask(number: int) -> None:
        for turn in range(number):
            features = pack(tuple(random.random() for _ in NAMES))
            began = perf_counter()
            found = await sidecar.ask(families[turn % len(families)], features)
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
