"""`gestures fit`, `export` and `evaluate`, one after the other as somebody would use them, on a handful of photos."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from trainer.gestures.candidates import REFERENCE

ROOT = Path(__file__).parents[2]
EACH = 4


def trainer(folder: Path, *arguments: str) -> Any:
    """What the command prints with `--json`; TensorFlow stays in its own process."""
    told = {name: text for name, text in os.environ.items() if not name.startswith("RPS_")}
    done = subprocess.run(
        [sys.executable, "-m", "trainer", "gestures", *arguments, "--json"],
        cwd=ROOT, env={**told, "RPS_DATA_DIR": str(folder / "var")}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.decode(done.stdout)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two sources of a few photos each."""
    for source in ("drgfreeman", "drawn"):
        for sign in ("rock", "paper", "scissors"):
            home = tmp_path / "photos" / source / sign
            home.mkdir(parents=True)
            for photo in sorted((REFERENCE / source / sign).glob("*.jpg"))[:EACH]:
                shutil.copy(photo, home)
    return tmp_path / "photos"


@pytest.mark.timeout(1800)  # three processes that load TensorFlow
def test_what_is_fitted_can_be_exported_and_judged(tmp_path: Path, photos: Path) -> None:
    out = tmp_path / "out"
    made = trainer(
        tmp_path, "fit", str(photos), "--out", str(out), "--hold-out", "drawn", "--drawn", "16", "--epochs", "2"
    )
    assert list(made["sources"]) == ["drawn"], "what taught does not judge"
    assert made["sources"]["drawn"]["n"] == 3 * EACH
    assert (out / "pixels.keras").exists() and not (out / "work").exists()
    onnx = (out / "model.onnx").read_bytes()
    (out / "model.onnx").unlink()
    again = trainer(tmp_path, "export", str(out))
    assert str(out / "saved_model") in again["exported"]
    assert abs(len((out / "model.onnx").read_bytes()) - len(onnx)) < 0.01 * len(onnx)
    judged = trainer(tmp_path, "evaluate", str(photos), "--models", str(out))
    assert set(judged["sources"]) == {"drawn", "drgfreeman"}
    assert judged["versions"] == made["versions"]
    assert judged["ms_p50"] > 0
