"""Real servers over a real stream: one of them fills it, and all of them tell the same standings."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from msgspec import json
from prometheus_client.parser import text_string_to_metric_families
from support import services
from support.client import connected

from bench.system import System

stream = services.stream
postgres = services.postgres
PATIENCE_S = 180


def until(holds: Callable[[], object], told: Callable[[], str]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, told()
        time.sleep(0.1)


def measured(system: System, server: str, name: str) -> float | None:
    """What a server's page says of a metric without attributes; nothing where it is absent or nobody answers."""
    try:
        with urlopen(system.url_of(server) + "/metrics", timeout=5) as answer:
            page = answer.read().decode()
    except OSError:
        return None
    found = [s.value for family in text_string_to_metric_families(page) for s in family.samples if s.name == name]
    return found[0] if found else None


def leaders(system: System) -> list[str]:
    return [name for name in system.servers if measured(system, name, "rps_stream_leading") == 1]


async def played(system: System, server: str, name: str) -> int:
    """One match of a player of this name; how many rounds it took."""
    async with connected(system.url_of(server)) as client:
        await client.hello(name=name)
        over = await client.play_out(await client.start("logan"))
        return int(over["rounds"])


def replayed(system: System) -> list[dict[str, object]]:
    done = system.run("server", "replay", "--json")
    assert done.returncode == 0, done.stderr
    return [json.decode(line) for line in done.stdout.splitlines()]


@pytest.fixture
def systems(tmp_path: Path, stream: tuple[str, str]) -> Iterator[Callable[..., System]]:
    """Servers over this test's stream, without a sidecar; ended with the test."""
    started: list[System] = []

    def start(**more: str | int) -> System:
        system = System(tmp_path, stream_url=stream[0], RPS_STREAM_NAME=stream[1], **more)  # type: ignore[arg-type]
        started.append(system)
        for name in system.servers:
            system.start(name)
        for name in system.servers:
            until(lambda: measured(system, name, "rps_connections") is not None, lambda: system.log(name))  # noqa: B023
        return system

    yield start
    for system in started:
        system.__exit__()


async def test_a_finished_match_is_soon_in_the_stream_and_in_the_standings(systems: Callable[..., System]) -> None:
    system = systems()
    log = lambda: system.log("server")  # noqa: E731
    rounds = await played(system, "server", "Ada") + await played(system, "server", "Grace")
    until(lambda: len(system.get("/api/leaderboard")["players"]) == 2, log)
    assert {player["name"] for player in system.get("/api/leaderboard")["players"]} == {"Ada", "Grace"}
    assert system.get("/api/stats")["totals"] == {"matches": 2, "live": 0, "rounds": rounds}
    until(lambda: measured(system, "server", "rps_stream_lag") == 0, log)
    assert leaders(system) == ["server"] and measured(system, "server", "rps_projection_lag") == 0
    rows = replayed(system)
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["kind"] for row in rows].count("closed") == 2
    assert sum(row["kind"] == "played" for row in rows) == rounds
    assert system.stop("server") == 0


async def test_one_of_two_servers_leads_and_the_other_goes_on_when_it_dies(
    systems: Callable[..., System], postgres: str
) -> None:
    system = systems(servers=2, database_url=postgres)
    log = lambda: "\n".join(system.log(name) for name in system.servers)  # noqa: E731
    until(lambda: len(leaders(system)) == 1, log)
    (leader,) = leaders(system)
    (other,) = {*system.servers} - {leader}
    assert measured(system, other, "rps_stream_leading") == 0
    assert measured(system, other, "rps_stream_lag") is None, "only who leads knows"
    await played(system, other, "Ada")
    for name in system.servers:
        until(lambda: [each["name"] for each in system.get("/api/leaderboard", name)["players"]] == ["Ada"], log)  # noqa: B023
    system.kill(leader)
    await played(system, other, "Grace")
    until(lambda: leaders(system) == [other] and measured(system, other, "rps_stream_lag") == 0, log)
    until(lambda: len(system.get("/api/leaderboard", other)["players"]) == 2, log)
    rows = replayed(system)
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["kind"] for row in rows].count("closed") == 2
