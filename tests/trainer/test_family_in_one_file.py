"""A family is one file: with `trainer/fitting/families/NAME.py` added, all the rest takes it up by itself."""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from support.client import connected
from support.database import made
from support.referee import check

from bench.system import System
from game.assignment import Alias
from game.gambits import LENGTH as GAMBIT
from game.moves import MOVES, Move
from game.opponents import Opponent
from game.records import Record
from models.bundle import read
from models.store import FolderStore
from trainer.data.turning import WIDTH
from trainer.fitting.gate import conforms
from trainer.fitting.graph import dense

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "tests/support/family_in_one_file.py"
FAMILY = "bayley"
SHARED = ("game", "models", "server", "inference", "telemetry", "web", "tests", "pyproject.toml")
PATIENCE_S = 180


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with the example in its place, and nothing else changed."""
    folder = tmp_path_factory.mktemp("program")
    for name in SHARED:
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "trainer", folder / "trainer", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(EXAMPLE, folder / f"trainer/fitting/families/{FAMILY}.py")
    return folder


def upwards(seed: int) -> Callable[[int, int], Move]:
    """People who often go up from their last throw: five times in eleven."""
    random, last = Random(seed), dict[int, int]()

    def throw(player: int, played: int) -> Move:
        last[player] = (last.get(player, 0) + random.choices((0, 1, 2), weights=(3, 5, 3))[0]) % len(MOVES)
        return MOVES[last[player]]

    return throw


@pytest.fixture
def playing(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, played: Callable[..., Iterator[Record]]
) -> Iterator[System]:
    """Server and sidecar of that copy, over a log of some nine hundred rounds; they may take their time."""
    made(tmp_path, played(16, 4, upwards(5)))
    monkeypatch.chdir(program)  # `python -m` finds the packages of the folder that it is in
    with System(tmp_path, RPS_RETRAIN_FAMILIES=FAMILY, RPS_INFERENCE_TIMEOUT_MS="5000") as system:
        yield system.play()


def test_the_page_about_models_shows_this_very_file() -> None:
    page = (ROOT / "docs/models.md").read_text()
    assert f"```python\n{EXAMPLE.read_text()}```\n" in page


def test_the_page_s_way_to_make_a_bundle_makes_one_that_may_play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, code = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs/models.md").read_text(), re.M | re.S)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.onnx").write_bytes(dense([(np.zeros((WIDTH, 3)), np.zeros(3))]))
    exec(compile(code, "docs/models.md", "exec"), {})
    bundle = read(tmp_path / "my-bundle")
    assert bundle.manifest.opponent == Opponent("Nina", "Came from elsewhere.")
    conforms(bundle.model)


def test_the_suite_that_every_family_satisfies_takes_it_up(program: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/trainer/test_families.py", "-k", f"{FAMILY}-hints"],
        cwd=program, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout
    assert " passed" in found.stdout and "skipped" not in found.stdout


async def test_it_is_fitted_judged_published_served_and_played_against(playing: System, tmp_path: Path) -> None:
    async with connected(playing.url) as client:
        assert FAMILY not in {card["id"] for card in (await client.hello())["opponents"]}
        assert (await client.ask("start", opponent=FAMILY))["code"] == "unknown-opponent"

    cycle = playing.run("trainer", "cycle")
    assert cycle.returncode == 0, cycle.stderr
    decided = [one["entry"] for one in playing.get("/api/promotions")["entries"]]
    assert [one["kind"] for one in decided if one["family"] == FAMILY] == ["entered"], decided
    pins = FolderStore(tmp_path / "store").table().aliases[FAMILY]
    assert pins.keys() == set(Alias) and len(set(pins.values())) == 1

    card = await shown(playing)
    assert (card["name"], card["family"]) == ("Bayley", FAMILY) and card["about"].startswith("Naive Bayes.")
    async with connected(playing.url) as client:
        await client.hello()
        over = await client.play_out(await client.start(FAMILY))
        sources = [message["thought"]["source"] for message in client.heard if message["type"] == "result"]
    assert set(sources[GAMBIT:]) == {"model"}
    served_by = over["served_by"]
    assert (served_by["family"], served_by["version"]) == (FAMILY, pins[Alias.PRODUCTION].version)
    check(playing.get(f"/api/matches/{over['match']}"))


async def shown(system: System) -> dict[str, Any]:
    """The family's card, once the sidecar serves it and has told the server so."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with connected(system.url) as client:
                for card in (await client.hello())["opponents"]:
                    if card["id"] == FAMILY:
                        return dict(card)
            await asyncio.sleep(0.1)
