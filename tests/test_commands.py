"""Every process explains itself, and names each variable that it reads."""

import subprocess
import sys

import pytest

from game.settings import variable_of
from inference.settings import Settings as Inference
from server.settings import Settings as Server
from trainer.settings import Settings as Trainer


@pytest.mark.parametrize(("process", "settings"), [("server", Server), ("inference", Inference), ("trainer", Trainer)])
def test_help_names_every_variable(process: str, settings: type) -> None:
    done = subprocess.run([sys.executable, "-m", process, "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert f"python -m {process}" in done.stdout
    shown = done.stdout.replace("\n", " ")
    assert [name for name in settings.__struct_fields__ if variable_of(name) not in shown] == []
