"""What the pictures are is for the eye; that they are pictures, and which there are, is asserted here."""

import os
import struct
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image

from game.features import NAMES
from trainer.registry.plots import BARS, draw, finite, steps
from trainer.registry.runs import Bin, Run

ALL = {
    "confusion.png",
    "calibration.png",
    "learning_curve.png",
    "importance_gain.png",
    "importance_permutation.png",
}


def run(**changes: object) -> Run:
    told: dict[str, object] = {
        "name": "cycle-00001-forrest-shallow",
        "family": "forrest",
        "version": "forrest-0123456789ab",
        "digest": "",
        "parameters": {},
        "metrics": {},
        "snapshot": "",
        "code": "",
        "started": 0,
        "ended": 1,
    }
    return Run(**{**told, **changes})  # type: ignore[arg-type]


def whole(**changes: object) -> Run:
    random = np.random.default_rng(0)
    told: dict[str, object] = {
        "curve": tuple(np.geomspace(1.1, 0.98, 200).tolist()),
        "confusion": ((100, 20, 30), (10, 90, 40), (0, 0, 0)),
        "calibration": tuple(Bin(0.35 + 0.05 * step, 0.3 + 0.06 * step, 200) for step in range(10)),
        "gain": dict(zip(NAMES, random.random(50).tolist(), strict=True)),
        "permutation": dict(zip(NAMES, random.normal(0, 0.01, 50).tolist(), strict=True)),
    }
    return run(**{**told, **changes})


def test_a_whole_run_has_every_picture_as_png() -> None:
    pictures = draw(whole())
    assert pictures.keys() == ALL
    for content in pictures.values():
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack(">II", content[16:24])
        assert (width, height) == (640, 480)
        assert image.imread(BytesIO(content)).std() > 0.01  # something is drawn


def test_what_a_run_does_not_tell_is_not_drawn() -> None:
    assert draw(run()) == {}
    assert draw(run(curve=(1.0,))).keys() == {"learning_curve.png"}
    assert draw(run(permutation={"rock_pts": -0.1})).keys() == {"importance_permutation.png"}


@pytest.mark.parametrize(
    "changes",
    [
        {"curve": (None, float("inf"), float("nan"))},
        {"gain": {"rock_pts": None}},
        {"permutation": {"rock_pts": float("nan")}},
    ],
)
def test_numbers_that_are_not_finite_are_not_drawn(changes: dict[str, object]) -> None:
    assert draw(run(**changes)) == {}


def test_a_curve_keeps_its_steps_where_a_number_is_missing() -> None:
    assert steps((1.0, None, float("nan"), 0.5)) == {1: 1.0, 4: 0.5}
    assert finite({"a": 1.0, "b": None, "c": float("inf"), "d": -2.0}) == {"a": 1.0, "d": -2.0}


def test_other_runs_give_other_pictures_and_the_same_run_the_same() -> None:
    assert draw(whole()) == draw(whole())
    other = draw(whole(confusion=((1, 0, 0), (0, 1, 0), (0, 0, 1))))
    assert other["confusion.png"] != draw(whole())["confusion.png"]
    assert other["learning_curve.png"] == draw(whole())["learning_curve.png"]


def test_only_the_largest_importances_are_shown() -> None:
    large = {name: 1.0 + step for step, name in enumerate(NAMES[:BARS])}
    small = dict.fromkeys(NAMES[BARS:], 0.1)
    assert draw(run(gain=large | small)) == draw(run(gain=large))


def test_drawing_needs_no_display_and_no_global_state(tmp_path: Path) -> None:
    code = (
        "import sys; from test_plots import whole; from trainer.registry.plots import draw;"
        "draw(whole()); assert 'matplotlib.pyplot' not in sys.modules"
    )
    here = Path(__file__).parent
    variables = {"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONPATH": f"{here}:{here.parents[1]}"}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
