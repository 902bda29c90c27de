"""Many players at once, and what they cost."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from random import Random
from time import perf_counter

from msgspec import Struct

from bench.player import BenchPlayer, EchoPlayer, Socket, Tally
from bench.process import cpu_s
from game.opponents import OPPONENTS

Seat = Callable[[str, Tally], Socket]


class Load(Struct, frozen=True):
    """Rates in rounds per second, latencies in ms, `cpu_us` in µs per round for each process watched."""

    players: int
    rounds: int
    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: list[float]
    refused: int

    @property
    def core_rate(self) -> float:
        """Rounds per second of one core of the first process."""
        return 1e6 / self.cpu_us[0]


def players(seed: int, *opponents: str) -> Seat:
    """Random players, the same ones for the same seed, against these opponents, or against all."""
    numbers = count(seed)
    return lambda url, tally: BenchPlayer(url, tally, Random(next(numbers)), opponents or tuple(OPPONENTS))


async def gather(url: str, tally: Tally, seat: Seat, number: int) -> list[Socket]:
    """So many sockets, connected and ready to play."""
    loop = asyncio.get_running_loop()
    address = url.rpartition("//")[2].partition("/")[0]
    host, _, port = address.partition(":")
    crowd: list[Socket] = []
    for _ in range(number):
        _, socket = await loop.create_connection(lambda: seat(url, tally), host, int(port))
        crowd.append(socket)
    await asyncio.gather(*(socket.ready for socket in crowd))
    return crowd


async def drive(url: str, number: int, seconds: float, pids: Sequence[int], seat: Seat) -> Load:
    """Let `number` players play for `seconds`, after a short warm-up."""
    end = float("inf")
    tally = Tally(lambda: perf_counter() < end, [])
    crowd = await gather(url, tally, seat, number)
    for socket in crowd:
        socket.play()
    await asyncio.sleep(min(1.0, seconds / 4))
    tally.latencies.clear()
    began, before = perf_counter(), [cpu_s(pid) for pid in pids]
    await asyncio.sleep(seconds)
    took, after = perf_counter() - began, [cpu_s(pid) for pid in pids]
    latencies = sorted(tally.latencies)
    end = 0.0
    await asyncio.gather(*(socket.done for socket in crowd))
    for socket in crowd:
        socket.close()
    rounds = len(latencies)
    return Load(
        players=number,
        rounds=rounds,
        rate=rounds / took,
        p50_ms=latencies[rounds // 2] * 1e3,
        p99_ms=latencies[rounds * 99 // 100] * 1e3,
        cpu_us=[(b - a) / rounds * 1e6 for a, b in zip(before, after, strict=True)],
        refused=tally.refused,
    )


def echo(url: str, tally: Tally) -> Socket:
    """A player of the bare echo."""
    return EchoPlayer(url, tally)
