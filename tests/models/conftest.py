"""Bundles around any bytes: what is kept and verified here is never run."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from game.features import CONTRACT
from models.bundle import INPUT, OUTPUT, Manifest, Scores, Training, version_of
from models.store import FolderStore

SCORES = Scores(1, 0.5, 1.0, (0.4, 0.6), (0.9, 1.1))


def _manifest(model: bytes, *, version: str = "", contract: str = CONTRACT, output: str = OUTPUT) -> Manifest:
    return Manifest(
        format=1,
        family="brian",
        version=version or version_of("brian", model),
        created="2025-01-01T00:00:00Z",
        contract=contract,
        input=INPUT,
        output=output,
        model_sha256=sha256(model).hexdigest(),
        training=Training(["made up"], 1, 1, "CC0-1.0"),
        configuration={"layers": [64, 32], "rate": 0.1},
        metrics=SCORES,
        baselines={"uniform": SCORES},
    )


@pytest.fixture
def manifest() -> Callable[..., Manifest]:
    return _manifest


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    return tmp_path / "shipped"


@pytest.fixture
def store(root: Path, shipped: Path) -> FolderStore:
    return FolderStore(root, shipped)
