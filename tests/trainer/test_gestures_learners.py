"""What learns when gesture models are retrained, with TensorFlow in a process of its own."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec import json

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("export")
    command = [sys.executable, "-m", "support.relearning", str(folder)]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.decode(done.stdout)


def test_points_are_learned_in_the_order_of_what_is_in_production(told: Any) -> None:
    points = told["points"]
    assert points["classes"] == ["scissors", "other", "paper", "rock"] and points["threshold"] == 0.55
    assert points["right"] > 0.8 and points["images"] == 56


def test_of_the_image_classifier_only_what_judges_learns_in_the_order_of_production(told: Any) -> None:
    pixels = told["pixels"]
    assert pixels["classes"] == ["none", "scissors", "rock", "other", "paper"] and pixels["threshold"] == 0.6
    assert pixels["places"] == [2, 4, 1] and pixels["moved"] == ["Dense"]
    assert pixels["shapes"] == {"probabilities": [2, 5], "points": [2, 21, 2]} and pixels["network"]


def test_who_learned_nothing_is_as_sure_as_before(told: Any) -> None:
    assert told["pixels"]["temperature"] == 0.7


def test_saved_model_and_onnx_say_the_same(told: Any) -> None:
    assert told["export"]["apart"] < 1e-5 and told["export"]["same"]
