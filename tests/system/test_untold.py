"""A receiver of telemetry that hangs, or is not there, is nobody's trouble: play goes on, and processes end soon."""

import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from support.receiver import receiving
from support.stubborn import Stubborn

from bench.system import System, free_port

MOVES = ("rock", "paper", "scissors")
SOON_S = 8.0
"""What stopping may take with the last batches unsent: five seconds are promised, and a busy machine may take more."""


@pytest.fixture(params=["hanging", "away"])
def unheard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[System]:
    with receiving() as receiver:
        receiver.hangs = True
        endpoint = receiver.url if request.param == "hanging" else f"http://127.0.0.1:{free_port()}"
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_METRIC_EXPORT_INTERVAL": "300",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_TRACES_SAMPLER_ARG": "1",
        }
        with System(tmp_path, **variables) as system:
            system.play().start("trainer")
            while "tells how it goes" not in system.log("trainer"):  # before, it may not know how to stop in order
                time.sleep(0.05)
            yield system
            if request.param == "hanging":
                assert receiver.requests >= 2, "they did try"


async def test_play_goes_on_and_all_processes_stop_in_order(unheard: System) -> None:
    random = Random(3)
    player = Stubborn(unheard.url, lambda round, results: random.choice(MOVES))
    for match in range(2):
        assert (await player.play("logan", str(match)))["winner"] in {"player", "bot", "tie"}
    assert player.resumes == 0
    for name in ("trainer", "server", "inference"):
        began = time.monotonic()
        assert unheard.stop(name) == 0
        assert time.monotonic() - began < SOON_S, name
